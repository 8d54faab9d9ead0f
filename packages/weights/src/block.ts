import { type FloatType, Network, type Weights } from '@trt-dsl/dsl';

/** Where a block finds its weights by name; WeightStore is one. */
export interface Parameters<D extends FloatType> {
  /** the type in which the model computes */
  readonly dataType: D;
  get<const S extends readonly number[]>(name: string, shape: S): Weights<D, S['length']>;
  scope(name: string): Parameters<D>;
}

/**
 * A network together with the weights of its scope: what a module takes. `scope` moves both, so that the layer
 * `encoder/layer_0/output/dense/matmul` finds its kernel at `encoder/layer_0/output/dense/kernel`.
 */
export class Block<D extends FloatType> extends Network {
  readonly weights: Parameters<D>;

  constructor(net: Network, weights: Parameters<D>, scope?: string) {
    super(net, scope);
    this.weights = weights;
  }

  /** The type in which the model computes. */
  get dataType(): D {
    return this.weights.dataType;
  }

  override scope(name: string): Block<D> {
    return new Block(this, this.weights.scope(name), name);
  }

  /**
   * The weights `name` of this scope.
   * @throws TrtDslError 'weights' if there are none, 'shape' if they have another shape
   */
  get<const S extends readonly number[]>(name: string, shape: S): Weights<D, S['length']> {
    return this.weights.get(name, shape);
  }
}
