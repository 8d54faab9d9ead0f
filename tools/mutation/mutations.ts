import { type Node, Weights } from '@trt-dsl/dsl';
import { labelOf } from '../../test/properties/suite.ts';
import type { Call, Lowering, Watch } from './lowering.ts';
import type { Row, Rows } from './observe.ts';
import { other } from './other.ts';

/** One deliberate mistake in a lowering. */
export interface Mutation {
  /** the row of the lowering table */
  readonly row: string;
  /** what is wrong: `attribute axis changed`, `Transpose skipped` */
  readonly what: string;
  /** what a graph has to show for the mistake to be made, see `Observed` */
  readonly needs: string;
  /** is in force while it watches */
  readonly watch: Watch;
}

/** A mistake in how a row reads the node: an attribute taken for another. */
const inNode = (row: string, what: string, change: (node: Node) => Node): Mutation => ({
  row,
  what,
  needs: row,
  watch: { node: (node) => (labelOf(node) === row ? change(node) : node) },
});

/** A mistake in the calls of one name that a row makes. */
const inCalls = (row: string, name: string, what: string, change: (call: Call) => Call | undefined): Mutation => ({
  row,
  what: `${name} ${what}`,
  needs: `${row} ${name}`,
  watch: {
    call(place, call, make) {
      const made = place.row === row && call.name === name ? change(call) : call;
      return made && make(made);
    },
  },
});

const withAttribute = (node: Node, key: string, value: unknown): Node =>
  ({ ...node, attributes: { ...node.attributes, [key]: value } }) as unknown as Node;
const attributeOf = (node: Node, key: string): unknown => (node.attributes as unknown as Record<string, unknown>)[key];

/** What says which layer it is, or is the data itself: not for a lowering to mistake. */
const given = new Set(['operation', 'type', 'weights', 'shape']);
/** What may be absent, so that it can be forgotten. */
const optional = new Set(['reshape', 'firstTranspose', 'secondTranspose', 'axis']);

/** The same numbers in reverse order. */
const backwards = (weights: Weights): Weights =>
  Weights.of(
    weights.dataType,
    weights.shape as readonly number[],
    weights.array().slice().reverse() as never,
  ) as Weights;

function inAttributes(name: string, { op, attributes, calls }: Row): readonly Mutation[] {
  if (op === 'input' || op === 'plugin') return [];
  // Where a constant is no call of its own.
  if (op === 'constant' && calls.size === 0)
    return [
      inNode(name, 'attribute weights reversed', (node) =>
        withAttribute(node, 'weights', backwards(attributeOf(node, 'weights') as Weights)),
      ),
    ];
  const found: Mutation[] = [];
  for (const [key, words] of attributes) {
    if (given.has(key) && op !== 'expand') continue;
    const types = [...words];
    found.push(
      key === 'dataType'
        ? inNode(name, `attribute ${key} taken for another`, (node) =>
            withAttribute(node, key, types[(types.indexOf(String(attributeOf(node, key))) + 1) % types.length]),
          )
        : inNode(name, `attribute ${key} changed`, (node) =>
            withAttribute(node, key, other(attributeOf(node, key), node.inputs[0]?.rank ?? 0)),
          ),
    );
    if (optional.has(key))
      found.push(inNode(name, `attribute ${key} left out`, (node) => withAttribute(node, key, undefined)));
  }
  if (attributes.has('firstTranspose'))
    found.push(
      inNode(name, 'transposes swapped', (node) => {
        const [first, second] = [attributeOf(node, 'firstTranspose'), attributeOf(node, 'secondTranspose')];
        return withAttribute(withAttribute(node, 'firstTranspose', second), 'secondTranspose', first);
      }),
    );
  return found;
}

/** Every mutation of a table: of each attribute that a row reads, each call it makes, each argument of that. */
export const mutationsOf = (lowering: Lowering, rows: Rows): readonly Mutation[] =>
  [...rows]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([name, row]) => [
      ...inAttributes(name, row),
      ...[...row.calls].flatMap(([call, seen]) =>
        lowering.mistakes(call, seen).map(({ what, change }) => inCalls(name, call, what, change)),
      ),
    ]);
