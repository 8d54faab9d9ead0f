/**
 * Programs that must compile, and the types that they must have. Compiled by `types.test.ts`, never run.
 */
import {
  type Axis,
  type Backend,
  castGraph,
  type DataType,
  type Dim,
  definePlugin,
  dim,
  type Engine,
  type FloatType,
  type Graph,
  type Lowerings,
  Network,
  type Node,
  type Permutation,
  quantize,
  type Tensor,
  Weights,
  withoutPlugins,
} from '../src/index.ts';

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const is = <A, B>(..._: Same<A, B> extends true ? [] : ['types differ', A, B]): void => {};

const net = new Network('types');
const [batch, seq] = [dim('batch'), dim('seq')];
const x = net.addInput('x', 'float16', [batch, seq, 768]);
const ids = net.addInput('ids', 'int32', [batch, seq]);
const flag = net.addInput('flag', 'bool', [batch, 1]);
const scalar = net.addInput('scalar', 'float16', []);
const kernel = Weights.fromNumbers('float32', [768, 2], []);
const bias = Weights.fromNumbers('float32', [2], []);
const unknown: Tensor = x;

// what layers return
is<typeof x, Tensor<'float16', 3>>();
is<ReturnType<typeof net.addShape>, Tensor<'int64', 1>>();
const y = net.addLinear(x, kernel, bias);
is<typeof y, Tensor<'float16', 3>>();
const sum = net.addAdd(x, scalar);
is<typeof sum, Tensor<'float16', 3>>();
const same = net.addAdd(x, 1);
is<typeof same, Tensor<'float16', 3>>();
const less = net.addLess(x, bias);
is<typeof less, Tensor<'bool', 3>>();
const cast = net.addCast(ids, { dataType: 'float32' });
is<typeof cast, Tensor<'float32', 2>>();
const heads = net.addShuffle(x, { reshape: [0, 0, 12, -1], secondTranspose: [0, 2, 1, 3] });
is<typeof heads, Tensor<'float16', 4>>();
const transposed = net.addShuffle(heads, { firstTranspose: [3, 2, 1, 0] });
is<typeof transposed, Tensor<'float16', 4>>();
const flat = net.addShuffle(x, { reshape: [-1] });
is<typeof flat, Tensor<'float16', 1>>();
const rows = net.addEmbedding(ids, kernel);
is<typeof rows, Tensor<'float32', 3>>();
const gathered = net.addGather(heads, ids, { axis: 1 });
is<typeof gathered, Tensor<'float16', 5>>();
const mean = net.addReduce(x, { operation: 'mean', axes: [1, 2] });
is<typeof mean, Tensor<'float16', 1>>();
const kept = net.addReduce(x, { operation: 'mean', axes: [-1], keepDimensions: true });
is<typeof kept, Tensor<'float16', 3>>();
const thin = net.addSqueeze(flag, { axes: [1] });
is<typeof thin, Tensor<'bool', 1>>();
const thick = net.addUnsqueeze(flag, { axes: [0, 1] });
is<typeof thick, Tensor<'bool', 4>>();
const best = net.addArgmax(x, { axis: -1 });
is<typeof best, Tensor<'int32', 2>>();
const { values, indices } = net.addTopK(x, { k: 2, axis: 2 });
is<typeof values, Tensor<'float16', 3>>();
is<typeof indices, Tensor<'int32', 3>>();
const [first, second] = net.addSplit(x, { axis: 2, sizes: [256, 512] });
is<typeof first, Tensor<'float16', 3>>();
is<typeof second, Tensor<'float16', 3>>();
const wide = net.addExpand(flag, { shape: [4, batch, 8] });
is<typeof wide, Tensor<'bool', 3>>();
const positions = net.addRange(batch, { dataType: 'int64', start: 2 });
is<typeof positions, Tensor<'int64', 1>>();
const places = net.addCumulativeSum(ids, { axis: -1, exclusive: true });
is<typeof places, typeof ids>();
const unit = net.addRMSNorm(x, bias);
is<typeof unit, typeof x>();
const quantized = net.addQuantize(x, 0.1, { dataType: 'int8' });
is<typeof quantized, Tensor<'int8', 3>>();
const back = net.addDequantize(quantized, 0.1, { dataType: 'bfloat16' });
is<typeof back, Tensor<'bfloat16', 3>>();
const joined = net.addConcatenation([x, x, y], { axis: 2 });
is<typeof joined, Tensor<'float16', 3>>();
const chosen = net.addSelect(flag, net.addCast(ids, { dataType: 'float16' }), 0);
is<typeof chosen, Tensor<'float16', 2>>();
const weights = Weights.fromNumbers('float32', [2, 3], []);
is<typeof weights, Weights<'float32', 2>>();

// what the compiler does not know stays open, and is narrowed by `as`
const open = net.addCast(unknown, { dataType: 'float32' });
is<typeof open, Tensor<'float32', number>>();
net.addAdd(open, open);
net.addTranspose(open, { permutation: [1, 0] });
const narrow = unknown.as('float16', 3);
is<typeof narrow, Tensor<'float16', 3>>();

// modules, generic in type and rank
export function residual<D extends FloatType, R extends number>(
  block: Network,
  a: Tensor<D, R>,
  b: Tensor<D, R>,
): Tensor<D, R> {
  const added = block.addGELU(block.addAdd(a, b));
  return block.addLayerNorm(block.addSoftmax(added as Tensor<D>, { axis: -1 }), 1 as never, bias) as Tensor<D, R>;
}
is<ReturnType<typeof residual<'float16', 3>>, Tensor<'float16', 3>>();
export function attention<D extends FloatType>(block: Network, q: Tensor<D, 3>, size: Dim): Tensor<D, 3> {
  const split = block.addShuffle(q, { reshape: [0, 0, 12, size], secondTranspose: [0, 2, 1, 3] });
  const context = block.addAttention(split, split, split);
  return block.addShuffle(context, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, -1] });
}
is<typeof Network.prototype.addReLU, typeof net.addReLU>();
is<Axis<2>, 0 | 1 | -1 | -2>();
is<Permutation<2>, readonly [0, 1] | readonly [1, 0]>();

// plugins have the signature of their decomposition
const scale = definePlugin({
  name: 'Scale',
  version: '1',
  decompose: <D extends FloatType, R extends number>(
    inner: Network,
    [a]: readonly [Tensor<D, R>],
    fields: { by: number },
  ): Tensor<D, R> => inner.addScale(a, { scale: fields.by }),
});
const scaled = scale(net, [x], { by: 2 });
is<typeof scaled, Tensor<'float16', 3>>();

// a graph's signature types the engine
export async function run(backend: Backend): Promise<void> {
  const graph = net.graph({ inputs: { x, ids, flag, scalar }, outputs: { y, best } });
  const engine = await backend.compile(graph);
  const results = await engine.run({
    x: new Uint16Array(),
    ids: { data: new Int32Array(), shape: [0, 0] },
    flag: new Uint8Array(),
    scalar: new Uint16Array(1),
  });
  is<typeof results.best.data, Int32Array<ArrayBufferLike>>();
  await engine.run({ x: results.y, ids: results.best, flag: new Uint8Array(), scalar: new Uint16Array(1) });
  // also of the same graph in other precisions, unless its bindings change
  const int8 = quantize(withoutPlugins(graph), { dataType: 'int8', ranges: new Map() });
  is<typeof int8, typeof graph>();
  const kept = castGraph(graph, { dataType: 'bfloat16' }).graph;
  is<typeof kept, typeof graph>();
  const changed = castGraph(graph, { dataType: 'bfloat16', bindings: 'cast' }).graph;
  is<typeof changed, Graph>();
  const loaded: Engine = await backend.load(engine.serialize());
  await loaded.run({ anything: new Float32Array() });
}

// nodes narrow by their op
export function axisOf(node: Node): number | undefined {
  if (node.op === 'softmax') is<typeof node.attributes.axis, number>();
  return node.op === 'softmax' ? node.attributes.axis : undefined;
}
export type AllOps = keyof Lowerings<unknown, unknown>;
export const type: DataType = 'float8';
