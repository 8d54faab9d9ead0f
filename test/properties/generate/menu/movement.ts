import { type DataType, type Dim, difference, floatTypes, product, type Tensor } from '@trt-dsl/dsl';
import { domain, union } from '../domain.ts';
import { type Draft, type Float, type Integer, sizesOfRuns } from '../draft.ts';
import type { Menu, Step } from './arithmetic.ts';

const shapeOf = (x: Tensor): readonly Dim[] => x.shape as readonly Dim[];
const smallest = (size: Dim): number =>
  typeof size === 'number' ? size : Math.min(...sizesOfRuns.map((sizes) => sizes[String(size)] ?? 1));
const permutation = (d: Draft, rank: number): number[] =>
  d.random.shuffled(Array.from({ length: rank }, (_, axis) => axis));

/** Another shape of as many elements: axes merged, numbers split, a 1 put in. */
function reshaped(d: Draft, shape: readonly Dim[]): Dim[] {
  const out = [...shape];
  const { random } = d;
  for (let i = random.int(1, 2); i > 0; i--) {
    const at = random.int(0, Math.max(out.length - 1, 0));
    const size = out[at];
    const way = random.int(0, 3);
    if ((way === 0 || typeof size !== 'number') && at + 1 < out.length) out.splice(at, 2, product(size!, out[at + 1]!));
    else if (typeof size === 'number' && way <= 2 && size % 2 === 0 && size > 0 && out.length < 5)
      out.splice(at, 1, ...random.shuffled([2, size / 2]));
    else if (out.length < 5) out.splice(random.int(0, out.length), 0, 1);
  }
  return out;
}

const shuffle: Step = (d) => {
  const x = d.any({ least: 1 });
  const { random } = d;
  const first = random.chance(0.6) ? permutation(d, x.rank) : undefined;
  const from = first ? first.map((axis) => shapeOf(x)[axis]!) : shapeOf(x);
  const reshape = random.chance(0.6) ? reshaped(d, from) : undefined;
  const second = random.chance(0.5) ? permutation(d, (reshape ?? from).length) : undefined;
  if (!first && !reshape && !second) return;
  const hidden = reshape && random.chance(0.3) ? random.int(0, reshape.length - 1) : -1;
  const asked = reshape?.map((size, i) => (i === hidden ? -1 : size));
  const options = {
    ...(first && { firstTranspose: first }),
    ...(asked && { reshape: asked }),
    ...(second && { secondTranspose: second }),
  };
  d.keep(d.net.addShuffle(x, options as never), d.domainOf(x));
};

const transpose: Step = (d) => {
  const x = d.any({ least: 2 });
  d.keep(d.net.addTranspose(x, { permutation: permutation(d, x.rank) as never }), d.domainOf(x));
};

const squeeze: Step = (d) => {
  const x = d.any({ least: 1, most: 4 });
  const values = d.domainOf(x);
  const ones = shapeOf(x).flatMap((size, axis) => (size === 1 ? [axis] : []));
  if (ones.length > 0) {
    d.keep(d.net.addSqueeze(x, { axes: [d.random.pick(ones) - (d.random.chance(0.5) ? x.rank : 0)] }), values);
    return;
  }
  d.keep(d.net.addUnsqueeze(x, { axes: [d.random.int(0, x.rank)] }), values);
};

const slice: Step = (d) => {
  const x = d.any({ least: 1 });
  const { random } = d;
  const parts = shapeOf(x).map((length): { start: Dim; size: Dim; stride: number } => {
    const whole = { start: 0, size: length, stride: 1 };
    if (random.chance(0.35)) return whole;
    if (typeof length === 'number') {
      if (length < 2) return whole;
      const stride = random.int(1, Math.min(3, length - 1));
      const start = random.int(0, length - 1 - (stride > 1 ? stride : 0));
      const most = Math.floor((length - 1 - start) / stride) + 1;
      return { start, size: random.int(Math.max(1, most - 1), most), stride };
    }
    if (smallest(length) < 2 || !sizesOfRuns[0]![String(length)]) return whole;
    if (random.chance(0.65)) return { start: difference(length, 1), size: 1, stride: 1 };
    const cut = random.int(1, smallest(length) - 1);
    return { start: random.int(0, cut), size: difference(length, cut), stride: 1 };
  });
  if (parts.every((part, axis) => part.stride === 1 && part.size === shapeOf(x)[axis])) return;
  const options = {
    start: parts.map(({ start }) => start),
    size: parts.map(({ size }) => size),
    ...(parts.some(({ stride }) => stride > 1) && { stride: parts.map(({ stride }) => stride) }),
  };
  d.keep(d.net.addSlice(x, options as never), d.domainOf(x));
};

const split: Step = (d) => {
  const x = d.any({ least: 1 });
  const axes = shapeOf(x).flatMap((size, axis) => (smallest(size) >= 2 ? [axis] : []));
  if (axes.length === 0) return;
  const axis = d.random.pick(axes);
  const length = shapeOf(x)[axis]!;
  const first = d.random.int(1, smallest(length) - 1);
  const sizes = [first, difference(length, first)];
  for (const part of d.net.addSplit(x, { axis: axis as never, sizes })) d.keep(part, d.domainOf(x));
};

const concatenate: Step = (d) => {
  const x = d.any({ least: 1 });
  const axis = d.random.int(0, x.rank - 1);
  const others = [x];
  let values = d.domainOf(x);
  for (let i = d.random.int(1, 2); i > 0; i--) {
    const fits = (tensor: Tensor): boolean =>
      tensor.dataType === x.dataType &&
      tensor.rank === x.rank &&
      shapeOf(tensor).every((size, at) => at === axis || String(size) === String(shapeOf(x)[at]));
    const shape = shapeOf(x).map((size, at) => (at === axis ? d.random.int(1, 3) : size));
    const range = values.special ? domain(-2, 2) : values;
    const numbers = shape.every((size) => typeof size === 'number') && d.random.chance(0.5);
    const other =
      d.find(fits) ??
      (numbers
        ? d.net.addConstant(d.weights(x.dataType, shape as number[], range))
        : d.input(x.dataType, shape, range));
    if (numbers && !d.domains.has(other.name)) d.note(other, range);
    values = union(values, d.domainOf(other));
    others.push(other);
  }
  const inputs = d.random.shuffled(others) as unknown as readonly [Float, ...Float[]];
  const result = d.net.addConcatenation(inputs, { axis: (d.random.chance(0.5) ? axis : axis - x.rank) as never });
  if (d.fits(shapeOf(result), 2000)) d.keep(result, values);
};

const expand: Step = (d) => {
  const found = d.find((tensor) => shapeOf(tensor).includes(1));
  const x = found ?? d.any({ least: 1, most: 3 });
  const grown = shapeOf(x).map((size) => (size === 1 ? d.growth() : size));
  const shape = d.random.chance(0.5) && grown.length < 5 ? [d.growth(), ...grown] : grown;
  if (d.fits(shape)) d.keep(d.net.addExpand(x as Float, { shape }), d.domainOf(x));
};

/** Indices below `size`: an input's own, or an integer tensor that happens to be in range. */
function indices(d: Draft, size: number, most: number): Integer {
  const found = d.find(
    (tensor, { low, high }) =>
      (tensor.dataType === 'int32' || tensor.dataType === 'int64') && tensor.rank <= most && low >= 0 && high < size,
  );
  if (found && d.random.chance(0.7)) return found as Integer;
  const shape = d.random.chance(0.15) ? [] : d.shape(d.random.int(1, Math.min(most, 2)), 24);
  const type = d.random.pick<DataType>(['int32', 'int64']);
  return d.input(type, shape, domain(0, size - 1)) as Integer;
}

const gather: Step = (d) => {
  const x = d.any({ least: 1, most: 4 });
  const axis = d.random.int(0, x.rank - 1);
  const index = indices(d, smallest(shapeOf(x)[axis]!), 6 - x.rank);
  const rest = shapeOf(x).filter((_, at) => at !== axis);
  if (!d.fits([...rest, ...shapeOf(index)])) return;
  d.keep(
    d.net.addGather(x as Float, index, { axis: (d.random.chance(0.5) ? axis : axis - x.rank) as never }),
    d.domainOf(x),
  );
};

const embedding: Step = (d) => {
  const vocabulary = d.random.int(5, 12);
  const type = d.floatType();
  const ids = indices(d, vocabulary, 3);
  if (!d.fits([...shapeOf(ids), 6])) return;
  d.keep(d.net.addEmbedding(ids, d.weights(type, [vocabulary, 6], domain(-2, 2)) as never) as Tensor, domain(-2, 2));
};

/** The sizes at run time, as numbers to compute with. */
const sizes: Step = (d) => {
  const x = d.any({ least: 2 });
  const shape = d.note(d.net.addShape(x), domain(1, 64));
  if (d.random.chance(0.5)) d.keep(shape, domain(1, 64));
  else d.keep(d.net.addCast(shape, { dataType: d.random.pick(['int32', ...floatTypes.slice(0, 1)]) }), domain(1, 64));
};

/** What moves data without changing it. */
export const movement: Menu = {
  shuffle,
  transpose,
  squeeze,
  slice,
  split,
  concatenate,
  expand,
  gather,
  embedding,
  sizes,
};
