import { type DataType, floatRange, type HostTensor, toNumbers } from '@trt-dsl/dsl';
import type { Reference } from '../support/pytorch/client.ts';

/** What a result is against its reference. */
export interface Comparison {
  /** the first element outside its bound, or what is wrong with the shape */
  readonly wrong?: string;
  /** how many elements are outside */
  readonly count: number;
  /** the largest error, in units of the last place of the type at that value */
  readonly ulps: number;
  /** the largest error as a part of its bound; at most 1 where the result is right */
  readonly ofBound: number;
}

const digits: { readonly [D in DataType]?: number } = { float32: 24, float16: 11, bfloat16: 8, float8: 4 };

/** The distance between neighbours of a type around a value; 1 for whole numbers. */
function ulp(dataType: DataType, value: number): number {
  const precision = digits[dataType];
  if (precision === undefined) return 1;
  const { tiny } = floatRange[dataType as keyof typeof floatRange];
  return 2 ** (Math.floor(Math.log2(Math.max(Math.abs(value), tiny))) + 1 - precision);
}

/** Whether every element of a result lies within its bound: NaN where NaN is due, infinities exactly. */
export function compare(result: HostTensor, { shape, value, bound }: Reference): Comparison {
  if (String(result.shape) !== String(shape))
    return { wrong: `shape [${result.shape}], not [${shape}]`, count: value.length, ulps: 0, ofBound: 0 };
  const actual = toNumbers(result.dataType, result.data);
  let [count, ulps, ofBound] = [0, 0, 0];
  let wrong: string | undefined;
  for (let i = 0; i < value.length; i++) {
    const [got, due, most] = [actual[i]!, value[i]!, bound[i]!];
    if (most === Number.POSITIVE_INFINITY || Object.is(got, due) || got === due) continue;
    const error = Math.abs(got - due);
    if (error <= most) {
      ofBound = Math.max(ofBound, error / most);
      ulps = Math.max(ulps, error / ulp(result.dataType, due));
      continue;
    }
    count++;
    wrong ??= `element ${i} is ${got}, not ${due} ± ${most.toPrecision(3)}`;
  }
  return { ...(wrong && { wrong }), count, ulps, ofBound };
}
