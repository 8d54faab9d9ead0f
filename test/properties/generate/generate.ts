import type { Tensor } from '@trt-dsl/dsl';
import { extract, type GraphCase, runsOf } from './case.ts';
import { Draft, type Excluded } from './draft.ts';
import { arithmetic, type Menu, type Step } from './menu/arithmetic.ts';
import { layers } from './menu/layers.ts';
import { movement } from './menu/movement.ts';
import { sequences } from './menu/sequences.ts';
import { namedSeeds } from './named-seeds.ts';
import { Random } from './random.ts';

/** Steps that stand for many attributes or types are taken more often. */
const weights: Readonly<Record<string, number>> = {
  castFloat: 5,
  castInteger: 3,
  castBool: 3,
  castNarrow: 3,
  reduceFloat: 5,
  reduceInteger: 3,
  layerNorm: 4,
  topK: 3,
  softmax: 3,
  quantize: 3,
  pooling: 2,
  attention: 3,
  convolution: 2,
  matmul: 2,
  gather: 3,
  shuffle: 5,
  slice: 4,
  select: 5,
  sum: 3,
  sub: 3,
  prod: 3,
  min: 3,
  max: 3,
  less: 3,
  greater: 3,
  equal: 3,
  divide: 2,
  range: 4,
  cumulativeSum: 4,
};
const stepsOf = (...menus: readonly Menu[]): readonly (readonly [name: string, step: Step])[] =>
  menus
    .flatMap((menu) => Object.entries(menu))
    .flatMap((entry) => Array<typeof entry>(weights[entry[0]] ?? 1).fill(entry));
/** A new step goes behind these: named seeds draw from the steps that there were. */
const first = stepsOf(arithmetic, movement, layers);
const all = [...first, ...stepsOf(sequences)];
const mostNodes = 40;
const mostOutputs = 10;

/** A random well-typed graph of 3 to 40 nodes: the same for the same seed and the same excluded features. */
export function generate(seed: number, excluded: Excluded = new Set()): GraphCase {
  const steps = Object.hasOwn(namedSeeds, seed) ? first : all;
  for (let attempt = 0; ; attempt++) {
    const random = new Random(seed).fork(`attempt ${attempt}`);
    const d = new Draft(random, excluded);
    const wanted = random.int(6, 26);
    for (let done = 0; done < wanted && d.domains.size < mostNodes - 8; done++) {
      const [name, step] = random.pick(steps);
      if (excluded.has(name)) continue;
      d.net = random.chance(0.2) ? d.top.scope(`block_${random.int(0, 3)}`) : d.top;
      step(d);
    }
    const made = d.pool.filter((tensor) => !tensor.name.match(/^[xw]\d+$/));
    if (made.length === 0) continue;
    const used = new Set<Tensor>();
    const outputs: Tensor[] = [];
    const add = (tensor: Tensor): void => {
      d.top.markOutput(tensor, `y${outputs.length}`);
      outputs.push(tensor);
    };
    // The last ones first: what nothing else uses, and some of what lies between.
    add(made.at(-1)!);
    const graph = d.top.graph();
    for (const node of graph.nodes) for (const input of node.inputs) used.add(input);
    for (const tensor of made.slice(0, -1).reverse())
      if (outputs.length < mostOutputs && (!used.has(tensor) || random.chance(0.15))) add(tensor);
    const whole = { seed, graph: d.top.graph(), domains: d.domains, runs: runsOf(graph) };
    const small = extract(whole, outputs);
    if (small && small.graph.nodes.length >= 3 && small.graph.nodes.length <= mostNodes)
      return { ...small, runs: runsOf(small.graph) };
  }
}
