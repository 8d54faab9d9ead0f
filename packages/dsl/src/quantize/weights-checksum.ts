import { createHash } from 'node:crypto';
import type { Graph } from '../graph.ts';

/**
 * `sha256:…` over the constants of a graph, by name, type, shape and bytes: equal for graphs of the same weights, read
 * from whatever kind of checkpoint. Reads every weight once.
 */
export function weightsChecksum(graph: Graph): string {
  const hash = createHash('sha256');
  for (const { name, ...node } of graph.nodes) {
    if (node.op !== 'constant') continue;
    const { weights } = node.attributes;
    hash.update(`${name} ${weights.dataType}[${weights.shape}]\n`);
    hash.update(weights.bytes());
  }
  return `sha256:${hash.digest('hex')}`;
}
