import { type ConversionLoss, convertBytes, fromNumbers } from './convert.ts';
import { arrayOf, bytesOf, type DataType, dataTypes, type HostArray, isDataType } from './data-type.ts';
import { TrtDslError } from './errors.ts';
import type { Tuples } from './ranks.ts';

/** Told once when a conversion to a narrower type lost values. */
export type LossListener = (
  loss: ConversionLoss & { readonly name: string; readonly to: DataType; readonly count: number },
) => void;

const warn: LossListener = ({ name, to, count, overflowed }) => {
  if (overflowed > 0)
    process.emitWarning(`${overflowed} of ${count} values of weights "${name}" overflow ${to}`, 'TrtDslWarning');
};

/** Where integers are not the numbers that they were made of; -1 for nowhere. */
function wrongAt(array: HostArray, values: ArrayLike<number>): number {
  for (let i = 0; i < array.length; i++) if (Number(array[i]) !== values[i]) return i;
  return -1;
}

/** What makes Weights: the elements in row-major order, little-endian, handed over when they are first needed. */
export interface WeightsSource<D extends DataType, S extends readonly number[]> {
  /** where they come from: a checkpoint's key, a file's name; names the constant and appears in errors */
  readonly name: string;
  readonly dataType: D;
  readonly shape: S;
  /** @returns exactly the bytes of the shape; called each time a backend needs them, so nothing is held in between */
  readonly read: () => Uint8Array;
}

/** @throws TrtDslError 'argument', 'data-type' unless `array` is what host memory holds of the type */
function requireArray(name: string, dataType: DataType, array: unknown): void {
  if (!isDataType(dataType))
    throw new TrtDslError('argument', `weights "${name}": there is no data type ${JSON.stringify(dataType)}`);
  const { array: wanted, kind } = dataTypes[dataType];
  if (array instanceof wanted) return;
  const found = ArrayBuffer.isView(array) ? array.constructor.name : Array.isArray(array) ? 'list' : typeof array;
  const bits = kind === 'float' && dataType !== 'float32' ? ' of bits' : '';
  throw new TrtDslError(
    'data-type',
    `weights "${name}": ${dataType} takes a ${wanted.name}${bits}, not a ${found}; Weights.fromNumbers takes any numbers`,
  );
}

/** A constant tensor by reference: type and shape are known, its bytes are read on demand (nvinfer1::Weights). */
export class Weights<out D extends DataType = DataType, out R extends number = number> {
  /** tells weights from tensors, also to the compiler */
  get kind(): 'weights' {
    return 'weights';
  }

  readonly name: string;
  readonly dataType: D;
  readonly shape: Tuples<number>[R];
  readonly #read: () => Uint8Array;
  readonly #as = new Map<DataType, Weights>();
  /** what `as` converted, so that converting on starts from the unrounded values */
  readonly #origin: Weights | undefined;

  private constructor(source: WeightsSource<D, readonly number[]>, origin?: Weights) {
    this.#origin = origin;
    this.name = source.name;
    this.dataType = source.dataType;
    this.shape = Object.freeze([...source.shape]) as Tuples<number>[R];
    this.#read = source.read;
  }

  /** Weights whose bytes `source.read` brings on demand. */
  static from<D extends DataType, const S extends readonly number[]>(
    source: WeightsSource<D, S>,
  ): Weights<D, S['length']> {
    for (const size of source.shape)
      if (!Number.isSafeInteger(size) || size < 0)
        throw new TrtDslError('shape', `weights "${source.name}": [${source.shape.join(', ')}] is no shape`);
    return new Weights<D, S['length']>(source);
  }

  /** Weights over a TypedArray of the type's host form (float16: bits in a Uint16Array), without a copy; `fromNumbers` rounds numbers. */
  static of<D extends DataType, const S extends readonly number[]>(
    dataType: D,
    shape: S,
    array: HostArray<NoInfer<D>>,
    name = 'constant',
  ): Weights<D, S['length']> {
    requireArray(name, dataType, array);
    const weights = Weights.from({ name, dataType, shape, read: () => bytesOf(array) });
    if (array.length !== weights.size)
      throw new TrtDslError('shape', `weights "${name}": ${array.length} values are not [${shape.join(', ')}]`);
    return weights;
  }

  /**
   * Weights from plain numbers, rounded to a float `dataType` (nearest even); an integer one takes only what it holds.
   * @throws TrtDslError 'argument' for a number that is no integer of the type
   */
  static fromNumbers<D extends DataType, const S extends readonly number[]>(
    dataType: D,
    shape: S,
    values: ArrayLike<number>,
    name = 'constant',
  ): Weights<D, S['length']> {
    const array = fromNumbers(dataType, values);
    const wrong = dataTypes[dataType].kind === 'integer' ? wrongAt(array, values) : -1;
    if (wrong >= 0)
      throw new TrtDslError(
        'argument',
        `${shape.length === 0 ? '' : `weights "${name}", element ${wrong}: `}the number ${values[wrong]} does not fit ${dataType}`,
      );
    return Weights.of(dataType, shape, array as HostArray<NoInfer<D>>, name);
  }

  /** Number of elements. */
  get size(): number {
    return (this.shape as readonly number[]).reduce((a, b) => a * b, 1);
  }

  get byteLength(): number {
    return this.size * dataTypes[this.dataType].bytes;
  }

  /**
   * The elements' bytes, row-major, little-endian.
   * @throws TrtDslError 'weights' if the source hands over another number of bytes
   */
  bytes(): Uint8Array {
    const bytes = this.#read();
    if (bytes.byteLength !== this.byteLength)
      throw new TrtDslError(
        'weights',
        `weights "${this.name}": ${bytes.byteLength} bytes where ${this} needs ${this.byteLength}`,
      );
    return bytes;
  }

  /** The elements as the type's TypedArray. */
  array(): HostArray<D> {
    return arrayOf(this.dataType, this.bytes());
  }

  /**
   * The same weights in another type of the same kind, converted (nearest even) when they are read. What overflowed or
   * became subnormal is told to `onLoss` at the first reading; without a listener an overflow is a process warning.
   * Weights that were converted already are converted anew from what they were.
   */
  as<E extends DataType>(dataType: E, onLoss: LossListener = warn): Weights<E, R> {
    if ((dataType as DataType) === this.dataType) return this as unknown as Weights<E, R>;
    if (this.#origin) return this.#origin.as(dataType, onLoss) as unknown as Weights<E, R>;
    const known = this.#as.get(dataType);
    if (known) return known as Weights<E, R>;
    if (dataTypes[dataType].kind !== dataTypes[this.dataType].kind)
      throw new TrtDslError('data-type', `weights "${this.name}" (${this}) cannot stand in for ${dataType}`);
    let told = false;
    const read = (): Uint8Array => {
      const { bytes, overflowed, underflowed } = convertBytes(this.bytes(), this.dataType, dataType);
      if (!told && overflowed + underflowed > 0)
        onLoss({ name: this.name, to: dataType, count: this.size, overflowed, underflowed });
      told = true;
      return bytes;
    };
    const converted = new Weights<E, R>(
      { name: this.name, dataType, shape: this.shape as readonly number[], read },
      this,
    );
    this.#as.set(dataType, converted);
    return converted;
  }

  /** `float32[768, 768]` */
  toString(): string {
    return `${this.dataType}[${(this.shape as readonly number[]).join(', ')}]`;
  }
}
