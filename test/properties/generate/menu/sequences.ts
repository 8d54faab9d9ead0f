import { type DataType, type Dim, floatTypes, product, sum } from '@trt-dsl/dsl';
import { domain } from '../domain.ts';
import { round } from '../draft.ts';
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

/** Layers of positions along an axis. */
export const sequences: Menu = { range };
