import { broadcastShapes, type DataType, type Dim, floatTypes, indexTypes, type Tensor } from '@trt-dsl/dsl';
import { type Domain, domain, ends, magnitude, mapped, union } from '../domain.ts';
import { type Bool, type Draft, type Float, type Integer, round } from '../draft.ts';

/** A step of the generator: adds a layer or two on what is there, or does nothing where it cannot. */
export type Step = (d: Draft) => void;
export type Menu = Readonly<Record<string, Step>>;

const isFloat = (x: Tensor): boolean => floatTypes.includes(x.dataType);
const special = (...of: readonly Domain[]): { special?: true } =>
  of.some((one) => one.special) ? { special: true } : {};

/** A tensor for arithmetic: mostly floats, now and then integers or floats with special values. */
function number(d: Draft, within: number): Float {
  if (d.random.chance(0.45)) return d.integer({ within: Math.min(within, 1e3) }) as Tensor as Float;
  if (d.random.chance(0.15) && !d.excluded.has('special')) {
    const found = d.find((tensor, values) => isFloat(tensor) && values.special === true);
    if (found) return found as Float;
    return d.input(d.floatType(), d.shape(d.random.int(1, 3)), { low: -4, high: 4, special: true }) as Float;
  }
  return d.float({ within });
}

const binary =
  (add: 'addAdd' | 'addSub' | 'addMul' | 'addMin' | 'addMax', f: (x: number, y: number) => number): Step =>
  (d) => {
    const a = number(d, 400);
    const from = d.domainOf(a);
    const { operand, values } = d.beside(a, add === 'addMul' ? domain(-4, 4) : around(from));
    d.give(d.net[add](a, operand), { ...ends(from, values, f), ...special(from, values) });
  };

/** Somewhat more than a domain, so that a minimum with something in it is neither always the one nor the other. */
const around = ({ low, high }: Domain): Domain => domain(Math.min(low, -1), Math.max(high, 1));

/** A float tensor whose values are well above zero. */
export function positive(d: Draft): Float {
  const x = d.float({ within: 400 });
  const { low, high } = d.domainOf(x);
  if (low >= 0.2) return x;
  const way = d.random.int(0, 2);
  if (way === 0 && high <= 4 && low >= -4) return d.note(d.net.addExp(x), mapped({ low, high }, Math.exp));
  if (way === 1) return d.note(d.net.addAdd(d.net.addAbs(x), 0.5), domain(0.5, magnitude({ low, high }) + 0.5));
  return d.input(d.floatType(), d.shape(d.random.int(1, 4)), domain(0.3, 3)) as Float;
}

const divide: Step = (d) => {
  if (d.random.chance(0.35)) {
    const a = d.integer({ within: 1e4 });
    const { operand, values } = d.beside(a, d.random.chance(0.6) ? domain(1, 5) : domain(-4, -1));
    d.keep(
      d.net.addDiv(a, operand as never),
      ends(d.domainOf(a), values, (x, y) => Math.trunc(x / y)),
    );
    return;
  }
  const a = number(d, 400);
  const from = d.domainOf(a);
  const { operand, values } = d.beside(a, isFloat(a) ? domain(0.4, 4) : domain(1, 5));
  d.give(d.net.addDiv(a, operand), { ...ends(from, values, (x, y) => x / y), ...special(from) });
};

const power: Step = (d) => {
  const base = d.tame(positive(d), 16);
  const { operand, values } = d.beside(base, domain(-1.5, 2));
  d.give(
    d.net.addPow(base, operand),
    ends(d.domainOf(base), values, (x, y) => x ** y),
  );
};

const compare =
  (add: 'addLess' | 'addGreater'): Step =>
  (d) => {
    const a = number(d, 1e4);
    const { low, high } = d.domainOf(a);
    const middle = (low + high) / 2;
    const { operand } = d.beside(a, domain(middle - (high - low) / 4 - 0.1, middle + (high - low) / 4 + 1));
    d.keep(d.net[add](a, operand), domain(0, 1));
  };

/** Equality happens among small integers, and where one side was made from the other. */
const equal: Step = (d) => {
  if (d.random.chance(0.5)) {
    const a = d.integer({ within: 8 });
    const { operand } = d.beside(a, domain(-2, 2));
    d.keep(d.net.addEqual(a, operand as never), domain(0, 1));
    return;
  }
  const a = d.float();
  if (d.random.chance(0.5)) d.keep(d.net.addEqual(d.net.addReLU(a), 0), domain(0, 1));
  else {
    const { operand } = d.beside(a, around(d.domainOf(a)));
    d.keep(d.net.addEqual(d.net.addMax(a, operand), operand), domain(0, 1));
  }
};

const logical =
  (add: 'addAnd' | 'addOr'): Step =>
  (d) => {
    const a = d.bool();
    d.keep(d.net[add](a, d.beside(a, domain(0, 1)).operand as never), domain(0, 1));
  };

const select: Step = (d) => {
  const a = d.random.chance(0.6) ? d.float({ least: 1 }) : d.any({ least: 1 });
  const from = d.domainOf(a);
  const { operand, values } = d.beside(a, a.dataType === 'bool' ? domain(0, 1) : around(from));
  const other = typeof operand === 'number' ? [] : (operand.shape as readonly Dim[]);
  const shape = broadcastShapes(a.shape as readonly Dim[], other)!;
  const found = d.find((tensor) => tensor.dataType === 'bool' && d.broadcasts(tensor.shape as never, shape));
  const smaller = shape.slice(d.random.int(0, shape.length - 1)).map((size) => (d.random.chance(0.2) ? 1 : size));
  const condition = (found ?? d.input('bool', smaller, domain(0, 1))) as Bool;
  d.keep(d.net.addSelect(condition, a as Float, operand), union(from, values));
};

const unary = (
  add: 'addExp' | 'addSigmoid' | 'addTanh' | 'addReLU',
  within: number,
  f: (low: number) => number,
): Step => {
  return (d) => {
    const x = d.float({ within });
    d.give(d.net[add](x), mapped(d.domainOf(x), f));
  };
};

/** |erf(x)| ≤ 2/√π |x| and ≤ 1 */
const erf: Step = (d) => {
  const x = d.float({ within: 1e3 });
  const { low, high } = d.domainOf(x);
  d.keep(d.net.addErf(x), domain(Math.max(Math.min(1.13 * low, 0), -1), Math.min(Math.max(1.13 * high, 0), 1)));
};

const ofPositive =
  (add: 'addLog' | 'addSqrt' | 'addRecip', f: (x: number) => number): Step =>
  (d) => {
    const x = positive(d);
    d.give(d.net[add](x), mapped(d.domainOf(x), f));
  };

const absolute: Step = (d) => {
  const x = number(d, 1e4);
  const values = d.domainOf(x);
  d.keep(d.net.addAbs(x), { low: 0, high: magnitude(values), ...special(values) });
};

const negative: Step = (d) => {
  const x = number(d, 1e4);
  d.keep(d.net.addNeg(x), { ...mapped(d.domainOf(x), (v) => -v), ...special(d.domainOf(x)) });
};

const gelu: Step = (d) => {
  const x = d.float({ within: 30 });
  const { high } = d.domainOf(x);
  d.keep(d.net.addGELU(x, d.random.chance(0.5) ? { approximate: 'tanh' } : {}), domain(-0.2, Math.max(high, 0.1)));
};

const not: Step = (d) => {
  d.keep(d.net.addNot(d.bool()), domain(0, 1));
};

const scale: Step = (d) => {
  const x = d.float({ within: 50 });
  const positiveOnly = d.domainOf(x).low >= 0.2;
  const options: { scale?: never; shift?: never; power?: never } = {};
  let values = d.domainOf(x);
  let shape = x.shape as readonly Dim[];
  const part = (key: 'scale' | 'shift' | 'power', wanted: Domain, f: (a: number, b: number) => number): void => {
    const beside = d.beside({ dataType: x.dataType, shape }, wanted);
    options[key] = beside.operand as never;
    const other = typeof beside.operand === 'number' ? [] : (beside.operand.shape as readonly Dim[]);
    shape = broadcastShapes(shape, other)!;
    values = ends(values, beside.values, f);
  };
  if (d.random.chance(0.7)) part('scale', domain(0.5, 2), (a, b) => a * b);
  if (d.random.chance(0.7)) part('shift', domain(0, 2), (a, b) => a + b);
  if (positiveOnly && d.random.chance(0.7)) part('power', domain(0.5, 1.5), (a, b) => a ** b);
  if (Object.keys(options).length > 0) d.give(d.net.addScale(x, options), values);
};

/** A cast unless the backend has none between these types. */
function castTo(d: Draft, x: Tensor, dataType: DataType, values: Domain): void {
  if (!d.excluded.has(dataType) && !d.excluded.has(`cast ${x.dataType} to ${dataType}`))
    d.keep(d.net.addCast(x, { dataType }), values);
}

/** x with values spread over several whole numbers, so that rounding to one is rarely in doubt. */
function spreadOut(d: Draft, x: Float): Float {
  const values = d.domainOf(x);
  if (magnitude(values) >= 4) return x;
  return d.note(
    d.net.addMul(x, 7),
    mapped(values, (v) => 7 * v),
  );
}

const castFloat: Step = (d) => {
  if (d.random.chance(0.1) && !d.excluded.has('special')) {
    const found = d.find((tensor, values) => isFloat(tensor) && values.special === true);
    if (!found) return;
    castTo(d, found, d.random.pick(floatTypes.filter((type) => type !== found.dataType)), d.domainOf(found));
    return;
  }
  const x = d.float();
  const to = d.random.pick(['float', 'float', 'index', 'bool'] as const);
  if (to === 'float') {
    castTo(d, x, d.random.pick(floatTypes.filter((type) => type !== x.dataType)), d.domainOf(x));
  } else if (to === 'bool') castTo(d, d.net.addReLU(x), 'bool', domain(0, 1));
  else {
    const spread = spreadOut(d, x);
    castTo(d, spread, d.random.pick(indexTypes), mapped(d.domainOf(spread), Math.trunc));
  }
};

const castInteger: Step = (d) => {
  const type = d.random.pick(indexTypes);
  const found = d.find((tensor, { low }) => tensor.dataType === type && low >= 0);
  const x = found ?? d.input(type, d.shape(d.random.int(1, 3)), domain(-1, 1));
  if (d.random.chance(0.6)) castTo(d, x, 'bool', domain(0, 1));
  else castTo(d, x, d.floatType(), d.domainOf(x));
};

const castBool: Step = (d) => {
  castTo(d, d.bool(), d.random.pick([...indexTypes, d.floatType()]), domain(0, 1));
};

/** Through a type that has no arithmetic, and back. */
const castNarrow: Step = (d) => {
  const narrow = d.random.pick(['uint8', 'uint8', 'float8'] as const);
  if (d.excluded.has(`cast to ${narrow}`)) return;
  const found = d.find(({ dataType }, values) => dataType === 'float32' && !values.special && magnitude(values) <= 200);
  const x = (found ?? d.input('float32', d.shape(d.random.int(1, 3)), domain(-2, 2))) as Float;
  const values = d.domainOf(x);
  const from = narrow === 'float8' || values.low >= 0 ? x : d.note(d.net.addAbs(x), domain(0, magnitude(values)));
  const spread = narrow === 'uint8' ? spreadOut(d, from) : from;
  const held = d.domainOf(spread);
  const y = d.note(d.net.addCast(spread, { dataType: narrow }), held);
  castTo(d, y, narrow === 'uint8' ? d.random.pick(['float32', 'int32']) : 'float32', held);
};

/** Between the index types and back, so that both occur in every place that takes either. */
const castIndex: Step = (d) => {
  const x = d.integer();
  const dataType = d.random.pick(indexTypes.filter((type) => type !== x.dataType));
  d.keep(d.net.addCast(x as Integer, { dataType }), d.domainOf(x));
};

const clamp: Step = (d) => {
  const x = d.float();
  const limit = round(d.random.real(0.3, 2));
  d.keep(d.net.addMax(d.net.addMin(x, limit), -limit), domain(-limit, limit));
};

/** A number for everything that makes one out of one or two. */
export const arithmetic: Menu = {
  sum: binary('addAdd', (x, y) => x + y),
  sub: binary('addSub', (x, y) => x - y),
  prod: binary('addMul', (x, y) => x * y),
  min: binary('addMin', Math.min),
  max: binary('addMax', Math.max),
  divide,
  power,
  less: compare('addLess'),
  greater: compare('addGreater'),
  equal,
  and: logical('addAnd'),
  or: logical('addOr'),
  not,
  select,
  exp: unary('addExp', 5, Math.exp),
  erf,
  sigmoid: unary('addSigmoid', 10, (x) => 1 / (1 + Math.exp(-x))),
  tanh: unary('addTanh', 20, Math.tanh),
  relu: unary('addReLU', 1e4, (x) => Math.max(x, 0)),
  gelu,
  log: ofPositive('addLog', Math.log),
  sqrt: ofPositive('addSqrt', Math.sqrt),
  recip: ofPositive('addRecip', (x) => 1 / x),
  abs: absolute,
  neg: negative,
  scale,
  castFloat,
  castInteger,
  castBool,
  castNarrow,
  castIndex,
  clamp,
};
