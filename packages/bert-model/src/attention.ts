import { type Dim, type FloatType, type IndexType, type Tensor, TrtDslError } from '@trt-dsl/dsl';
import type { Block } from '@trt-dsl/weights';
import type { BertConfig } from './config.ts';
import type { BertKernels, Mask, ModuleOptions } from './kernels.ts';
import { addAndNorm, dense } from './layers.ts';
import { mergedColumns } from './merge.ts';

/** What a masked score is lowered by: enough for exp to give 0 in every type, and within float16's range. */
const masked = 30000;

/**
 * The additive mask of attention: 0 where `attentionMask` is 1, −30000 where it is 0.
 * @param attentionMask `[batch, seq]`, 1 for a token, 0 for padding
 * @returns `[batch, 1, 1, seq]`
 */
export function attentionBias<D extends FloatType>(net: Block<D>, attentionMask: Tensor<IndexType, 2>): Tensor<D, 4> {
  const mask = net.addCast(net.addUnsqueeze(attentionMask, { axes: [1, 2] }), { dataType: net.dataType });
  return net.addMul(net.addSub(mask, 1), masked) as Tensor<D, 4>;
}

/**
 * The orders of axes in which heads come apart, `[…, heads, size]` → `[batch, heads, seq, size]`, and together again;
 * `merged`: `[…, 3, heads, size]` → `[3, batch, heads, seq, size]`.
 */
const layouts = {
  batchFirst: { apart: [0, 2, 1, 3], together: [0, 2, 1, 3], merged: [2, 0, 3, 1, 4] },
  sequenceFirst: { apart: [1, 2, 0, 3], together: [2, 0, 1, 3], merged: [2, 1, 3, 0, 4] },
} as const;
type Layout = (typeof layouts)[keyof typeof layouts];
const layoutOf = (options: ModuleOptions): Layout => layouts[options.sequenceFirst ? 'sequenceFirst' : 'batchFirst'];

/** `[batch, seq, hidden]`, or as the layout has it, → `[batch, heads, seq, hidden / heads]` */
const splitHeads = <D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  { heads }: BertConfig,
  { apart }: Layout,
): Tensor<D, 4> => net.addShuffle(x, { reshape: [0, 0, heads, -1] as const, secondTranspose: apart, name: 'heads' });

/**
 * Multi-head self-attention: softmax(Q Kᵀ / √(hidden / heads) + mask) V, the heads side by side again; by one kernel
 * if there is one for the type.
 * @param x `[batch, seq, hidden]`, with `sequenceFirst` `[seq, batch, hidden]`; packed, which needs the kernel,
 * `[total, hidden]`
 * @returns as x
 * @throws TrtDslError 'argument' for `sequenceFirst` with a kernel, which takes `[batch, seq, 3 · hidden]`
 */
export function selfAttention<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  mask: Mask<D>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const { mergeQkv } = options;
  const kernel = attentionKernel(net.dataType, options);
  if (kernel) return kernelAttention(net, x, mask, config, kernel);
  const { hiddenSize, heads } = config;
  const padded = x.as(net.dataType, 3);
  const layout = layoutOf(options);
  const [query, key, value] = (mergeQkv ? mergedQkv : separateQkv)(net, padded, config, layout);
  const scale = 1 / Math.sqrt(hiddenSize / heads);
  const context = net.addAttention(query, key, value, { scale, ...(mask.bias && { mask: mask.bias }) });
  return net.addShuffle(context, {
    firstTranspose: layout.together,
    reshape: [0, 0, hiddenSize] as const,
    name: 'context',
  }) as unknown as Tensor<D, R>;
}

/**
 * The kernel that attention in a type is computed by, if there is one.
 * @throws TrtDslError 'argument' if it does not take the layout
 */
export function attentionKernel(
  dataType: FloatType,
  { kernels = {}, sequenceFirst = false }: ModuleOptions,
): BertKernels['qkvToContext'] {
  const kernel = dataType === 'float32' ? undefined : kernels.qkvToContext;
  if (kernel && sequenceFirst)
    throw new TrtDslError(
      'argument',
      'sequenceFirst: the kernel qkvToContext takes [batch, seq, 3 · hidden]; use one of them',
    );
  return kernel;
}

/** The same by a kernel that takes the merged product. */
function kernelAttention<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  { keys, kind }: Mask<D>,
  config: BertConfig,
  kernel: NonNullable<BertKernels['qkvToContext']>,
): Tensor<D, R> {
  const qkv = net.scope('qkv').addLinear(x, ...qkvWeights(net, config)) as unknown as Tensor<'float16', 3>;
  const inputs = keys === undefined ? ([qkv] as const) : ([qkv, keys] as const);
  return kernel(net, inputs, { heads: config.heads, mask: kind }, { name: 'context' }) as unknown as Tensor<D, R>;
}

const qkvNames = ['query', 'key', 'value'] as const;
type Three<D extends FloatType> = readonly [query: Tensor<D, 4>, key: Tensor<D, 4>, value: Tensor<D, 4>];

function separateQkv<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  config: BertConfig,
  layout: Layout,
): Three<D> {
  const { hiddenSize } = config;
  const part = (name: string): Tensor<D, 4> => {
    const scope = net.scope(name);
    return splitHeads(scope, dense(scope, x, [hiddenSize, hiddenSize]), config, layout);
  };
  return qkvNames.map(part) as unknown as Three<D>;
}

/** Query, key and value from one product with the three kernels side by side, `[hidden, 3 · hidden]`. */
function mergedQkv<D extends FloatType>(
  net: Block<D>,
  x: Tensor<D, 3>,
  config: BertConfig,
  { apart, merged }: Layout,
): Three<D> {
  const { hiddenSize, heads } = config;
  const scope = net.scope('qkv');
  const all = scope.addLinear(x, ...qkvWeights(net, config));
  const split = scope.addShuffle(all, {
    reshape: [0, 0, 3, heads, hiddenSize / heads] as const,
    secondTranspose: merged,
    name: 'heads',
  });
  const batch = x.shape[apart[0]] as Dim;
  const seq = x.shape[apart[2]] as Dim;
  const parts = scope.addSplit(split, { axis: 0, sizes: [1, 1, 1] as const });
  const shape = [batch, heads, seq, hiddenSize / heads] as const;
  // Named as when three products make them, so that a calibration serves both graphs.
  return qkvNames.map((name, i) =>
    net.scope(name).addShuffle(parts[i]!, { reshape: shape, name: 'heads' }),
  ) as unknown as Three<D>;
}

/** The merged kernel `[hidden, 3 · hidden]` and bias `[3 · hidden]` of query, key and value. */
export function qkvWeights<D extends FloatType>(net: Block<D>, { hiddenSize }: BertConfig) {
  const parts = qkvNames.map((name) => net.weights.scope(name));
  const kernel = mergedColumns(parts.map((part) => part.get('kernel', [hiddenSize, hiddenSize])));
  const bias = mergedColumns(parts.map((part) => part.get('bias', [hiddenSize])));
  return [kernel, bias] as const;
}

/** The projection of the heads, plus what went in, normalised: two times `[…, hidden]` → the same. */
export function selfOutput<D extends FloatType, R extends number>(
  net: Block<D>,
  context: Tensor<D, R>,
  x: Tensor<D, R>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const projected = dense(net.scope('dense'), context, [config.hiddenSize, config.hiddenSize]);
  return addAndNorm(net, projected, x, config, options);
}

/** Self-attention and its output: `[batch, seq, hidden]` (packed: `[total, hidden]`) → the same. */
export function attention<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  mask: Mask<D>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const context = selfAttention(net.scope('self'), x, mask, config, options);
  return selfOutput(net.scope('output'), context, x, config, options);
}
