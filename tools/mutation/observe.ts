import type { Graph, Node } from '@trt-dsl/dsl';
import { labelOf } from '../../test/properties/suite.ts';
import type { Lowering } from './lowering.ts';

/** What a row of the table was seen to do. */
export interface Row {
  readonly op: string;
  /** the words among the values of each attribute of the DSL's nodes */
  readonly attributes: Map<string, Set<string>>;
  /** by their names, see `Lowering.describe` */
  readonly calls: Map<string, unknown>;
}

export type Rows = ReadonlyMap<string, Row>;

/** What lowering graphs showed. */
export interface Observed {
  readonly rows: Rows;
  /** what lowering a node shows: its row, the calls it makes, its attributes */
  readonly shows: ReadonlyMap<Node, ReadonlySet<string>>;
}

/** Lowers graphs and notes what each row of the table does: what there is to break. */
export function observe(lowering: Lowering, graphs: readonly Graph[]): Observed {
  const rows = new Map<string, Row>();
  const shows = new Map<Node, Set<string>>();
  const noted = (name: string, node: Node): Row => {
    const row: Row = rows.get(name) ?? { op: node.op, attributes: new Map(), calls: new Map() };
    rows.set(name, row);
    return row;
  };
  const show = (node: Node, ...what: string[]): void => {
    const known = shows.get(node) ?? new Set();
    shows.set(node, known);
    for (const one of what) known.add(one);
  };
  const stop = lowering.watch({
    node(node) {
      const name = labelOf(node);
      const { attributes } = noted(name, node);
      show(node, name);
      for (const [key, value] of Object.entries(node.attributes)) {
        const words = attributes.get(key) ?? new Set();
        attributes.set(key, words);
        if (typeof value === 'string') words.add(value);
        if (value !== undefined)
          show(node, `${name} ${key}${['string', 'boolean'].includes(typeof value) ? value : ''}`);
      }
      return node;
    },
    call({ row, node }, call, make) {
      const { calls } = noted(row, node);
      calls.set(call.name, lowering.describe(call, calls.get(call.name)));
      show(node, `${row} ${call.name}`, `${row} ${call.name} ${lowering.variety(call)}`.trim());
      return make(call);
    },
  });
  try {
    for (const graph of graphs) lowering.network(graph);
  } finally {
    stop();
  }
  return { rows, shows };
}
