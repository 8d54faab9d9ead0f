import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PyTorch, usualPython } from '../support/pytorch/client.ts';
import { subjects } from './backends.ts';
import { type CaseJson, caseFromJson, caseToJson } from './case-json.ts';
import { explain } from './explain.ts';
import type { GraphCase } from './generate/case.ts';
import { generate } from './generate/generate.ts';
import { legalCases, legalPart } from './legal.ts';
import { runShares, sharesOf } from './processes.ts';
import { mergeReports, reportToJson } from './report-json.ts';
import seeds from './seeds.json' with { type: 'json' };
import { minimize } from './shrink.ts';
import { type Report, runSuite } from './suite.ts';
import { caseCode } from './to-code.ts';

/**
 * The properties without vitest, for a machine that has Node and Python only:
 *
 *     npx tsc --build test/properties
 *     node test/properties/dist/properties/run.js tensorrt --count 1000 --out result.json
 *
 * --from, --count: seeds, or --seeds 17,23 alone; --jobs: processes that share them, over --gpus n; --group: graphs that
 * share an engine; --budget: seconds after which no twenty more begin, and 20 s later those are killed that still run;
 * --out: the report, written after each twenty; --case file: one case from seeds.json's form instead; --crash: shrinks the
 * first seed to what still ends the process, each try in a process of its own; --explain n: shrinks the first n failing
 * graphs.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: 'string', default: '1' },
    count: { type: 'string', default: '1000' },
    group: { type: 'string' },
    slack: { type: 'string' },
    python: { type: 'string', default: usualPython() },
    worker: { type: 'string', default: 'test/support/pytorch/worker.py' },
    device: { type: 'string', default: 'CPU' },
    out: { type: 'string' },
    case: { type: 'string' },
    explain: { type: 'string', default: '3' },
    tries: { type: 'string', default: '300' },
    jobs: { type: 'string', default: '1' },
    gpus: { type: 'string' },
    seeds: { type: 'string' },
    budget: { type: 'string' },
    crash: { type: 'boolean', default: false },
  },
});
const name = positionals[0] ?? 'onnx';
const make = subjects[name];
if (!make) throw new Error(`there is no backend "${name}"; there are ${Object.keys(subjects).join(', ')}`);
const { backend, target, excluded, ...usual } = await make();
const first = Number(values.from);
const count = Number(values.count);
const command = `node run.js ${process.argv.slice(2).join(' ')}`;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

/** Whether a case ends a process of its own with a signal. */
function crashes(one: GraphCase): boolean {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-case-'));
  const path = join(folder, 'case.json');
  writeFileSync(path, JSON.stringify(caseToJson(one, '')));
  try {
    execFileSync(process.execPath, [process.argv[1]!, name, '--case', path], { stdio: 'ignore' });
    return false;
  } catch (error) {
    return (error as { signal?: string | null }).signal != null;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What seeds.json keeps, as far as the backend takes it. */
const failedOnce = (): readonly GraphCase[] =>
  (seeds as unknown as readonly CaseJson[]).flatMap((json) => legalPart(caseFromJson(json), target) ?? []);

if (values.crash) {
  const whole = generate(first, excluded);
  const smallest = await minimize(whole, async (candidate) => crashes(candidate));
  say(caseCode(smallest));
  say(JSON.stringify(caseToJson(smallest, 'ends the process')));
  process.exit(0);
}

const jobs = Number(values.jobs);
if (jobs > 1) {
  const budget = values.budget ? Number(values.budget) : undefined;
  const gpus = values.gpus ? Number(values.gpus) : undefined;
  const outcomes = await runShares(process.argv.slice(1), sharesOf(first, count, jobs), { budget, gpus });
  const cut = outcomes.flatMap(({ share, cut }) =>
    cut ? [`--from ${share.first} --count ${share.count} ${cut}`] : [],
  );
  for (const one of cut) say(`CUT: ${one}`);
  const texts = outcomes.flatMap(({ text }) => text ?? []);
  if (texts.length === 0) throw new Error('no process wrote a report');
  const lost = outcomes.reduce((total, { text, share }) => total + (text === undefined ? share.count : 0), 0);
  const { text, graphs, agreed, asked } = mergeReports(texts, command, { cut, lost });
  if (values.out) writeFileSync(values.out, text);
  say(`${agreed} of ${graphs} graphs agree${graphs < asked ? `; ${asked - graphs} were not reached` : ''}`);
  process.exit(agreed < graphs || graphs < asked || cut.length > 0 ? 1 : 0);
}

/** Writes what was found so far, whole or not at all: the process may end at any time. */
function write(found: Report, asked: number): void {
  if (!values.out) return;
  const commit = process.env['COMMIT'];
  const context = { first, device: values.device, command, ...(commit && { commit }), asked };
  writeFileSync(`${values.out}.part`, reportToJson(found, context));
  renameSync(`${values.out}.part`, values.out);
}

using torch = await PyTorch.start(values.python, values.worker);
const options = {
  torch,
  group: Number(values.group ?? usual.group),
  slack: Number(values.slack ?? usual.slack),
  ...(usual.own && { own: usual.own }),
  batch: 20,
  ...(values.budget && { budget: Number(values.budget) }),
  onProgress: (found: Report, of: number) => {
    say(`${found.cases} of ${of}`);
    write(found, of);
  },
};
const cases = values.case
  ? [caseFromJson(JSON.parse(readFileSync(values.case, 'utf8')) as CaseJson)]
  : values.seeds
    ? values.seeds.split(',').flatMap((seed) => legalCases(Number(seed), 1, target, excluded))
    : [...(first === 1 ? failedOnce() : []), ...legalCases(first, count, target, excluded)];
const report = await runSuite(backend, cases, options);
say(`${report.backend}: ${report.agreed} of ${report.cases} graphs agree, ${report.outputs} outputs`);
for (const { text } of await explain(backend, report, options, Number(values.explain), Number(values.tries))) say(text);
process.exitCode = report.failures.length > 0 ? 1 : 0;
