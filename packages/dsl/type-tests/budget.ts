/** A BERT of 24 layers and a hundred mixed calls, whose type instantiations `types.test.ts` counts. */
import { dim, type FloatType, Network, type Tensor, Weights } from '../src/index.ts';

const weights = <const S extends readonly number[]>(name: string, shape: S): Weights<'float32', S['length']> =>
  Weights.from({ name, dataType: 'float32', shape, read: () => new Uint8Array() });
const dense = <D extends FloatType>(
  net: Network,
  x: Tensor<D, 3>,
  from: number,
  to: number,
  name: string,
): Tensor<D, 3> => net.addLinear(x, weights('kernel', [from, to]), weights('bias', [to]), { name });
const norm = <D extends FloatType>(net: Network, x: Tensor<D, 3>): Tensor<D, 3> =>
  net.addLayerNorm(x, weights('gamma', [1024]), weights('beta', [1024]));

function encoderLayer<D extends FloatType>(net: Network, x: Tensor<D, 3>, mask: Tensor<D, 4>): Tensor<D, 3> {
  const heads = (name: string): Tensor<D, 4> =>
    net.addShuffle(dense(net, x, 1024, 1024, name), { reshape: [0, 0, 16, 64], secondTranspose: [0, 2, 1, 3] });
  const context = net.addAttention(heads('query'), heads('key'), heads('value'), { mask });
  const merged = net.addShuffle(context, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, -1] });
  const attended = norm(net, net.addAdd(dense(net, merged, 1024, 1024, 'output'), x));
  const inner = net.addGELU(dense(net, attended, 1024, 4096, 'intermediate'));
  return norm(net, net.addAdd(dense(net, inner, 4096, 1024, 'output_1'), attended));
}

const net = new Network('bert');
const [batch, seq] = [dim('batch'), dim('seq')];
const ids = net.addInput('ids', 'int32', [batch, seq]);
const given = net.addInput('mask', 'int32', [batch, seq]);
const table = weights('word_embeddings', [30522, 1024]);
const mask = net.addMul(
  net.addSub(net.addCast(net.addUnsqueeze(given, { axes: [1, 2] }), { dataType: 'float16' }), 1),
  30000,
);
let x = net.addCast(net.addEmbedding(ids, table), { dataType: 'float16' });
for (let i = 0; i < 24; i++) x = encoderLayer(net.scope(`encoder/layer_${i}`), x, mask);
const s0 = net.addSoftmax(x, { axis: -1 });
const r1 = net.addReduce(x, { operation: 'mean', axes: [0] });
const t2 = net.addTranspose(x, { permutation: [0, 1, 2] });
const g3 = net.addGather(x, ids, { axis: 0 });
const c4 = net.addConcatenation([x, x], { axis: 0 });
const k5 = net.addTopK(x, { k: 1, axis: 0 }).values;
const u6 = net.addUnsqueeze(x, { axes: [0] });
const l7 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f8 = net.addShuffle(x, { reshape: [0, 0, 1, -1], secondTranspose: [0, 2, 1, 3] });
const a9 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s10 = net.addSoftmax(x, { axis: 0 });
const r11 = net.addReduce(x, { operation: 'mean', axes: [1] });
const t12 = net.addTranspose(x, { permutation: [0, 2, 1] });
const g13 = net.addGather(x, ids, { axis: 1 });
const c14 = net.addConcatenation([x, x], { axis: 1 });
const k15 = net.addTopK(x, { k: 1, axis: 1 }).values;
const u16 = net.addUnsqueeze(x, { axes: [1] });
const l17 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f18 = net.addShuffle(x, { reshape: [0, 0, 2, -1], secondTranspose: [0, 2, 1, 3] });
const a19 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s20 = net.addSoftmax(x, { axis: 1 });
const r21 = net.addReduce(x, { operation: 'mean', axes: [2] });
const t22 = net.addTranspose(x, { permutation: [1, 0, 2] });
const g23 = net.addGather(x, ids, { axis: 2 });
const c24 = net.addConcatenation([x, x], { axis: 2 });
const k25 = net.addTopK(x, { k: 1, axis: 2 }).values;
const u26 = net.addUnsqueeze(x, { axes: [2] });
const l27 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f28 = net.addShuffle(x, { reshape: [0, 0, 4, -1], secondTranspose: [0, 2, 1, 3] });
const a29 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s30 = net.addSoftmax(x, { axis: 2 });
const r31 = net.addReduce(x, { operation: 'mean', axes: [0] });
const t32 = net.addTranspose(x, { permutation: [1, 2, 0] });
const g33 = net.addGather(x, ids, { axis: 0 });
const c34 = net.addConcatenation([x, x], { axis: 0 });
const k35 = net.addTopK(x, { k: 1, axis: 0 }).values;
const u36 = net.addUnsqueeze(x, { axes: [0] });
const l37 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f38 = net.addShuffle(x, { reshape: [0, 0, 8, -1], secondTranspose: [0, 2, 1, 3] });
const a39 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s40 = net.addSoftmax(x, { axis: -1 });
const r41 = net.addReduce(x, { operation: 'mean', axes: [1] });
const t42 = net.addTranspose(x, { permutation: [2, 0, 1] });
const g43 = net.addGather(x, ids, { axis: 1 });
const c44 = net.addConcatenation([x, x], { axis: 1 });
const k45 = net.addTopK(x, { k: 1, axis: 1 }).values;
const u46 = net.addUnsqueeze(x, { axes: [1] });
const l47 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f48 = net.addShuffle(x, { reshape: [0, 0, 1, -1], secondTranspose: [0, 2, 1, 3] });
const a49 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s50 = net.addSoftmax(x, { axis: 0 });
const r51 = net.addReduce(x, { operation: 'mean', axes: [2] });
const t52 = net.addTranspose(x, { permutation: [2, 1, 0] });
const g53 = net.addGather(x, ids, { axis: 2 });
const c54 = net.addConcatenation([x, x], { axis: 2 });
const k55 = net.addTopK(x, { k: 1, axis: 2 }).values;
const u56 = net.addUnsqueeze(x, { axes: [2] });
const l57 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f58 = net.addShuffle(x, { reshape: [0, 0, 2, -1], secondTranspose: [0, 2, 1, 3] });
const a59 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s60 = net.addSoftmax(x, { axis: 1 });
const r61 = net.addReduce(x, { operation: 'mean', axes: [0] });
const t62 = net.addTranspose(x, { permutation: [0, 1, 2] });
const g63 = net.addGather(x, ids, { axis: 0 });
const c64 = net.addConcatenation([x, x], { axis: 0 });
const k65 = net.addTopK(x, { k: 1, axis: 0 }).values;
const u66 = net.addUnsqueeze(x, { axes: [0] });
const l67 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f68 = net.addShuffle(x, { reshape: [0, 0, 4, -1], secondTranspose: [0, 2, 1, 3] });
const a69 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s70 = net.addSoftmax(x, { axis: 2 });
const r71 = net.addReduce(x, { operation: 'mean', axes: [1] });
const t72 = net.addTranspose(x, { permutation: [0, 2, 1] });
const g73 = net.addGather(x, ids, { axis: 1 });
const c74 = net.addConcatenation([x, x], { axis: 1 });
const k75 = net.addTopK(x, { k: 1, axis: 1 }).values;
const u76 = net.addUnsqueeze(x, { axes: [1] });
const l77 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f78 = net.addShuffle(x, { reshape: [0, 0, 8, -1], secondTranspose: [0, 2, 1, 3] });
const a79 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s80 = net.addSoftmax(x, { axis: -1 });
const r81 = net.addReduce(x, { operation: 'mean', axes: [2] });
const t82 = net.addTranspose(x, { permutation: [1, 0, 2] });
const g83 = net.addGather(x, ids, { axis: 2 });
const c84 = net.addConcatenation([x, x], { axis: 2 });
const k85 = net.addTopK(x, { k: 1, axis: 2 }).values;
const u86 = net.addUnsqueeze(x, { axes: [2] });
const l87 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f88 = net.addShuffle(x, { reshape: [0, 0, 1, -1], secondTranspose: [0, 2, 1, 3] });
const a89 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
const s90 = net.addSoftmax(x, { axis: 0 });
const r91 = net.addReduce(x, { operation: 'mean', axes: [0] });
const t92 = net.addTranspose(x, { permutation: [1, 2, 0] });
const g93 = net.addGather(x, ids, { axis: 0 });
const c94 = net.addConcatenation([x, x], { axis: 0 });
const k95 = net.addTopK(x, { k: 1, axis: 0 }).values;
const u96 = net.addUnsqueeze(x, { axes: [0] });
const l97 = net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 1] });
const f98 = net.addShuffle(x, { reshape: [0, 0, 2, -1], secondTranspose: [0, 2, 1, 3] });
const a99 = net.addSelect(net.addGreater(x, 0), x, net.addScale(x, { scale: 2 }));
export const mixed = [
  s0,
  r1,
  t2,
  g3,
  c4,
  k5,
  u6,
  l7,
  f8,
  a9,
  s10,
  r11,
  t12,
  g13,
  c14,
  k15,
  u16,
  l17,
  f18,
  a19,
  s20,
  r21,
  t22,
  g23,
  c24,
  k25,
  u26,
  l27,
  f28,
  a29,
  s30,
  r31,
  t32,
  g33,
  c34,
  k35,
  u36,
  l37,
  f38,
  a39,
  s40,
  r41,
  t42,
  g43,
  c44,
  k45,
  u46,
  l47,
  f48,
  a49,
  s50,
  r51,
  t52,
  g53,
  c54,
  k55,
  u56,
  l57,
  f58,
  a59,
  s60,
  r61,
  t62,
  g63,
  c64,
  k65,
  u66,
  l67,
  f68,
  a69,
  s70,
  r71,
  t72,
  g73,
  c74,
  k75,
  u76,
  l77,
  f78,
  a79,
  s80,
  r81,
  t82,
  g83,
  c84,
  k85,
  u86,
  l87,
  f88,
  a89,
  s90,
  r91,
  t92,
  g93,
  c94,
  k95,
  u96,
  l97,
  f98,
  a99,
];
export const graph = net.graph({ inputs: { ids, mask: given }, outputs: { x } });
