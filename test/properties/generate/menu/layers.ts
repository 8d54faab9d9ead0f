import { type Dim, definePlugin, type FloatType, type Network, type Operand, Tensor, type Weights } from '@trt-dsl/dsl';
import { domain, magnitude, mapped } from '../domain.ts';
import { type Draft, type Float, type Integer, round } from '../draft.ts';
import { type Menu, positive, type Step } from './arithmetic.ts';

const shapeOf = (x: Tensor): readonly Dim[] => x.shape as readonly Dim[];
const signed = (d: Draft, axis: number, rank: number): never => (d.random.chance(0.5) ? axis : axis - rank) as never;

const reduceFloat: Step = (d) => {
  const { random } = d;
  const operation = random.pick(['sum', 'mean', 'max', 'min', 'prod'] as const);
  const found = d.float({ least: 1, within: operation === 'sum' ? 100 : 1e4 });
  const x = operation === 'prod' ? d.tame(positive(d), 2) : found;
  if (x.rank === 0) return;
  const axes = random.shuffled(shapeOf(x).map((_, axis) => axis)).slice(0, random.int(1, Math.min(x.rank, 3)));
  const { low, high } = d.domainOf(x);
  const count = d.count(axes.map((axis) => shapeOf(x)[axis]!));
  if (operation === 'prod' && magnitude({ low, high }) ** count > 3e4) return;
  const values =
    operation === 'sum'
      ? domain(Math.min(low, low * count), Math.max(high, high * count))
      : operation === 'prod'
        ? domain(
            low > 0 ? Math.min(low, low ** count) : -(magnitude({ low, high }) ** count),
            Math.max(1, magnitude({ low, high }) ** count),
          )
        : domain(low, high);
  const signedAxes = axes.map((axis) => signed(d, axis, x.rank));
  d.give(d.net.addReduce(x, { operation, axes: signedAxes, keepDimensions: random.chance(0.5) }), values);
};

const reduceInteger: Step = (d) => {
  const operation = d.random.pick(['sum', 'max', 'min', 'prod'] as const);
  const x = d.integer({ least: 1, within: operation === 'prod' ? 6 : 1e4 });
  const axis = d.random.int(0, x.rank - 1);
  const { low, high } = d.domainOf(x);
  const count = d.size(shapeOf(x)[axis]!);
  const size = operation === 'prod' ? magnitude({ low, high }) ** count : magnitude({ low, high }) * count;
  if (size > 1e6) return;
  const keepDimensions = d.random.chance(0.5);
  d.keep(
    d.net.addReduce(x, { operation, axes: [signed(d, axis, x.rank)], keepDimensions }),
    operation === 'max' || operation === 'min' ? domain(low, high) : domain(-size, size),
  );
};

const softmax: Step = (d) => {
  const x = d.float({ least: 1, within: 20 });
  const axes = shapeOf(x).flatMap((size, axis) => (size === 1 ? [] : [axis]));
  if (axes.length > 0) d.keep(d.net.addSoftmax(x, { axis: signed(d, d.random.pick(axes), x.rank) }), domain(0, 1));
};

const layerNorm: Step = (d) => {
  const x = d.float({ least: 1, within: 1e3 });
  const hidden = shapeOf(x).at(-1)!;
  if (typeof hidden !== 'number' || hidden < 2) return;
  const gamma = d.weights('float32', [hidden], domain(0.5, 2));
  const beta = d.weights('float32', [hidden], domain(-1, 1));
  const epsilon = d.random.pick([1e-12, 1e-5, 0.1, 1]);
  const reach = 2 * Math.sqrt(hidden) + 1;
  d.keep(
    d.net.addLayerNorm(x, gamma as never, beta as never, epsilon === 1e-12 ? {} : { epsilon }),
    domain(-reach, reach),
  );
};

const matmul: Step = (d) => {
  const { random } = d;
  const a = d.tame(d.float({ least: 2 }), 30);
  const transposeA = random.chance(0.4);
  const transposeB = random.chance(0.4);
  const shape = shapeOf(a);
  const inner = shape.at(transposeA ? -2 : -1)!;
  const found = d.find(
    (tensor, values) =>
      tensor.dataType === a.dataType &&
      tensor.rank >= 2 &&
      tensor.rank <= a.rank &&
      !values.special &&
      magnitude(values) <= 4 &&
      String(shapeOf(tensor).at(transposeB ? -1 : -2)) === String(inner) &&
      d.broadcasts(shapeOf(tensor).slice(0, -2), shape.slice(0, -2)),
  );
  const other: Dim = random.pick([2, 3, 5, 4]);
  const matrix = transposeB ? [other, inner] : [inner, other];
  const batch = d.broadcast(shape.slice(0, -2));
  const wanted = domain(-2, 2);
  let b: Operand<'float32', number>;
  if (found && random.chance(0.7)) b = found as Float;
  else if (typeof inner === 'number' && random.chance(0.6))
    b = d.weights(a.dataType, matrix as number[], wanted) as never;
  else b = d.input(a.dataType, [...batch, ...matrix], wanted) as Float;
  const reach = magnitude(d.domainOf(a)) * d.size(inner) * (b instanceof Tensor ? magnitude(d.domainOf(b)) : 2);
  const y = d.net.addMatMul(a, b as Float, { transposeA, transposeB });
  if (d.fits(shapeOf(y), 3000)) d.give(y, domain(-reach, reach));
};

const linear: Step = (d) => {
  const x = d.tame(d.float({ least: 2 }), 30);
  const inner = shapeOf(x).at(-1)!;
  if (typeof inner !== 'number') return;
  const out = d.random.pick([2, 4, 6]);
  const transposeKernel = d.random.chance(0.4);
  const kernel = d.weights(x.dataType, transposeKernel ? [out, inner] : [inner, out], domain(-1, 1));
  const bias = d.random.chance(0.7) ? d.weights(x.dataType, [out], domain(-1, 1)) : undefined;
  const reach = magnitude(d.domainOf(x)) * inner + 1;
  d.give(d.net.addLinear(x, kernel as never, bias as never, { transposeKernel }), domain(-reach, reach));
};

/** An image, small: `[batch, channels, height, width]`. */
function image(d: Draft, channels: readonly number[]): Float {
  const found = d.find(
    (tensor, values) =>
      ['float32', 'float16', 'bfloat16'].includes(tensor.dataType) &&
      tensor.rank === 4 &&
      !values.special &&
      channels.includes(Number(shapeOf(tensor)[1])) &&
      shapeOf(tensor)
        .slice(2)
        .every((size) => typeof size === 'number' && size >= 3),
  );
  if (found && d.random.chance(0.7)) return d.tame(found as Float, 30);
  const shape = [
    d.random.pick<Dim>([1, 2, ...d.shape(1)]),
    d.random.pick(channels),
    d.random.int(4, 7),
    d.random.int(4, 7),
  ];
  return d.input(d.floatType(), shape, domain(-2, 2)) as Float;
}

const convolution: Step = (d) => {
  const { random } = d;
  const x = image(d, [2, 3, 4]) as unknown as Tensor<'float32', 4>;
  const [, channels, height, width] = shapeOf(x) as readonly number[];
  const groups = random.chance(0.4) && channels! % 2 === 0 ? 2 : 1;
  const filters = groups * random.int(1, 3);
  const window = [random.int(1, 3), random.int(1, 3)] as const;
  const dilation = [random.int(1, 2), random.int(1, 2)] as const;
  const padding = [random.int(0, 2), random.int(0, 2)] as const;
  const stride = [random.int(1, 2), random.int(1, 3)] as const;
  const room = [height!, width!].map((size, i) => size + 2 * padding[i]! - ((window[i]! - 1) * dilation[i]! + 1));
  if (room.some((size) => size < 0)) return;
  const kernel = d.weights(x.dataType, [filters, channels! / groups, ...window], domain(-1, 1));
  const bias = random.chance(0.5) ? d.weights(x.dataType, [filters], domain(-1, 1)) : undefined;
  const reach = magnitude(d.domainOf(x)) * (channels! / groups) * window[0] * window[1] + 1;
  const y = d.net.addConv2d(x, kernel as never, bias as never, { groups, dilation, padding, stride });
  if (d.fits(shapeOf(y), 3000)) d.give(y, domain(-reach, reach));
};

const pooling: Step = (d) => {
  const { random } = d;
  const x = image(d, [1, 2, 3, 4, 6]) as unknown as Tensor<'float32', 4>;
  const operation = random.pick(['max', 'average', 'average'] as const);
  const window = [random.int(1, 3), random.int(2, 3)] as const;
  const padding = window.map((size) => random.int(0, Math.floor(size / 2))) as unknown as readonly [number, number];
  const stride = random.chance(0.3) ? {} : { stride: [random.int(1, 2), random.int(1, 3)] as const };
  const space = shapeOf(x).slice(2) as number[];
  if (space.some((size, i) => size + 2 * padding[i]! < window[i]!)) return;
  const includePadding = operation === 'average' && random.chance(0.5);
  const { low, high } = d.domainOf(x);
  const values = domain(Math.min(low, 0), Math.max(high, 0));
  d.keep(d.net.addPooling(x, { operation, window, padding, ...stride, includePadding }), values);
};

const attention: Step = (d) => {
  const { random } = d;
  const type = d.floatType();
  const [batch, heads] = [random.pick<Dim>([2, ...d.shape(1)]), random.int(1, 3)];
  const [rows, columns] = [random.pick<Dim>([3, 4, ...d.shape(1)]), random.pick<Dim>([2, 5, ...d.shape(1)])];
  const [size, width] = [random.pick([2, 4]), random.pick([2, 3])];
  const part = (shape: readonly Dim[], other?: Tensor): Tensor<'float32', 4> => {
    const found = d.find(
      (tensor, values) =>
        tensor !== other &&
        tensor.dataType === type &&
        String(tensor.shape) === String(shape) &&
        !values.special &&
        magnitude(values) <= 8,
    );
    return (found ?? d.input(type, shape, domain(-2, 2))) as never;
  };
  const query = part([batch, heads, rows, size]);
  const key = part([batch, heads, columns, size]);
  const value = part([batch, heads, columns, width], key);
  const masked = random.chance(0.6) ? d.broadcast([batch, heads, rows, columns]) : undefined;
  const shape =
    masked &&
    [...[1, 1, 1, 1].slice(masked.length), ...masked].map((s, i) => ([batch, heads, rows, columns][i] === 1 ? 1 : s));
  const mask = shape && (d.input(type, shape, domain(-3, 3)) as Tensor<'float32', 4>);
  const scale = random.chance(0.6) ? round(random.real(0.3, 1.2)) : 1;
  const reach = magnitude(d.domainOf(value));
  d.keep(
    d.net.addAttention(query, key, value, { ...(scale !== 1 && { scale }), ...(mask && { mask }) }),
    domain(-reach, reach),
  );
};

const topK: Step = (d) => {
  const least = d.excluded.has('topK rank 1') ? 2 : 1;
  const x = d.random.chance(0.2) ? (d.integer({ least }) as Tensor as Float) : d.float({ least });
  const axes = shapeOf(x).flatMap((size, axis) => (typeof size === 'number' && size > 1 ? [axis] : []));
  if (axes.length === 0) return;
  const axis = d.random.pick(axes);
  const size = shapeOf(x)[axis] as number;
  const last = domain(0, size - 1);
  if (d.random.chance(0.3)) {
    d.keep(d.net.addArgmax(x, { axis: signed(d, axis, x.rank) }) as unknown as Integer, last);
    return;
  }
  const options = { k: d.random.int(1, size), axis: signed(d, axis, x.rank), largest: d.random.chance(0.5) };
  const { values, indices } = d.net.addTopK(x, options);
  d.keep(values, d.domainOf(x));
  d.keep(indices, last);
};

/** A scale that puts values within ±reach on about 40 steps to either side: few saturate, and rounding shows. */
const scaleFor = (reach: number, dataType: 'int8' | 'float8'): number => reach / (dataType === 'int8' ? 60 : 200);

const quantize: Step = (d) => {
  const { random } = d;
  const x = d.float({ least: 1, within: 100 });
  const dataType = random.pick((['int8', 'float8'] as const).filter((type) => !d.excluded.has(type)));
  const reach = Math.max(magnitude(d.domainOf(x)), 0.1);
  const size = scaleFor(reach, dataType);
  const axes = shapeOf(x).flatMap((length, axis) => (typeof length === 'number' ? [axis] : []));
  const axis = random.chance(0.5) && axes.length > 0 ? random.pick(axes) : undefined;
  const scale =
    axis === undefined
      ? round(size)
      : d.weights(x.dataType, [shapeOf(x)[axis] as number], domain(size * 0.8, size * 2));
  const along = axis === undefined ? {} : { axis: signed(d, axis, x.rank) };
  const q = d.note(d.net.addQuantize(x, scale as never, { dataType, ...along }), domain(-100, 100));
  if (random.chance(0.3) && !d.excluded.has('quantized output')) d.pool.push(q);
  const values = domain(-2 * reach, 2 * reach);
  d.keep(d.net.addDequantize(q as never, scale as never, { dataType: x.dataType, ...along }), values);
};

/** Weights kept as int8 or float8 with a scale per row, as a quantized model has them. */
const quantizedWeights: Step = (d) => {
  const { random } = d;
  const dataType = random.pick((['int8', 'float8'] as const).filter((type) => !d.excluded.has(type)));
  const shape = [random.int(2, 5), random.int(2, 6)] as const;
  const weights = d.weights(dataType, shape, domain(-100, 100));
  const type = d.floatType();
  const axis = random.int(0, 1) as 0 | 1;
  const perAxis = random.chance(0.7);
  const scale = perAxis ? d.weights(type, [shape[axis]], domain(0.01, 0.03)) : round(random.real(0.01, 0.03));
  const q = d.net.addConstant(weights as Weights<'int8', 2>);
  d.note(q, domain(-100, 100));
  d.keep(
    d.net.addDequantize(q, scale as never, { dataType: type as 'float32', ...(perAxis && { axis }) }),
    domain(-3, 3),
  );
};

/** tanh(x · gain) + shift, a plugin that no backend has a kernel for: all of them decompose it. */
export const squash = definePlugin({
  name: 'PropertySquash',
  version: '1',
  decompose: <D extends FloatType, R extends number>(
    net: Network,
    [x, gain]: readonly [Tensor<D, R>, Tensor<D, 1> | Weights<D, 1>],
    { shift }: { readonly shift: number },
  ): Tensor<D, R> => net.addAdd(net.addTanh(net.addMul(x, gain as never)), shift),
});

const plugin: Step = (d) => {
  const x = d.float({ least: 1, within: 20 });
  const last = shapeOf(x).at(-1)!;
  if (typeof last !== 'number') return;
  const gain = d.weights(x.dataType, [last], domain(0.2, 1));
  const shift = round(d.random.real(-1, 1));
  d.keep(
    squash(d.net, [x, gain as Weights<'float32', 1>], { shift }),
    mapped(d.domainOf(x), (v) => Math.tanh(v) + shift),
  );
};

/** Layers that compute over axes. */
export const layers: Menu = {
  reduceFloat,
  reduceInteger,
  softmax,
  layerNorm,
  matmul,
  linear,
  convolution,
  pooling,
  attention,
  topK,
  quantize,
  quantizedWeights,
  plugin,
};
