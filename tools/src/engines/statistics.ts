import { type DataType, formatType, type HostTensor, toNumbers } from '@trt-dsl/dsl';

/** What a tensor looks like from afar. */
export interface Statistics {
  readonly type: string;
  readonly shape: readonly number[];
  /** √ Σ x² */
  readonly norm: number;
  readonly mean: number;
  readonly min: number;
  readonly max: number;
  /** how many values are infinite or no numbers; the others make the figures above */
  readonly notFinite: number;
}

export function statisticsOf({ dataType, shape, data }: HostTensor): Statistics {
  const values = toNumbers(dataType, data);
  let [squares, sum, min, max, finite] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    finite++;
    squares += value * value;
    sum += value;
    if (value < min) min = value;
    if (value > max) max = value;
  }
  const of = (value: number): number => (finite === 0 ? 0 : value);
  return {
    type: formatType({ dataType: dataType as DataType, shape }),
    shape,
    norm: Math.sqrt(squares),
    mean: of(sum / finite),
    min: of(min),
    max: of(max),
    notFinite: values.length - finite,
  };
}

/** How far a tensor is from another that is taken for right. */
export interface Difference {
  readonly shape: readonly number[];
  readonly expectedShape: readonly number[];
  /** max |a − b|; infinite where only one of two values is a finite number */
  readonly maxAbs: number;
  /** √ Σ(a − b)² / √ Σ b² */
  readonly relativeL2: number;
  /** Σ a b / (√ Σ a² √ Σ b²) */
  readonly cosine: number;
}

/** `a` against `b`, value by value; of other sizes nothing can be said but that. */
export function differenceOf(a: HostTensor, b: HostTensor): Difference {
  const shapes = { shape: a.shape, expectedShape: b.shape };
  const nothing = { ...shapes, maxAbs: Number.POSITIVE_INFINITY, relativeL2: Number.POSITIVE_INFINITY, cosine: 0 };
  if (String(a.shape) !== String(b.shape)) return nothing;
  const [x, y] = [toNumbers(a.dataType, a.data), toNumbers(b.dataType, b.data)];
  let [maxAbs, differences, xx, yy, xy] = [0, 0, 0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [one, other] = [x[i]!, y[i]!];
    if (Object.is(one, other) || one === other) {
      if (!Number.isFinite(one)) continue;
    } else if (!Number.isFinite(one) || !Number.isFinite(other)) return nothing;
    const apart = Math.abs(one - other);
    maxAbs = Math.max(maxAbs, apart);
    differences += apart * apart;
    xx += one * one;
    yy += other * other;
    xy += one * other;
  }
  const relativeL2 = differences === 0 ? 0 : Math.sqrt(differences / yy);
  const cosine = xx === 0 && yy === 0 ? 1 : xy / Math.sqrt(xx * yy);
  return { ...shapes, maxAbs, relativeL2, cosine: Number.isNaN(cosine) ? 0 : cosine };
}
