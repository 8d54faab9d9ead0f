import type { Dim, FloatType, IndexType, Tensor } from '@trt-dsl/dsl';
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

/** `[batch, seq, hidden]` → `[batch, heads, seq, hidden / heads]` */
const splitHeads = <D extends FloatType>(net: Block<D>, x: Tensor<D, 3>, { heads }: BertConfig): Tensor<D, 4> =>
  net.addShuffle(x, { reshape: [0, 0, heads, -1] as const, secondTranspose: [0, 2, 1, 3], name: 'heads' });

/**
 * Multi-head self-attention: softmax(Q Kᵀ / √(hidden / heads) + mask) V, the heads side by side again; by one kernel
 * if there is one for the type.
 * @param x `[batch, seq, hidden]`; packed, which needs the kernel, `[total, hidden]`
 * @returns as x
 */
export function selfAttention<D extends FloatType, R extends number>(
  net: Block<D>,
  x: Tensor<D, R>,
  mask: Mask<D>,
  config: BertConfig,
  options: ModuleOptions = {},
): Tensor<D, R> {
  const { kernels = {}, mergeQkv } = options;
  if (kernels.qkvToContext && net.dataType !== 'float32')
    return kernelAttention(net, x, mask, config, kernels.qkvToContext);
  const { hiddenSize, heads } = config;
  const padded = x.as(net.dataType, 3);
  const [query, key, value] = mergeQkv ? mergedQkv(net, padded, config) : separateQkv(net, padded, config);
  const scale = 1 / Math.sqrt(hiddenSize / heads);
  const context = net.addAttention(query, key, value, { scale, ...(mask.bias && { mask: mask.bias }) });
  return net.addShuffle(context, {
    firstTranspose: [0, 2, 1, 3],
    reshape: [0, 0, hiddenSize] as const,
    name: 'context',
  }) as unknown as Tensor<D, R>;
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

type Three<D extends FloatType> = readonly [query: Tensor<D, 4>, key: Tensor<D, 4>, value: Tensor<D, 4>];

function separateQkv<D extends FloatType>(net: Block<D>, x: Tensor<D, 3>, config: BertConfig): Three<D> {
  const { hiddenSize } = config;
  const part = (name: string): Tensor<D, 4> => {
    const scope = net.scope(name);
    return splitHeads(scope, dense(scope, x, [hiddenSize, hiddenSize]), config);
  };
  return [part('query'), part('key'), part('value')];
}

/** Query, key and value from one product with the three kernels side by side, `[hidden, 3 · hidden]`. */
function mergedQkv<D extends FloatType>(net: Block<D>, x: Tensor<D, 3>, config: BertConfig): Three<D> {
  const { hiddenSize, heads } = config;
  const scope = net.scope('qkv');
  const all = scope.addLinear(x, ...qkvWeights(net, config));
  const split = scope.addShuffle(all, {
    reshape: [0, 0, 3, heads, hiddenSize / heads] as const,
    secondTranspose: [2, 0, 3, 1, 4],
    name: 'heads',
  });
  const [batch, seq] = x.shape as readonly [Dim, Dim, Dim];
  const parts = scope.addSplit(split, { axis: 0, sizes: [1, 1, 1] as const });
  return parts.map((part) =>
    scope.addShuffle(part, { reshape: [batch, heads, seq, hiddenSize / heads] }),
  ) as unknown as Three<D>;
}

/** The merged kernel `[hidden, 3 · hidden]` and bias `[3 · hidden]` of query, key and value. */
export function qkvWeights<D extends FloatType>(net: Block<D>, { hiddenSize }: BertConfig) {
  const parts = ['query', 'key', 'value'].map((name) => net.weights.scope(name));
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
