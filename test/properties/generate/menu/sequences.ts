import { type DataType, type Dim, floatTypes, product, sum, type Tensor } from '@trt-dsl/dsl';
import { domain, magnitude } from '../domain.ts';
import { type Float, round } from '../draft.ts';
import type { Menu, Step } from './arithmetic.ts';

const range: Step = (d) => {
  const { random } = d;
  const dataType = random.pick<DataType>([d.floatType(), d.floatType(), 'int32', 'int64']);
  const known = d.growth();
  const size = random.pick<Dim>([known, known, sum(known, 1), product(known, 2)]);
  const number = (low: number, high: number): number =>
    floatTypes.includes(dataType) ? round(random.real(low, high)) : random.int(low, high);
  const start = random.chance(0.5) ? 0 : number(-6, 6);
  const step = random.chance(0.5) ? 1 : number(-3, 4);
  const last = start + (d.size(size) - 1) * step;
  const options = { dataType: dataType as 'float32', ...(start !== 0 && { start }), ...(step !== 1 && { step }) };
  d.keep(d.net.addRange(size, options), domain(Math.min(start, last), Math.max(start, last)));
};

const cumulativeSum: Step = (d) => {
  const { random } = d;
  const integer = random.chance(0.4);
  const x = integer ? (d.integer({ least: 1, within: 1e4 }) as Tensor as Float) : d.float({ least: 1, within: 100 });
  const axis = random.int(0, x.rank - 1);
  const reach = magnitude(d.domainOf(x)) * d.size((x.shape as readonly Dim[])[axis]!);
  const options = {
    axis: (random.chance(0.5) ? axis : axis - x.rank) as never,
    ...(random.chance(0.4) && { exclusive: true }),
    ...(random.chance(0.4) && { reverse: true }),
  };
  d.give(d.net.addCumulativeSum(x, options), domain(-reach, reach));
};

/** Layers of positions along an axis. */
export const sequences: Menu = { range, cumulativeSum };
