import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import type { GraphCase } from '../../test/properties/generate/case.ts';
import { feedsOf } from '../../test/properties/generate/case.ts';
import { generate } from '../../test/properties/generate/generate.ts';
import { judge, runAll } from '../../test/properties/suite.ts';
import { PyTorch, type ReferenceResult } from '../../test/support/pytorch/client.ts';
import { survivors } from './explanations.ts';
import { type Mutation, mutationsOf } from './mutations.ts';
import { observe } from './observe.ts';
import { onnxLowering } from './onnx-lowering.ts';

/**
 * Breaks the ONNX backend's lowerings one at a time, and shows which mistakes the properties catch:
 *
 *     npx tsc --build tools/mutation && node tools/mutation/dist/tools/mutation/run.js
 *
 * --graphs: random graphs to draw from; --most: how many of those that use a row of the table are tried on its mutations;
 * --only: part of a row's name.
 */
const { values } = parseArgs({
  options: {
    graphs: { type: 'string', default: '1000' },
    most: { type: 'string', default: '60' },
    only: { type: 'string', default: '' },
    python: { type: 'string', default: process.env['PYTHON'] ?? 'python3' },
    out: { type: 'string', default: 'tools/mutation/results.md' },
  },
});

interface Subject {
  readonly case: GraphCase;
  readonly reference: ReferenceResult;
}

using torch = await PyTorch.start(values.python, 'test/support/pytorch/worker.py');
const backend = onnxBackend({ threads: 1 });
const lowering = await onnxLowering();
const cases = Array.from({ length: Number(values.graphs) }, (_, i) => generate(1 + i));
const subjects: Subject[] = [];
for (let at = 0; at < cases.length; at += 50) {
  const some = cases.slice(at, at + 50);
  const references = await torch.compute(
    some.map((one) => ({
      graph: one.graph,
      slack: 4,
      runs: one.runs.map((sizes) => ({ sizes, feeds: feedsOf(one, sizes) })),
    })),
  );
  for (const [i, reference] of references.entries()) subjects.push({ case: some[i]!, reference });
}
const { rows, uses } = observe(
  lowering,
  cases.map(({ graph }) => graph),
);

/** How the properties notice a mutation: the first failure, or nothing. */
async function caughtBy({ row, opType, apply }: Mutation): Promise<string | undefined> {
  const use = opType === undefined ? row : `${row} ${opType}`;
  const users = subjects.filter((_, i) => uses[i]!.has(use)).slice(0, Number(values.most));
  const takeBack = apply(lowering);
  let refused: string | undefined;
  try {
    for (const [i, { case: one, reference }] of users.entries()) {
      const [outcome] = await runAll(backend, [one], 1);
      const [failure] = judge(one, outcome!, reference);
      if (!failure) continue;
      const text = `seed ${one.seed}: ${brief(failure.message)}`;
      // Wrong numbers show more than an engine that cannot be made: look further for them, a little.
      if (!(outcome instanceof Error)) return text;
      refused ??= text;
      // ONNX Runtime dies of a wrong Slice step: there the first answer has to do.
      if (i >= 15 || row === 'slice') break;
    }
    return refused;
  } finally {
    takeBack();
  }
}

const brief = (message: string): string => message.replaceAll(/\s+/g, ' ').replaceAll('|', '/').slice(0, 110);

interface Result {
  readonly mutation: Mutation;
  readonly caught: string | undefined;
}

const results: Result[] = [];
for (const [name, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
  if (!name.includes(values.only)) continue;
  for (const mutation of mutationsOf(name, row)) {
    const caught = await caughtBy(mutation);
    results.push({ mutation, caught });
    process.stdout.write(
      `${caught ? 'caught  ' : 'SURVIVED'} ${name}: ${mutation.what}${caught ? ` (${caught})` : ''}\n`,
    );
  }
}

const nameOf = ({ row, what }: Mutation): string => `${row}: ${what}`;
const lived = results.filter(({ caught }) => !caught);
const refused = results.filter(({ caught }) => caught?.includes('Error: ')).length;
const explained = lived.filter(({ mutation }) => survivors[nameOf(mutation)]);
const lines = [
  '# Mutations of the ONNX lowerings',
  '',
  `${results.length} mistakes, generated from the lowering table (packages/onnx-backend/src/lower): ${results.length - lived.length} caught (${results.length - lived.length - refused} by their numbers, ${refused} because no engine came of them), ${lived.length} survived, ${explained.length} of these explained. At most ${values.most} random graphs each.`,
  'Made by `npx tsc --build tools/mutation && node tools/mutation/dist/tools/mutation/run.js`.',
  '',
  '## Survivors',
  '',
  '| row | mistake | why nothing shows it |',
  '|---|---|---|',
  ...lived.map(
    ({ mutation }) => `| ${mutation.row} | ${mutation.what} | ${survivors[nameOf(mutation)] ?? '**not explained**'} |`,
  ),
  '',
  '## Caught',
  '',
  '| row | mistake | caught by |',
  '|---|---|---|',
  ...results
    .filter(({ caught }) => caught)
    .map(({ mutation, caught }) => `| ${mutation.row} | ${mutation.what} | ${caught} |`),
  '',
];
writeFileSync(values.out, lines.join('\n'));
process.stdout.write(`${lines[2]}\n`);
process.exitCode = lived.length > explained.length ? 1 : 0;
