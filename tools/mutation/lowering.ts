import type { Graph, Node } from '@trt-dsl/dsl';
import { labelOf } from '../../test/properties/suite.ts';

/** A call that a lowering makes: an ONNX node, or a method of a TensorRT network or layer. */
export interface Call {
  readonly name: string;
  readonly args: readonly unknown[];
}

export type Make = (call: Call) => unknown;

/** Whose call it is: a row of the table, and the node that is lowered. */
export interface Place {
  readonly row: string;
  readonly node: Node;
}

/** What sees, and may change, what lowerings are given and what they do. */
export interface Watch {
  /** the node to lower in a node's place */
  node?(node: Node): Node;
  /** a call, to be made or not */
  call?(place: Place, call: Call, make: Make): unknown;
}

/** A mistake that a call can have. */
export interface Mistake {
  /** as in `with another axis` */
  readonly what: string;
  /** the call with the mistake; nothing if it is not made at all */
  readonly change: (call: Call) => Call | undefined;
}

/** An entry of a lowering table. */
export type Lower = (node: Node, inputs: readonly never[], context: object) => readonly unknown[];

/** A backend's lowering table, opened up: watches come between its entries and what they write to. */
export abstract class Lowering {
  readonly #watches: Watch[] = [];
  #place: Place | undefined;

  /** The network that a graph becomes, as text: two are equal if no difference could ever show. Throws what lowering throws. */
  abstract network(graph: Graph): string;

  /** What there is to know about calls of one name, of which mistakes are made: `seen` with one more. */
  abstract describe(call: Call, seen: unknown): unknown;

  /** What distinguishes calls of one name: a mistake may show in some of them only. */
  variety(_call: Call): string {
    return '';
  }

  /** The mistakes that calls of this name can have. */
  abstract mistakes(name: string, seen: unknown): readonly Mistake[];

  /** Lets a watch see all that is lowered from now on, those before it first; the result ends that. */
  watch(watch: Watch): () => void {
    this.#watches.push(watch);
    return () => void this.#watches.splice(this.#watches.indexOf(watch), 1);
  }

  /** Puts the watches around every entry of a table. */
  protected open(table: Record<string, Lower>): void {
    for (const [op, lower] of Object.entries(table))
      table[op] = (node, inputs, context) => {
        const place = { row: labelOf(node), node };
        const given = this.#watches.reduce((known, watch) => watch.node?.(known) ?? known, node);
        return this.within(place, () => this.lowered(place, lower(given, inputs, this.prepared(context))));
      };
  }

  /** The context as a lowering shall have it. */
  protected prepared(context: object): object {
    return context;
  }

  /** The outputs as other lowerings shall have them. */
  protected lowered(_place: Place, outputs: readonly unknown[]): readonly unknown[] {
    return outputs;
  }

  protected get place(): Place | undefined {
    return this.#place;
  }

  protected within<T>(place: Place | undefined, work: () => T): T {
    const outer = this.#place;
    this.#place = place;
    try {
      return work();
    } finally {
      this.#place = outer;
    }
  }

  /** Makes a call, as the watches have it. */
  protected pass(call: Call, make: Make): unknown {
    const place = this.#place;
    if (!place) return make(call);
    const chain = this.#watches.reduceRight<Make>(
      (next, watch) => (watch.call ? (given) => watch.call!(place, given, next) : next),
      make,
    );
    return chain(call);
  }
}
