/**
 * Programs that must not compile. The comment above a line is a part of the error that the compiler has to give there.
 * Compiled by `types.test.ts`, never run.
 */
import {
  type Backend,
  definePlugin,
  dim,
  type FloatType,
  type Lowerings,
  Network,
  type Tensor,
  Weights,
} from '../src/index.ts';

const net = new Network('types');
const [batch, seq] = [dim('batch'), dim('seq')];
const x = net.addInput('x', 'float16', [batch, seq, 768]);
const single = net.addInput('single', 'float32', [batch, seq, 768]);
const ids = net.addInput('ids', 'int32', [batch, seq]);
const flag = net.addInput('flag', 'bool', [batch]);
const kernel = Weights.fromNumbers('float32', [768, 2], []);
const bias = Weights.fromNumbers('float32', [2], []);

//! Type '"float32"' is not assignable to type '"float16"'.
net.addAdd(x, single);
//! Type '"float16"' is not assignable to type '"int32"'.
net.addAdd(ids, x);
//! Type '3' is not assignable to type 'UpTo<2>'.
net.addAdd(ids, net.addUnsqueeze(ids, { axes: [0] }));
//! Type '"bool"' is not assignable to type 'NumericType'.
net.addAdd(flag, flag);
//! Type '"float16"' is not assignable to type '"bool"'.
net.addAnd(x, x);
//! Type '"int32"' is not assignable to type 'FloatType'.
net.addPow(ids, 2);
//! Type '"int32"' is not assignable to type 'FloatType'.
net.addExp(ids);
//! Type '"int32"' is not assignable to type 'FloatType'.
net.addSoftmax(ids, { axis: 0 });
//! Type '3' is not assignable to type 'Axis<3>'.
net.addSoftmax(x, { axis: 3 });
//! Type '-4' is not assignable to type 'Axis<3>'.
net.addSoftmax(x, { axis: -4 });
//! Expected 2 arguments, but got 1.
net.addSoftmax(x);
//! Object literal may only specify known properties, and 'axes' does not exist in type 'LayerOptions & { readonly axis: Axis<3>; }'.
net.addSoftmax(x, { axes: [1] });
//! Type '[0, 2]' is not assignable to type 'Permutation<3>'.
net.addShuffle(x, { firstTranspose: [0, 2] });
//! Type '1' is not assignable to type '2'.
net.addShuffle(x, { firstTranspose: [0, 1, 1] });
//! Type '[0, 2, 1]' is not assignable to type 'Permutation<4>'.
net.addShuffle(x, { reshape: [0, 0, 12, 64], secondTranspose: [0, 2, 1] });
//! Type '2' is not assignable to type
net.addTranspose(ids, { permutation: [1, 2] });
//! Type '1' is not assignable to type '2'.
net.addLinear(x, bias);
//! Type '2' is not assignable to type '1'.
net.addLinear(x, kernel, kernel);
//! 'transpose' does not exist in type
net.addLinear(x, kernel, bias, { transpose: true });
//! Type '"float32"' is not assignable to type '"float16"'.
net.addLinear(x, single);
//! Type '"int32"' is not assignable to type 'FloatType'.
net.addMatMul(ids, ids);
//! Did you mean to write 'transposeA'?
net.addMatMul(x, kernel, { transposeC: true });
//! Type '4' is not assignable to type 'UpTo<3>'.
net.addMatMul(x, net.addInput('deep', 'float16', [1, 1, 768, 2]));
//! Type '"float32"' is not assignable to type '"float16"'.
net.addConcatenation([x, single], { axis: 0 });
//! Type '"int32"' is not assignable to type '"float16"'.
net.addConcatenation([x, ids], { axis: 0 });
//! Source provides no match for required element at position 0 in target.
net.addConcatenation([x, x].slice(), { axis: 0 });
//! Source has 0 element(s) but target requires 1.
net.addConcatenation([], { axis: 0 });
//! Type '5' is not assignable to type 'Axis<3>'.
net.addConcatenation([x], { axis: 5 });
//! Type '"median"' is not assignable to type
net.addReduce(x, { operation: 'median', axes: [0] });
//! Type '3' is not assignable to type 'Axis<3>'.
net.addReduce(x, { operation: 'sum', axes: [3] });
//! Type '"bool"' is not assignable to type 'NumericType'.
net.addReduce(flag, { operation: 'sum', axes: [0] });
//! Type '"float32"' is not assignable to type 'IndexType'.
net.addGather(x, single, { axis: 0 });
//! Type '"float16"' is not assignable to type 'IndexType'.
net.addEmbedding(x, kernel);
//! Type '1' is not assignable to type '2'.
net.addEmbedding(ids, bias);
//! Type '"int32"' is not assignable to type '"bool"'.
net.addSelect(ids, x, x);
//! Type '"float32"' is not assignable to type '"float16"'.
net.addSelect(flag, x, single);
//! Type '"half"' is not assignable to type
net.addCast(x, { dataType: 'half' });
//! Argument of type '"double"' is not assignable to parameter of type
net.addInput('y', 'double', [1]);
//! Type 'string' is not assignable to type 'Dim'.
net.addInput('y', 'float32', ['batch']);
//! Type '3' is not assignable to type '4'.
net.addAttention(x, x, x);
//! Type '3' is not assignable to type '4'.
net.addConv2d(x, kernel);
//! Type '3' is not assignable to type '4'.
net.addPooling(x, { operation: 'max', window: [2, 2] });
//! Type '"min"' is not assignable to type
net.addPooling(net.addUnsqueeze(x, { axes: [0] }), { operation: 'min', window: [2, 2] });
//! Type '"int32"' is not assignable to type 'FloatType'.
net.addQuantize(ids, 1, { dataType: 'int8' });
//! Type '"uint8"' is not assignable to type 'QuantizedType'. Did you mean '"int8"'?
net.addQuantize(x, 1, { dataType: 'uint8' });
//! Type '"float16"' is not assignable to type 'QuantizedType'.
net.addDequantize(x, 1, { dataType: 'float16' });
//! Source has 2 element(s) but target requires 3.
net.addSlice(x, { start: [0, 0], size: [1, 1, 1] });
//! Type '3' is not assignable to type 'Axis<3>'.
net.addSplit(x, { axis: 3, sizes: [1] });
//! Type '3' is not assignable to type 'Axis<3>'.
net.addSqueeze(x, { axes: [3] });
//! Type '"erf"' is not assignable to type
net.addGELU(x, { approximate: 'erf' });
//! Object literal may only specify known properties, and 'label' does not exist in type 'LayerOptions'.
net.addReLU(x, { label: 'relu' });
//! Type '3' is not assignable to type '1'.
net.addLayerNorm(x, single, bias);
//! Type '"bool"' is not assignable to type 'NumericType'.
net.addTopK(flag, { k: 1, axis: 0 });
//! Argument of type 'number[]' is not assignable to parameter of type 'Weights<
net.addConstant([1, 2, 3]);
//! Argument of type 'Weights<"float32", 2>' is not assignable to parameter of type 'Tensor<
net.markOutput(kernel, 'y');
//! Type '3' is not assignable to type '2'.
const rank: Tensor<'float16', 2> = x;
//! Type '"float16"' is not assignable to type '"float32"'.
const type: Tensor<'float32', 3> = x;
//! Tuple type 'readonly [Dim, Dim, Dim]' of length '3' has no element at index '3'.
x.shape[3];

export function mixed<D extends FloatType>(a: Tensor<D, 2>, b: Tensor<'float32', 2>): unknown {
  //! Type '"float32"' is not assignable to type 'D'.
  return net.addAdd(a, b);
}

const half = definePlugin({
  name: 'Half',
  version: '1',
  decompose: (inner: Network, [a]: readonly [Tensor<'float16', 3>], { by }: { by: number }) => inner.addMul(a, by),
});
//! Type '"float32"' is not assignable to type '"float16"'.
half(net, [single], { by: 1 });
//! Object literal may only specify known properties, and 'times' does not exist in type '{ by: number; }'.
half(net, [x], { times: 1 });

export async function run(backend: Backend): Promise<unknown> {
  //! Type 'Weights<"float32", 2>' is missing the following properties from type 'Tensor<
  net.graph({ inputs: { x }, outputs: { kernel } });
  const engine = await backend.compile(net.graph({ inputs: { x }, outputs: { single } }));
  //! Type 'Float32Array<ArrayBuffer>' is not assignable to type 'Feed<"float16">'
  await engine.run({ x: new Float32Array() });
  //! Type '"bfloat16"' is not assignable to type '"float16"'.
  await engine.run({ x: { dataType: 'bfloat16', data: new Uint16Array(), shape: [0, 0, 0] } });
  //! Property 'x' is missing in type '{}' but required in type 'Feeds<{ readonly x: Tensor<"float16", 3>; }>'.
  await engine.run({});
  //! Property 'probs' does not exist on type 'Results<{ readonly single: Tensor<"float32", 3>; }>'.
  return (await engine.run({ x: new Uint16Array() })).probs;
}

//! is missing the following properties from type 'Lowerings<null, null>'
export const lowerings: Lowerings<null, null> = {};
export const unused = [rank, type];
