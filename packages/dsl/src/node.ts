import type * as layers from './layers/index.ts';
import type { Op } from './op.ts';
import type { Tensor } from './tensor.ts';

type Ops = {
  // biome-ignore lint/suspicious/noExplicitAny: any op, whatever its attributes
  [K in keyof typeof layers as (typeof layers)[K] extends Op<infer Name, any> ? Name : never]: (typeof layers)[K];
};

/** The names of all ops; each is defined in `layers/`. */
export type OpName = keyof Ops;

/** The attributes of each op. */
export type Attributes = { readonly [Name in OpName]: Ops[Name] extends Op<Name, infer A> ? Readonly<A> : never };

type Nodes = {
  readonly [Name in OpName]: {
    /** position in the graph, which is an order of execution */
    readonly id: number;
    readonly op: Name;
    /** full path, unique in the graph: `encoder/layer_0/attention/self/query/matmul` */
    readonly name: string;
    readonly inputs: readonly Tensor[];
    readonly outputs: readonly Tensor[];
    readonly attributes: Attributes[Name];
  };
};

/** One layer of a graph: a frozen record. `switch (node.op)` narrows the attributes. */
export type Node<Name extends OpName = OpName> = Nodes[Name];

/**
 * A backend's table: for every op, what it becomes. A missing entry does not compile.
 * @typeParam C what the backend carries along
 * @typeParam V what the backend calls a value
 */
export type Lowerings<C, V> = {
  readonly [Name in OpName]: (node: Node<Name>, inputs: readonly V[], context: C) => readonly V[];
};
