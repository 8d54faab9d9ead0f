import {
  bareName,
  type DataType,
  type Dim,
  dim,
  evaluateDim,
  floatTypes,
  Network,
  type Operand,
  type Sizes,
  type Tensor,
  type TensorType,
  Weights,
} from '@trt-dsl/dsl';
import { type Domain, domain, draw, magnitude } from './domain.ts';
import type { Random } from './random.ts';

/** Sizes of the named dims, run by run: unequal ones, so that a mix-up of names shows. Every graph uses these names. */
export const sizesOfRuns: readonly Sizes[] = [
  { batch: 2, seq: 5, wide: 4 },
  { batch: 1, seq: 3, wide: 2 },
  { batch: 3, seq: 6, wide: 5 },
];
const largest = sizesOfRuns[2]!;
const names = ['batch', 'seq', 'wide'].map(dim);
const mostElements = 1200;

/** What a backend cannot do: features that graphs for it leave out. */
export type Excluded = ReadonlySet<string>;

// The methods' types want a data type known to the compiler; the generator knows it at run time only.
export type Float = Tensor<'float32'>;
export type Integer = Tensor<'int32'>;
export type Bool = Tensor<'bool'>;

/** A graph being drawn: the network, the tensors to build on, what values they can have. */
export class Draft {
  readonly top = new Network('case');
  readonly random: Random;
  readonly excluded: Excluded;
  readonly domains = new Map<string, Domain>();
  /** what the next step can build on */
  readonly pool: Tensor[] = [];
  net: Network = this.top;
  readonly #fed = new Set<Tensor>();
  #inputs = 0;
  #weights = 0;

  constructor(random: Random, excluded: Excluded) {
    this.random = random;
    this.excluded = excluded;
  }

  domainOf = (tensor: Tensor): Domain => this.domains.get(tensor.name)!;

  /** Adds a tensor to what next steps can build on. */
  keep<T extends Tensor>(tensor: T, values: Domain): T {
    this.domains.set(tensor.name, values);
    this.pool.push(tensor);
    return tensor;
  }

  /** Notes the domain of a tensor that stands between two layers of one step. */
  note<T extends Tensor>(tensor: T, values: Domain): T {
    this.domains.set(tensor.name, values);
    return tensor;
  }

  /** A tensor that satisfies the condition, rather a recent one. */
  find(condition: (tensor: Tensor, values: Domain) => boolean): Tensor | undefined {
    const fitting = this.pool.filter((tensor) => condition(tensor, this.domainOf(tensor)));
    if (fitting.length === 0) return undefined;
    const computed = fitting.filter((tensor) => !this.#fed.has(tensor));
    if (computed.length > 0 && this.random.chance(0.75))
      return computed.at(-this.random.int(1, Math.min(4, computed.length)));
    return this.random.chance(0.6)
      ? fitting.at(-this.random.int(1, Math.min(3, fitting.length)))
      : this.random.pick(fitting);
  }

  floatType(): DataType {
    const types = floatTypes.filter((type) => !this.excluded.has(type));
    return this.random.pick([...types, 'float32']);
  }

  /** A float tensor of this rank within ±most, found or made. Special values only where `special` says so. */
  float({ least = 0, most = 5, within = 1e4, low = Number.NEGATIVE_INFINITY, elements = mostElements } = {}): Float {
    const found = this.random.chance(0.85)
      ? this.find(
          (tensor, values) =>
            floatTypes.includes(tensor.dataType) &&
            tensor.rank >= least &&
            tensor.rank <= most &&
            !values.special &&
            magnitude(values) <= within &&
            values.low >= low &&
            this.count(tensor.shape as readonly Dim[]) <= elements,
        )
      : undefined;
    if (found) return found as Float;
    const high = Math.min(within, this.random.pick([1, 2, 4]));
    const rank = Math.min(most, Math.max(least, this.random.pick([1, 2, 2, 3, 3, 4, 5])));
    return this.input(
      this.floatType(),
      this.shape(rank, elements),
      domain(Math.max(low, -high), Math.max(high, low + 2)),
    ) as Float;
  }

  integer({ least = 0, most = 4, within = 1e6 } = {}): Integer {
    const found = this.find(
      (tensor, values) =>
        (tensor.dataType === 'int32' || tensor.dataType === 'int64') &&
        tensor.rank >= least &&
        tensor.rank <= most &&
        magnitude(values) <= within,
    );
    if (found && this.random.chance(0.8)) return found as Integer;
    const rank = Math.min(most, Math.max(least, this.random.int(1, 3)));
    return this.input(this.random.pick(['int32', 'int64']), this.shape(rank), domain(-6, 6)) as Integer;
  }

  bool({ least = 0 } = {}): Bool {
    const found = this.find((tensor) => tensor.dataType === 'bool' && tensor.rank >= least);
    if (found && this.random.chance(0.85)) return found as Bool;
    return this.input('bool', this.shape(Math.max(least, this.random.int(1, 3))), domain(0, 1)) as Bool;
  }

  /** A tensor of one of the types, as data movement takes it. */
  any({
    least = 0,
    most = 5,
    special = true,
    types = [...floatTypes, 'int32', 'int64', 'bool'] as readonly DataType[],
  } = {}): Tensor {
    const found = this.find(
      (tensor, values) =>
        types.includes(tensor.dataType) && tensor.rank >= least && tensor.rank <= most && (special || !values.special),
    );
    return found && this.random.chance(0.85) ? found : this.float({ least, most });
  }

  /** A name or number that an axis can grow to: names that an input has already brought. */
  growth(): Dim {
    const known = [...this.#fed].flatMap((tensor) => (tensor.shape as readonly Dim[]).filter((size) => bareName(size)));
    return this.random.pick<Dim>([2, 3, ...known]);
  }

  /** A new input. */
  input(dataType: DataType, shape: readonly Dim[], values: Domain): Tensor {
    const name = `x${this.#inputs++}`;
    const tensor = this.top.addInput(name, dataType, shape) as Tensor;
    this.#fed.add(tensor);
    return this.keep(tensor, values);
  }

  /** Constant weights, float or integer, with values of the domain. */
  weights(dataType: DataType, shape: readonly number[], values: Domain): Weights {
    const count = shape.reduce((a, b) => a * b, 1);
    const name = `w${this.#weights++}`;
    return Weights.of(dataType, shape, draw(this.random, dataType, count, values), name);
  }

  /** Elements at the largest sizes. */
  count(shape: readonly Dim[]): number {
    return shape.reduce<number>((a, b) => a * this.size(b), 1);
  }

  /** The size of a dim at its largest. */
  size(of: Dim): number {
    return evaluateDim(of, largest);
  }

  /** Whether a tensor of this shape is small enough. */
  fits(shape: readonly Dim[], elements = mostElements): boolean {
    return shape.length <= 5 && this.count(shape) <= elements;
  }

  /** A random shape: named dims in front more often than behind, at most one axis of size 1. */
  shape(rank: number, elements = mostElements): Dim[] {
    const random = this.random;
    for (let tries = 0; ; tries++) {
      const axes = Array.from({ length: rank }, (_, axis): Dim => {
        if (random.chance(axis === 0 ? 0.5 : axis === rank - 1 ? 0.1 : 0.25)) return random.pick(names);
        return tries > 10 ? random.int(2, 3) : random.pick([2, 3, 4, 4, 6, 8, 1]);
      });
      if (axes.filter((size) => size === 1).length <= 1 && (this.fits(axes, elements) || tries > 40)) return axes;
    }
  }

  /** A shape that broadcasts with `shape`: its last axes, some of them 1, its own 1s stretched. */
  broadcast(shape: readonly Dim[]): Dim[] {
    const rank = this.random.chance(0.5) ? shape.length : this.random.int(0, shape.length);
    return shape.slice(shape.length - rank).map((size) => {
      if (size === 1) return this.random.pick([1, 2, 3]);
      return this.random.chance(0.25) ? 1 : size;
    });
  }

  /** Something to stand beside `a`, with values of the wanted domain: a number, weights, a tensor found, a new input. */
  beside(a: TensorType, wanted: Domain): { operand: Operand<'float32', number>; values: Domain } {
    const { random } = this;
    const shape = a.shape;
    const fits = (tensor: Tensor, values: Domain): boolean =>
      tensor.dataType === a.dataType &&
      tensor.rank <= shape.length &&
      !values.special &&
      values.low >= wanted.low &&
      values.high <= wanted.high &&
      this.broadcasts(tensor.shape as readonly Dim[], shape);
    const found = random.chance(0.45) ? this.find(fits) : undefined;
    if (found) return { operand: found as Float, values: this.domainOf(found) };
    const smaller = this.broadcast(shape);
    const kind = random.int(0, 3);
    if (kind === 0) {
      const whole = !floatTypes.includes(a.dataType);
      const value = whole
        ? random.int(Math.ceil(wanted.low), Math.floor(wanted.high))
        : round(random.real(wanted.low, wanted.high));
      return { operand: value, values: domain(value, value) };
    }
    if (kind < 3 && smaller.every((size) => typeof size === 'number'))
      return { operand: this.weights(a.dataType, smaller as number[], wanted) as never, values: wanted };
    return { operand: this.input(a.dataType, smaller, wanted) as Float, values: wanted };
  }

  /** Whether `b` broadcasts to `a` without an axis of `a` growing beyond what is handy. */
  broadcasts(b: readonly Dim[], a: readonly Dim[]): boolean {
    if (b.length > a.length) return false;
    return b.every((size, i) => {
      const other = a[a.length - b.length + i]!;
      return size === 1 || String(size) === String(other);
    });
  }

  /** Adds a float result; brings it back into range where its values could grow without end. */
  give(x: Tensor, values: Domain): Tensor {
    const limit = x.dataType === 'float16' ? 1e3 : 1e4;
    const kept = this.keep(x, values);
    return floatTypes.includes(x.dataType) && !values.special && magnitude(values) > limit
      ? this.tame(kept as Float, 8)
      : kept;
  }

  /** x made smaller where its values could exceed `within`, so that products and sums of it stay in range. */
  tame(x: Float, within: number): Float {
    const values = this.domainOf(x);
    const size = magnitude(values);
    if (size <= within) return x;
    const factor = 2 ** -Math.ceil(Math.log2(size / within));
    return this.keep(this.net.addMul(x, factor), domain(values.low * factor, values.high * factor));
  }
}

/** Three significant digits, for numbers that a person reads in a failing graph. */
export const round = (value: number): number => Number(value.toPrecision(3));
