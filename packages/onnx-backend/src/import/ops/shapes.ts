import {
  broadcastShapes,
  type Dim,
  difference,
  equalDims,
  equalShapes,
  type NumericType,
  numericTypes,
  product,
  quotient,
  sum,
  type Tensor,
} from '@trt-dsl/dsl';
import { foldConcat, pick } from '../fold.ts';
import { front, type Read, type Reader } from '../reader.ts';
import { type Grid, known, knownOf, ofTensor, shapeOf, stored, type Value } from '../values.ts';

/** Sizes beyond this are ONNX's way to say "to the end". */
const end = 2 ** 31 - 1;
/** Lists that are made while importing are no longer than this. */
const most = 2 ** 20;

const reshape: Read = (reader) => {
  const from = shapeOf(reader.input(0));
  const asked = reader.dims(1, 'the shape');
  const copies = reader.int('allowzero', 0) === 0;
  const sizes = asked.map((size, i) =>
    size === 0 && copies ? (from[i] ?? reader.fail(`0 at place ${i} copies nothing`)) : size,
  );
  const rest = quotient(product(...from), product(...sizes.filter((size) => size !== -1)));
  const shape = sizes.map((size) => (size === -1 ? (rest ?? Number.NaN) : size));
  if (shape.some(Number.isNaN) || !equalDims(product(...shape), product(...from)))
    reader.fail(`[${from.join(', ')}] does not reshape to [${sizes.join(', ')}]`);
  return reader.reshaped(reader.input(0), shape);
};

const unsqueeze: Read = (reader) => {
  const value = reader.input(0);
  const asked = reader.axes(1) ?? reader.fail('no axes');
  const shape = [...shapeOf(value)];
  const rank = shape.length + asked.length;
  const axes = asked.map((axis) => front(axis, rank)).sort((a, b) => a - b);
  for (const axis of axes) shape.splice(axis, 0, 1);
  if (value.kind === 'grid') {
    const kept = [...shape.keys()].filter((axis) => !axes.includes(axis));
    return { kind: 'grid', shape, axis: kept[value.axis]! };
  }
  return reader.reshaped(value, shape);
};

const squeeze: Read = (reader) => {
  const shape = shapeOf(reader.input(0));
  const asked = reader.axes(1)?.map((axis) => front(axis, shape.length));
  const axes = asked ?? shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  const thick = axes.find((axis) => shape[axis] !== 1);
  if (thick !== undefined) reader.fail(`axis ${thick} has size ${shape[thick]}, not 1`);
  return reader.reshaped(
    reader.input(0),
    shape.filter((_, axis) => !axes.includes(axis)),
  );
};

const flatten: Read = (reader) => {
  const shape = shapeOf(reader.input(0));
  const asked = reader.int('axis', 1);
  const axis = asked < 0 ? asked + shape.length : asked;
  return reader.reshaped(reader.input(0), [product(...shape.slice(0, axis)), product(...shape.slice(axis))]);
};

const transpose: Read = (reader) => {
  const value = reader.input(0);
  const rank = shapeOf(value).length;
  const perm = reader.ints('perm') ?? [...Array(rank).keys()].reverse();
  if (perm.every((axis, i) => axis === i)) return value;
  if (value.kind === 'weights' && rank === 2) return { ...value, transposed: !value.transposed };
  return ofTensor(reader.transpose(reader.tensor(0), perm));
};

const expand: Read = (reader) => {
  const value = reader.input(0);
  const asked = reader.dims(1, 'the shape');
  const shape = broadcastShapes(shapeOf(value), asked);
  if (!shape) return reader.fail(`[${shapeOf(value).join(', ')}] does not broadcast to [${asked.join(', ')}]`);
  if (equalShapes(shape, shapeOf(value))) return value;
  if (
    value.kind === 'grid' &&
    shape.length === value.shape.length &&
    equalDims(shape[value.axis]!, value.shape[value.axis]!)
  )
    return { ...value, shape };
  const single = value.kind === 'full' ? value.value : knownOf(value)?.values;
  const number = Array.isArray(single) ? (single.length === 1 ? single[0] : undefined) : single;
  const type = value.kind === 'known' || value.kind === 'full' ? value.type : undefined;
  if (typeof number === 'number' && type && type !== 'float64') return { kind: 'full', type, shape, value: number };
  return ofTensor(reader.add('expand', [reader.tensor(0)], { shape }));
};

/** Repeats along axes of size 1 only. */
const tile: Read = (reader) => {
  const value = reader.input(0);
  const shape = shapeOf(value);
  const repeats = reader.dims(1, 'the repeats');
  const thick = repeats.findIndex((times, axis) => times !== 1 && shape[axis] !== 1);
  if (thick >= 0) return concatenated(reader, reader.numbers(1, 'the repeats'));
  return ofTensor(
    reader.add('expand', [reader.tensor(0)], { shape: shape.map((size, i) => product(size, repeats[i]!)) }),
  );
};

function concatenated(reader: Reader, repeats: readonly number[]): Value {
  if (repeats.some((times) => !Number.isSafeInteger(times) || times < 1 || times > 1000))
    reader.fail(`repeats [${repeats.join(', ')}]`);
  return ofTensor(
    repeats.reduce<Tensor>(
      (x, times, axis) => (times === 1 ? x : reader.add('concatenation', Array<Tensor>(times).fill(x), { axis })),
      reader.tensor(0),
    ),
  );
}

const concat: Read = (reader) => {
  const parts = reader.inputs.map((_, i) => reader.input(i));
  const rank = shapeOf(parts[0]!).length;
  const axis = front(reader.int('axis', 0), rank);
  if (parts.length === 1) return parts[0]!;
  const numbers = parts.map(knownOf);
  if (numbers.every((part) => part !== undefined)) return foldConcat(numbers, axis);
  if (axis === rank - 1 && parts.every(isColumn) && parts.every(({ shape }) => equalShapes(shape, parts[0]!.shape)))
    return { kind: 'grids', shape: parts[0]!.shape.slice(0, -1), axes: parts.map((part) => part.axis) };
  return ofTensor(
    reader.add(
      'concatenation',
      parts.map((part) => reader.materialize(part)),
      { axis },
    ),
  );
};

/** A grid whose last axis is there to stand beside others. */
const isColumn = (value: Value): value is Grid =>
  value.kind === 'grid' && value.shape.at(-1) === 1 && value.axis < value.shape.length - 1;

/** Start and size along one axis, from ONNX's start, end and step. */
function range(reader: Reader, length: Dim, start: Dim, stop: Dim, step: number): { start: Dim; size: Dim } {
  const at = (index: Dim): Dim => {
    if (typeof index !== 'number') return index;
    if (index >= end) return length;
    if (typeof length === 'number') return Math.min(Math.max(index < 0 ? index + length : index, 0), length);
    if (index <= -end) return 0;
    return index < 0 ? difference(length, -index) : index;
  };
  const from = at(start);
  const to = at(stop);
  const span = difference(to, from);
  if (typeof span === 'number') return { start: from, size: Math.max(0, Math.ceil(span / step)) };
  return {
    start: from,
    size: quotient(span, step) ?? reader.fail(`every ${step}th element of ${span}: their number is no whole size`),
  };
}

const slice: Read = (reader) => {
  const value = reader.input(0);
  const shape = shapeOf(value);
  const starts = reader.ints('starts') ?? reader.dims(1, 'the starts');
  const ends = reader.ints('ends') ?? reader.dims(2, 'the ends');
  const axes = (reader.axes(3) ?? starts.map((_, i) => i)).map((axis) => front(axis, shape.length));
  const steps = reader.optional(4) ? reader.numbers(4, 'the steps') : axes.map(() => 1);
  const backwards = steps.find((step) => step < 1);
  if (backwards !== undefined) reader.fail(`step ${backwards} is not positive`);
  const start: Dim[] = shape.map(() => 0);
  const size: Dim[] = [...shape];
  const stride = shape.map(() => 1);
  axes.forEach((axis, i) => {
    const part = range(reader, shape[axis]!, starts[i]!, ends[i]!, steps[i]!);
    [start[axis], size[axis], stride[axis]] = [part.start, part.size, steps[i]!];
  });
  if (equalShapes(size, shape)) return value;
  const numbers = knownOf(value);
  const fixed = [...start, ...size].every((d) => typeof d === 'number');
  if (numbers && fixed)
    return axes.reduce(
      (part, axis) =>
        pick(
          part,
          axis,
          Array.from({ length: size[axis] as number }, (_, i) => (start[axis] as number) + i * stride[axis]!),
        ),
      numbers,
    );
  return ofTensor(reader.add('slice', [reader.tensor(0)], { start, size, stride }));
};

const split: Read = (reader) => {
  const shape = shapeOf(reader.input(0));
  const numbers = knownOf(reader.input(0));
  const axis = front(reader.int('axis', 0), shape.length);
  const length = shape[axis]!;
  const count = reader.int('num_outputs', reader.node.output?.length ?? 1);
  const given = reader.ints('split') ?? (reader.optional(1) ? reader.dims(1, 'the sizes') : undefined);
  const sizes = given ?? equalParts(reader, length, count);
  let at: Dim = 0;
  return sizes.map((part) => {
    const from = at;
    at = sum(at, part);
    if (numbers && typeof from === 'number' && typeof part === 'number')
      return pick(
        numbers,
        axis,
        Array.from({ length: part }, (_, i) => from + i),
      );
    const start = shape.map((_, i) => (i === axis ? from : 0));
    const size = shape.map((whole, i) => (i === axis ? part : whole));
    return ofTensor(reader.add('slice', [reader.tensor(0)], { start, size, stride: shape.map(() => 1) }));
  });
};

function equalParts(reader: Reader, length: Dim, count: number): readonly Dim[] {
  if (!Number.isSafeInteger(count) || count < 1 || count > 1000) reader.fail(`${count} parts`);
  if (typeof length === 'number') {
    const part = Math.ceil(length / count);
    return Array.from({ length: count }, (_, i) => Math.max(0, Math.min(part, length - i * part)));
  }
  const part = quotient(length, count) ?? reader.fail(`${length} does not split into ${count} equal parts`);
  return Array<Dim>(count).fill(part);
}

const gather: Read = (reader) => {
  const [data, indices] = [reader.input(0), reader.input(1)];
  const shape = shapeOf(data);
  const axis = front(reader.int('axis', 0), shape.length);
  const numbers = knownOf(indices);
  const chosen = numbers?.values.map((index) => {
    if (typeof index === 'number' && index < 0) return difference(shape[axis]!, -index);
    return index;
  });
  const source = knownOf(data);
  if (source && numbers && chosen!.every((index) => typeof index === 'number')) {
    const part = pick(source, axis, chosen as number[]);
    return known(
      part.type,
      [...part.shape.slice(0, axis), ...numbers.shape, ...part.shape.slice(axis + 1)],
      part.values,
    );
  }
  const where = numbers ? reader.materialize(known('int64', numbers.shape, chosen!)) : reader.tensor(1);
  return ofTensor(reader.add('gather', [reader.tensor(0), where], { axis }));
};

/** GatherND where each index is the element's own place: the data with their axes moved, and repeated along others. */
const gatherND: Read = (reader) => {
  const indices = reader.input(1);
  const data = reader.tensor(0);
  const shape = data.shape as readonly Dim[];
  if (indices.kind !== 'grids' || reader.int('batch_dims', 0) !== 0 || indices.axes.length !== shape.length)
    return reader.fail('the DSL gathers along one axis only');
  const { axes, shape: grid } = indices;
  const order = axes.map((_, i) => i).sort((a, b) => axes[a]! - axes[b]!);
  if (new Set(axes).size !== axes.length || !axes.every((axis, i) => equalDims(grid[axis]!, shape[i]!)))
    return reader.fail(`indices of [${grid.join(', ')}] do not go through all of [${shape.join(', ')}]`);
  const moved = reader.transpose(data, order);
  const placed = reader.reshape(
    moved,
    grid.map((size, axis) => (axes.includes(axis) ? size : 1)),
  );
  return ofTensor(equalShapes(placed.shape, grid) ? placed : reader.add('expand', [placed], { shape: grid }));
};

const shape: Read = (reader) => {
  const sizes = shapeOf(reader.input(0));
  const clamp = (axis: number): number => Math.min(Math.max(axis < 0 ? axis + sizes.length : axis, 0), sizes.length);
  const part = sizes.slice(clamp(reader.int('start', 0)), clamp(reader.int('end', sizes.length)));
  return known('int64', [part.length], part);
};

const constantOfShape: Read = (reader) => {
  const sizes = reader.dims(0, 'the shape');
  const tensor = reader.tensorAttribute('value');
  const single = tensor && knownOf(stored(reader.weightsOf(tensor)));
  const value = single?.values[0] ?? 0;
  const type = single?.type ?? 'float32';
  if (typeof value !== 'number' || type === 'float64') return reader.fail('its value is no number of the DSL');
  return { kind: 'full', type, shape: sizes, value };
};

const rangeOp: Read = (reader) => {
  const [start, limit, step] = [0, 1, 2].map((i) => reader.known(i, 'the range').values[0]!) as [Dim, Dim, Dim];
  const { type } = reader.known(0, 'the range');
  if ([start, limit, step].every((value) => typeof value === 'number')) {
    const count = Math.max(0, Math.ceil(((limit as number) - (start as number)) / (step as number)));
    if (count > most) return reader.fail(`a range of ${count} elements`);
    return known(
      type,
      [count],
      Array.from({ length: count }, (_, i) => (start as number) + i * (step as number)),
    );
  }
  if (start === 0 && step === 1 && type === 'int64') return { kind: 'grid', shape: [limit], axis: 0 };
  const whole = [start, limit, step].every((value) => typeof value !== 'number' || Number.isInteger(value));
  const steps = whole && typeof step === 'number' ? quotient(difference(limit, start), step) : undefined;
  if (steps === undefined || type === 'float64' || !numericTypes.includes(type))
    return reader.fail(`a range of ${type} from ${start} in steps of ${step} to ${limit}`);
  const attributes = { size: steps, dataType: type as NumericType, step: step as number };
  if (typeof start === 'number') return ofTensor(reader.add('range', [], { ...attributes, start }));
  const moved = [reader.add('range', [], { ...attributes, start: 0 }), reader.materialize(known(type, [], [start]))];
  return ofTensor(reader.add('elementwise', moved, { operation: 'sum' }));
};

/** Elements above or below a diagonal of the last two axes: those of rows and columns that lie apart as far as it says. */
const trilu: Read = (reader) => {
  const x = reader.tensor(0);
  const [rows, columns] = x.shape.slice(-2) as unknown as readonly [Dim, Dim];
  const upper = reader.int('upper', 1) === 1;
  const diagonal = reader.optional(1) ? reader.numbers(1, 'the diagonal')[0]! : 0;
  const range = (size: Dim, start: number): Tensor =>
    reader.add('range', [], { size, dataType: 'int64', start, step: 1 });
  const row = reader.reshape(range(rows, diagonal + (upper ? -1 : 1)), [rows, 1]);
  const mask = reader.add('elementwise', [row, range(columns, 0)], { operation: upper ? 'less' : 'greater' });
  return ofTensor(reader.add('select', [mask, x, reader.scalar(x.dataType, 0)], {}));
};

const constant: Read = (reader) => {
  const tensor = reader.tensorAttribute('value');
  if (tensor) {
    tensor.name ||= reader.label;
    return stored(reader.weightsOf(tensor));
  }
  const floats =
    reader.floats('value_floats') ?? (reader.has('value_float') ? [reader.float('value_float', 0)] : undefined);
  const ints = reader.ints('value_ints') ?? (reader.has('value_int') ? [reader.int('value_int', 0)] : undefined);
  const values = floats ?? ints ?? reader.fail('it is no tensor and no number');
  const list = reader.has('value_floats') || reader.has('value_ints');
  return known(floats ? 'float32' : 'int64', list ? [values.length] : [], values);
};

export const shapes: { readonly [opType: string]: Read } = {
  Reshape: reshape,
  Unsqueeze: unsqueeze,
  Squeeze: squeeze,
  Flatten: flatten,
  Transpose: transpose,
  Expand: expand,
  Tile: tile,
  Concat: concat,
  Slice: slice,
  Split: split,
  Gather: gather,
  GatherND: gatherND,
  Shape: shape,
  Size: (reader) => known('int64', [], [product(...shapeOf(reader.input(0)))]),
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: rangeOp,
  Trilu: trilu,
};
