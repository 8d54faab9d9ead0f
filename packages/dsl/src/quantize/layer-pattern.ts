import { TrtDslError } from '../errors.ts';
import type { Graph } from '../graph.ts';

/**
 * Names layers by their path: `encoder/layer_11` the scope or layer of this path and all below it, `*` any characters,
 * `*output`; or a regular expression that the path has to match.
 */
export type LayerPattern = string | RegExp;

/**
 * A test of layers' paths.
 * @throws TrtDslError 'name' for a pattern that no layer of the graph matches, which would be a spelling mistake
 */
export function matchLayers(graph: Graph, patterns: readonly LayerPattern[]): (path: string) => boolean {
  if (!Array.isArray(patterns)) throw new TrtDslError('argument', 'patterns of layers are no list');
  const expressions = patterns.map((pattern) => {
    const expression = expressionOf(pattern);
    if (!graph.nodes.some((node) => expression.test(node.name)))
      throw new TrtDslError('name', `no layer of graph "${graph.name}" matches ${String(pattern)}`);
    return expression;
  });
  return (path) => expressions.some((expression) => expression.test(path));
}

function expressionOf(pattern: LayerPattern): RegExp {
  // without `g` and `y`, which would make a test depend on the one before it
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  if (typeof pattern !== 'string' || pattern === '')
    throw new TrtDslError(
      'argument',
      `${pattern === '' ? '""' : String(pattern)} is no pattern of layers: a path with * or a RegExp`,
    );
  const escaped = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${escaped.join('.*')}(/|$)`);
}
