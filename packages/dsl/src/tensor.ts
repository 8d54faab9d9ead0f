import type { DataType } from './data-type.ts';
import { type Dim, formatShape } from './dim.ts';
import { TrtDslError } from './errors.ts';
import type { Tuples } from './ranks.ts';
import type { Weights } from './weights.ts';

/** What a tensor is apart from its name: the data type and the size of each axis. */
export interface TensorType {
  readonly dataType: DataType;
  readonly shape: readonly Dim[];
}

/** `float16[batch, seq, 768]` */
export const formatType = ({ dataType, shape }: TensorType): string => `${dataType}${formatShape(shape)}`;

/**
 * A value in a network (nvinfer1::ITensor). The data type and the rank are part of its type; each size is checked when
 * the layer that makes it is added.
 */
export class Tensor<out D extends DataType = DataType, out R extends number = number> implements TensorType {
  /**
   * Tells tensors from weights. It stands first because the compiler goes through the properties in this order to find the
   * part of `Operand` that an error is about.
   */
  get kind(): 'tensor' {
    return 'tensor';
  }

  /** number in the network, in the order of creation; `%12` in listings */
  readonly id: number;
  /** the full path of the layer that makes it; TensorRT's and ONNX's tensor name */
  readonly name: string;
  readonly dataType: D;
  readonly shape: Tuples<Dim>[R];
  /** the network it belongs to, by identity */
  readonly owner: object;

  /** @internal Tensors are made by a network's layers. */
  constructor(owner: object, id: number, name: string, type: TensorType) {
    this.owner = owner;
    this.id = id;
    this.name = name;
    this.dataType = type.dataType as D;
    this.shape = Object.freeze([...type.shape]) as Tuples<Dim>[R];
    Object.freeze(this);
  }

  get rank(): R {
    return (this.shape as readonly Dim[]).length as R;
  }

  /**
   * The same tensor with a type and rank that the compiler could not know.
   * @throws TrtDslError 'data-type' or 'shape' if it has others
   */
  as<E extends DataType, const K extends number>(dataType: E, rank: K): Tensor<E, K> {
    if ((this.dataType as DataType) !== dataType)
      throw new TrtDslError('data-type', `${this.name} is ${formatType(this)}, not ${dataType}`);
    if ((this.rank as number) !== rank)
      throw new TrtDslError('shape', `${this.name} is ${formatType(this)}, not of rank ${rank}`);
    return this as unknown as Tensor<E, K>;
  }

  /** `float16[batch, seq, 768]` */
  toString(): string {
    return formatType(this);
  }
}

/**
 * What stands beside a tensor of type D and rank R: another tensor, weights (converted to D when they are read), or a
 * number (a scalar of type D).
 */
export type Operand<D extends DataType, R extends number> = Tensor<D, R> | Weights<DataType, R> | number;
