import { type Dim, dim, type FloatType, Network, product, type Tensor, Weights } from '@trt-dsl/dsl';
import { type GraphCase, runsOf } from './generate/case.ts';
import { type Domain, domain } from './generate/domain.ts';

/** A graph that is being written, and what its inputs can hold. */
interface Draft {
  readonly net: Network;
  readonly domains: Map<string, Domain>;
}

type Write = (draft: Draft) => void;

/** About 1; and about −1. */
const [above, below] = [domain(0.9, 1.1), domain(-1.1, -0.9)];
const terms = 4096;
const rows = 1024;
const batch = dim('batch');

function input<D extends FloatType, const S extends readonly Dim[]>(
  { net, domains }: Draft,
  dataType: D,
  shape: S,
  values: Domain,
): Tensor<D, S['length']> {
  const name = `x${domains.size}`;
  domains.set(name, values);
  return net.addInput(name, dataType, shape);
}

/** Half of the rows +1, the others −1; in each column from another row on. */
const signs = (columns: number): Weights<'float16', 2> =>
  Weights.fromNumbers(
    'float16',
    [terms, columns],
    Array.from({ length: terms * columns }, (_, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      return (row + 16 * column) % terms < terms / 2 ? 1 : -1;
    }),
    'signs',
  );

/** Numbers about 1 and then as many about −1: the sum gets to thousands, where a half type has steps of 1 and more, and comes back. */
const upAndDown = <D extends FloatType>(draft: Draft, dataType: D, shape: readonly [Dim, Dim], axis: 0 | 1) =>
  draft.net.addConcatenation([input(draft, dataType, shape, above), input(draft, dataType, shape, below)], { axis });

const longProducts: readonly Write[] = [
  (draft) => draft.net.markOutput(draft.net.addMatMul(input(draft, 'float16', [64, terms], above), signs(64)), 'gemm'),
  (draft) => draft.net.markOutput(draft.net.addMatMul(input(draft, 'float16', [1, terms], above), signs(16)), 'gemv'),
  (draft) =>
    draft.net.markOutput(draft.net.addMatMul(input(draft, 'float16', [batch, 8, terms], above), signs(32)), 'batched'),
  (draft) => {
    const left = input(draft, 'float16', [16, 2 * rows], above);
    draft.net.markOutput(draft.net.addMatMul(left, upAndDown(draft, 'float16', [rows, 16], 0)), 'of_two_inputs');
  },
];

const longSums: readonly Write[] = (['sum', 'mean'] as const).flatMap((operation) =>
  (['float16', 'bfloat16'] as const).flatMap((dataType): Write[] => [
    (draft) => {
      const x = upAndDown(draft, dataType, [8, rows], 1);
      draft.net.markOutput(draft.net.addReduce(x, { operation, axes: [1] }), 'of_rows');
    },
    (draft) => {
      const x = upAndDown(draft, dataType, [rows, 8], 0);
      draft.net.markOutput(draft.net.addReduce(x, { operation, axes: [0] }), 'of_columns');
    },
  ]),
);

/** Large factors, then small ones: the large ones make 160,000 at least, which float16 has not, and all together about 1. */
const largeAndSmall = (draft: Draft, axis: 1 | 2) =>
  draft.net.addConcatenation(
    [input(draft, 'float16', [8, 4, 1], domain(20, 30)), input(draft, 'float16', [8, 4, 1], domain(0.033, 0.05))],
    { axis },
  );

const longFactors: readonly Write[] = [
  // each of these roundings of a half type would show: there are 255
  ...(['float16', 'bfloat16'] as const).map(
    (dataType): Write =>
      (draft) => {
        const x = input(draft, dataType, [8, 256], domain(0.98, 1.02));
        draft.net.markOutput(draft.net.addReduce(x, { operation: 'prod', axes: [1] }), 'of_many');
      },
  ),
  (draft) =>
    draft.net.markOutput(
      draft.net.addReduce(largeAndSmall(draft, 1), { operation: 'prod', axes: [1, 2] }),
      'one_after_the_other',
    ),
  (draft) =>
    draft.net.markOutput(draft.net.addReduce(largeAndSmall(draft, 2), { operation: 'prod', axes: [1, 2] }), 'by_turns'),
];

/** What a 0 in a reshape means: the size at its place, or that there is nothing. */
const emptyTensors: readonly Write[] = [
  (draft) => {
    const empty = draft.net.addUnsqueeze(input(draft, 'float32', [0], above), { axes: [0] });
    const full = input(draft, 'float32', [1, 5], domain(-2, 2));
    draft.net.markOutput(draft.net.addConcatenation([empty, full], { axis: 1 }), 'reshaped');
  },
  (draft) => {
    const empty = draft.net.addAdd(input(draft, 'float32', [2, 0], above), input(draft, 'float32', [0], above));
    const full = input(draft, 'float32', [2, 3], domain(-2, 2));
    draft.net.markOutput(draft.net.addConcatenation([empty, full], { axis: 1 }), 'of_lower_rank');
  },
  (draft) => {
    const empty = draft.net.addSoftmax(input(draft, 'float32', [0], above), { axis: 0 });
    const full = input(draft, 'float32', [5], domain(-2, 2));
    draft.net.markOutput(draft.net.addConcatenation([empty, full], { axis: 0 }), 'of_softmax');
  },
];

const hidden = 16;
/** Numbers that are not all one, for gamma and beta. */
const parameter = (about: number): Weights<'float32', 1> =>
  Weights.fromNumbers(
    'float32',
    [hidden],
    Array.from({ length: hidden }, (_, i) => about + Math.sin(i) / 4),
    `about_${about}`,
  );

/** Sums of a half type in front of LayerNorm, as in each layer of a transformer. */
const residuals: readonly Write[] = (['float16', 'bfloat16'] as const).flatMap((dataType) =>
  [[4, hidden] as const, [batch, 3, hidden] as const].map(
    (shape): Write =>
      (draft) => {
        const next = () => input(draft, dataType, shape, domain(-2, 2));
        const [x, y] = [next(), next()] as const;
        const normalized = draft.net.addLayerNorm(draft.net.addAdd(x, y), parameter(1), parameter(0));
        draft.net.markOutput(normalized, 'of_residual');
      },
  ),
);

/** Back from one scale, and by another again. */
const requantizations: readonly Write[] = (['float16', 'bfloat16'] as const).flatMap((dataType) =>
  (['int8', 'float8'] as const).map(
    (small): Write =>
      (draft) => {
        const scale = (value: number) =>
          draft.net.addConstant(Weights.fromNumbers(dataType, [], [value], `scale_${value}`));
        const through = (x: Tensor<typeof dataType, 2>, by: Tensor<typeof dataType, 0>) =>
          draft.net.addDequantize(draft.net.addQuantize(x, by, { dataType: small }), by, { dataType });
        const x = input(draft, dataType, [4, 6], domain(-2, 2));
        draft.net.markOutput(through(through(x, scale(1 / 16)), scale(1 / 8)), 'by_another_scale');
      },
  ),
);

/** Axes behind the first become one for TensorRT, and several again: no two of them are of one size in all runs. */
const manyAxes: Write = (draft) => {
  const x = input(draft, 'float32', [5, dim('seq'), 2, batch, 4], domain(-2, 2));
  const { values, indices } = draft.net.addTopK(x, { k: 2, axis: 0 });
  draft.net.markOutput(values, 'largest');
  draft.net.markOutput(indices, 'places');
};

/** Positions of a named axis, in front of another, and of one twice as long: alone they are no graph, as no input gives the size. */
const positions: Write = (draft) => {
  const { net } = draft;
  const seq = dim('seq');
  const x = input(draft, 'float32', [batch, seq, 3], domain(-2, 2));
  const along = (size: Dim, start: number) =>
    net.addUnsqueeze(net.addRange(size, { dataType: 'float32', start, step: -0.5 }), { axes: [1] });
  net.markOutput(net.addMul(x, along(seq, 1)), 'of_one');
  net.markOutput(net.addMul(net.addConcatenation([x, x], { axis: 1 }), along(product(seq, 2), 0)), 'of_two');
};

const firstSeed = 1_000_000;

/**
 * Graphs that random ones are too small to be, or are too seldom: sums of thousands of terms and products of hundreds, of
 * which little would be left if they were formed in a half type; tensors without elements; residual sums in front of
 * LayerNorm; many axes of which no two are equal; positions of named axes; what is quantized twice. Their seeds begin at a
 * million.
 */
export function rareCases(): readonly GraphCase[] {
  return [
    ...longProducts,
    ...longSums,
    ...longFactors,
    ...emptyTensors,
    ...residuals,
    manyAxes,
    positions,
    ...requantizations,
  ].map((write, i) => {
    const draft: Draft = { net: new Network('rare'), domains: new Map() };
    write(draft);
    const graph = draft.net.graph();
    return { seed: firstSeed + i, graph, domains: draft.domains, runs: runsOf(graph) };
  });
}
