import { type Dim, definePlugin, type Network, type Tensor, TrtDslError } from '@trt-dsl/dsl';
import { countTo, locateTokens } from './packed.ts';
import { requireShape, requireTypes, requireWord } from './requires.ts';

type HalfType = 'float16' | 'bfloat16';

const keyMasks = ['none', 'lengths', 'mask', 'cu_seqlens'] as const;
/** Which keys a query sees: all, the first lengths[b], those whose mask is not 0, those of its own packed sequence. */
export type KeyMask = (typeof keyMasks)[number];

export interface QkvToContextFields {
  readonly heads: number;
  /** what scores are multiplied by, 1 / √(head size) by default */
  readonly scale?: number;
  readonly mask?: KeyMask;
  readonly [name: string]: number | string;
}

/** The head sizes that the kernel has. */
export const headSizes: readonly number[] = [32, 64, 96, 128];

/** The longest padded sentence, and the most of them, that the kernel takes. */
const [mostTokens, mostRows] = [4096, 65_535];

/** What a masked score is lowered by: enough for exp to give 0 in every type, and within float16's range. */
const lowered = 30000;

/**
 * softmax(scale · Q Kᵀ) V for every head, from a merged QKV; a query that sees no key gives zeros
 * (qkv-to-context/README.md).
 *
 * Inputs: qkv `[batch, seq, 3 · heads · size]`, float16 or bfloat16, all heads' queries first, then keys, then values;
 * `mask: 'lengths'`: int32 `[batch]`; `'mask'`: int32 `[batch, seq]`. `mask: 'cu_seqlens'`: qkv is
 * `[total, 3 · heads · size]` and cuSeqlens int32 `[batch + 1]`. Output: as qkv, a third as wide.
 * @throws TrtDslError when the inputs are not those that `mask` asks for, for other types and shapes, a scale that is not
 * above 0, or what the kernel has not: other head sizes, padded sentences of more than 4096 tokens, more than 65,535 of them
 */
export const qkvToContext = definePlugin({
  name: 'TrtDslQkvToContext',
  version: '1',
  decompose: <D extends HalfType, R extends 2 | 3>(
    net: Network,
    [qkv, seen]: readonly [qkv: Tensor<D, R>, mask?: Tensor<'int32'>],
    { heads, scale, mask = 'none' }: QkvToContextFields,
  ): Tensor<D, R> => {
    requireWord('qkvToContext', 'mask', mask, keyMasks);
    if (!(Number.isSafeInteger(heads) && heads > 0))
      throw new TrtDslError('argument', `qkvToContext: heads is ${heads}; expected a whole number from 1`);
    const packed = mask === 'cu_seqlens';
    const shape = qkv.shape as readonly Dim[];
    if ((mask === 'none') !== (seen === undefined) || shape.length !== (packed ? 2 : 3))
      throw new TrtDslError(
        'argument',
        `qkvToContext: mask '${mask}' wants qkv ${packed ? '[total, 3 * hidden]' : '[batch, seq, 3 * hidden]'} and ${mask === 'none' ? 'no second input' : `${mask} as second input`}`,
      );
    const size = Number(shape.at(-1)) / 3 / heads;
    if (!headSizes.includes(size))
      throw new TrtDslError(
        'shape',
        `qkvToContext: qkv [${shape.join(', ')}] with ${heads} heads has head size ${size}; expected 32, 64, 96 or 128`,
      );
    if (scale !== undefined && !(scale > 0 && scale < Infinity))
      throw new TrtDslError('argument', `qkvToContext: scale is ${scale}; expected a number above 0`);
    const [batch, seq] = packed ? [1, shape[0]!] : [shape[0]!, shape[1]!];
    requireTypes('qkvToContext', { qkv }, ['float16', 'bfloat16']);
    requireTypes('qkvToContext', { [mask]: seen }, ['int32']);
    if (mask === 'lengths') requireShape('qkvToContext', { lengths: seen }, [batch]);
    if (mask === 'mask') requireShape('qkvToContext', { mask: seen }, [batch, seq]);
    for (const [name, size, most] of packed
      ? []
      : ([
          ['sequence', seq, mostTokens],
          ['batch', batch, mostRows],
        ] as const))
      if (typeof size === 'number' && size > most)
        throw new TrtDslError('shape', `qkvToContext: ${name} is ${size}; at most ${most}`);
    const split = net.addShuffle(qkv as Tensor<D, 2>, {
      reshape: [batch, seq, 3, heads, size] as const,
      secondTranspose: [2, 0, 3, 1, 4],
    });
    const [query, key, value] = net
      .addSplit(split, { axis: 0, sizes: [1, 1, 1] as const })
      .map((part) => net.addShuffle(part, { reshape: [batch, heads, seq, size] as const })) as [
      Tensor<D, 4>,
      Tensor<D, 4>,
      Tensor<D, 4>,
    ];
    const factor = scale ?? 1 / Math.sqrt(size);
    const { visible, sees } = visibility(net, mask, seen, seq);
    const toQkv = <R extends number>(x: Tensor<'bool', R>): Tensor<D, R> =>
      net.addCast(x, { dataType: qkv.dataType as D });
    const bias = visible && (net.addMul(net.addSub(toQkv(visible), 1), lowered) as Tensor<D, 4>);
    const context = net.addAttention(query, key, value, { scale: factor, ...(bias && { mask: bias as never }) });
    const kept = sees ? net.addMul(context, toQkv(sees) as never) : context;
    const merged = packed ? ([seq, heads * size] as const) : ([batch, seq, heads * size] as const);
    return net.addShuffle(kept, {
      firstTranspose: [0, 2, 1, 3],
      reshape: merged as readonly Dim[],
    }) as unknown as Tensor<D, R>;
  },
});

interface Visibility {
  /** bool `[batch, 1, 1 or seq, seq]`: query, key */
  readonly visible?: Tensor<'bool', 4>;
  /** bool `[batch, 1, 1 or seq, 1]`: whether a query sees any key */
  readonly sees?: Tensor<'bool', 4>;
}

function visibility(net: Network, mask: KeyMask, seen: Tensor<'int32'> | undefined, seq: Dim): Visibility {
  if (mask === 'none') return {};
  if (mask === 'cu_seqlens') {
    const { sequence, belongs } = locateTokens(net, seq, seen as Tensor<'int32', 1>);
    const other = net.addTranspose(sequence, { permutation: [1, 0] });
    return {
      visible: net.addUnsqueeze(net.addEqual(sequence, other), { axes: [0, 1] }),
      sees: net.addUnsqueeze(belongs, { axes: [0, 1] }),
    };
  }
  const marks =
    mask === 'mask'
      ? net.addNot(net.addEqual(seen as Tensor<'int32', 2>, 0))
      : net.addGreater(
          net.addUnsqueeze(seen as Tensor<'int32', 1>, { axes: [1] }),
          net.addUnsqueeze(countTo(net, seq), { axes: [0] }),
        );
  const visible = net.addUnsqueeze(marks, { axes: [1, 2] });
  const some = net.addReduce(net.addCast(visible, { dataType: 'int32' }), {
    operation: 'max',
    axes: [3],
    keepDimensions: true,
  });
  return { visible, sees: net.addGreater(some, 0) };
}
