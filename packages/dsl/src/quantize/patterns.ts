import { TrtDslError } from '../errors.ts';

/**
 * Chooses layers by their path: a RegExp is searched in it; a text is a whole path, a scope (every layer below it), or
 * either with `*` for any characters: `encoder/layer_0`, `*\/output/dense`.
 */
export type LayerPattern = string | RegExp;

const escaped = (text: string): string => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');

function expressionOf(pattern: LayerPattern): RegExp {
  if (pattern instanceof RegExp) return new RegExp(pattern.source, pattern.flags.replace(/[gy]/g, ''));
  if (typeof pattern !== 'string' || pattern === '')
    throw new TrtDslError('argument', `${JSON.stringify(pattern)} is no pattern of layers: a text or a RegExp`);
  return new RegExp(`^${pattern.split('*').map(escaped).join('.*')}(?:/|$)`);
}

/** A test of whether any of the patterns chooses a layer, by its full path. */
export function layerFilter(patterns: readonly LayerPattern[]): (path: string) => boolean {
  const expressions = patterns.map(expressionOf);
  return (path) => expressions.some((expression) => expression.test(path));
}
