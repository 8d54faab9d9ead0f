import { type Dim, dim, type FloatType, type Graph, Network, product, Weights } from '@trt-dsl/dsl';

/** A BERT-like encoder with weights that are never read, for what only its size matters to. */
export function encoderGraph(options: {
  readonly layers: number;
  readonly hidden: number;
  readonly heads: number;
  readonly intermediate: number;
  readonly vocabulary: number;
  readonly type?: FloatType;
  readonly read?: (shape: readonly number[]) => Uint8Array;
}): Graph {
  const { layers, hidden, heads, intermediate, vocabulary, type = 'float32' } = options;
  const read = options.read ?? ((shape) => new Uint8Array(shape.reduce((a, b) => a * b, 4)));
  const net = new Network('encoder');
  const weight = <const S extends readonly number[]>(name: string, shape: S): Weights<'float32', S['length']> =>
    Weights.from({ name, dataType: 'float32', shape, read: () => read(shape) });
  const [batch, seq] = [dim('batch'), dim('seq')];
  const ids = net.addInput('input_ids', 'int32', [batch, seq]);
  const mask = net.addInput('attention_mask', type, [batch, seq]);
  const size = hidden / heads;
  const bias = net.addUnsqueeze(net.addMul(net.addSub(mask, 1), 30000), { axes: [1, 2] });
  let x = net.addEmbedding(ids, weight('word', [vocabulary, hidden]).as(type));
  for (let i = 0; i < layers; i++) {
    const layer = net.scope(`layer_${i}`);
    const dense = (name: string, from: typeof x, n: number, m: number): typeof x =>
      layer.addLinear(from, weight(`${i}/${name}/kernel`, [n, m]), weight(`${i}/${name}/bias`, [m]), { name });
    const split = (t: typeof x) =>
      layer.addShuffle(t, {
        reshape: [0, 0, heads, size] as readonly Dim[] as readonly [Dim, Dim, Dim, Dim],
        secondTranspose: [0, 2, 1, 3],
      });
    const [q, k, v] = ['query', 'key', 'value'].map((name) => split(dense(name, x, hidden, hidden)));
    const context = layer.addAttention(q!, k!, v!, { mask: bias, scale: 1 / Math.sqrt(size) });
    const merged = layer.addShuffle(context, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, hidden] });
    const norm = (name: string, t: typeof x): typeof x =>
      layer.addLayerNorm(t, weight(`${i}/${name}/gamma`, [hidden]), weight(`${i}/${name}/beta`, [hidden]), { name });
    const y = norm('norm1', layer.addAdd(dense('output', merged, hidden, hidden), x));
    const inner = layer.addGELU(dense('inner', y, hidden, intermediate));
    x = norm('norm2', layer.addAdd(dense('outer', inner, intermediate, hidden), y));
  }
  net.markOutput(x, 'hidden');
  net.markOutput(net.addShuffle(x, { reshape: [product(batch, seq), hidden] }), 'tokens');
  return net.graph();
}

/** BERT-large, 24 layers. */
export const bertLarge = { layers: 24, hidden: 1024, heads: 16, intermediate: 4096, vocabulary: 30522 } as const;
export const tiny = { layers: 2, hidden: 32, heads: 2, intermediate: 64, vocabulary: 50 } as const;
