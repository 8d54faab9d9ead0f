import type { FloatType } from '../data-type.ts';
import type { Graph } from '../graph.ts';
import { rewrite } from '../rewrite.ts';
import type { Tensor } from '../tensor.ts';

/**
 * The graph with attention layers as the products they are made of, so that quantize and dequantize can stand before
 * them: `…/scaled_query`, `…/scores`, `…/masked_scores`, `…/probabilities` and the layer's own name.
 * @param stays layers, by path, that are left as they are
 */
export function splitAttention(graph: Graph, stays: (path: string) => boolean = () => false): Graph {
  if (!graph.nodes.some((node) => node.op === 'attention' && !stays(node.name))) return graph;
  return rewrite(graph, (node, inputs, net) => {
    if (node.op !== 'attention' || stays(node.name)) return undefined;
    const [query, key, value, mask] = inputs as readonly [Four, Four, Four, Four?];
    const { scale } = node.attributes;
    const scope = net.scope(node.name);
    const scaled = scale === 1 ? query : scope.addMul(query, scale, { name: 'scaled_query' });
    const scores = scope.addMatMul(scaled, key, { transposeB: true, name: 'scores' });
    const masked = mask ? scope.addAdd(scores, mask, { name: 'masked_scores' }) : scores;
    const probabilities = scope.addSoftmax(masked, { axis: -1, name: 'probabilities' });
    return [net.addMatMul(probabilities, value, { name: node.name })];
  });
}

type Four = Tensor<FloatType, 4>;
