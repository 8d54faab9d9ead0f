import type { Tensors } from './backend.ts';
import { type Dim, dimNames } from './dim.ts';
import type { Node } from './node.ts';
import type { Tensor } from './tensor.ts';
import type { Weights } from './weights.ts';

/**
 * A finished network: frozen nodes in an order of execution, with named inputs and outputs. Backends compile it.
 * @typeParam I, O the inputs and outputs that the compiler knows, see `Network.graph`
 */
export class Graph<out I extends Tensors = Tensors, out O extends Tensors = Tensors> {
  /** types only */
  declare readonly signature?: { readonly inputs: I; readonly outputs: O };
  readonly name: string;
  readonly nodes: readonly Node[];
  /** in the order in which they were added; the key is the binding's name */
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly outputs: ReadonlyMap<string, Tensor>;

  constructor(name: string, nodes: readonly Node[], outputs: ReadonlyMap<string, Tensor>) {
    this.name = name;
    this.nodes = Object.freeze([...nodes]);
    this.inputs = new Map(nodes.flatMap((node) => (node.op === 'input' ? [[node.name, node.outputs[0]!]] : [])));
    this.outputs = new Map(outputs);
    Object.freeze(this);
  }

  /** The names of all dims whose size is known at run time only, in the order in which the inputs bring them. */
  get dimNames(): readonly string[] {
    return [
      ...new Set([...this.inputs.values()].flatMap((input) => (input.shape as readonly Dim[]).flatMap(dimNames))),
    ];
  }

  /** All constants. */
  get weights(): readonly Weights[] {
    return this.nodes.flatMap((node) => (node.op === 'constant' ? [node.attributes.weights] : []));
  }
}
