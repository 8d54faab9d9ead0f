import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { PyTorch, usualPython } from '../../test/support/pytorch/client.ts';
import { explanations } from './explanations.ts';
import { mutationsOf } from './mutations.ts';
import { observe } from './observe.ts';
import { writePlan } from './plan.ts';
import { Pool } from './pool.ts';
import { caughtBy, nameOf, type Report, type Result, report } from './report.ts';
import { smallParts, specimens } from './subjects.ts';
import { targets } from './targets.ts';
import type { Task } from './worker.ts';

/**
 * Breaks a backend's lowerings one at a time, and shows which mistakes the properties catch:
 *
 *     npx tsc --build tools/mutation && node tools/mutation/dist/tools/mutation/run.js onnx
 *
 * `onnx`, `tensorrt` (on a GPU) or `rtx` (shapes, types and builds only). --graphs: random graphs to draw from;
 * --most: how many small parts of them are tried on each mutation; --only: part of a row's name; --jobs: processes
 * that share the work, on --gpus GPUs; --budget: seconds after which no more is begun; --device: where this runs, for the report;
 * --out: the report; by default beside this file, if all rows were tried.
 */
const results: Readonly<Record<string, string>> = {
  onnx: 'tools/mutation/results.md',
  tensorrt: 'tools/mutation/results-tensorrt.md',
};
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    graphs: { type: 'string', default: '1000' },
    most: { type: 'string' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: '1' },
    gpus: { type: 'string', default: '1' },
    budget: { type: 'string', default: '3600' },
    device: { type: 'string' },
    python: { type: 'string', default: usualPython() },
    worker: { type: 'string', default: 'test/support/pytorch/worker.py' },
    out: { type: 'string' },
  },
});
const name = positionals[0] ?? 'onnx';
const out = values.out ?? (values.only ? undefined : results[name]);
const open = targets[name];
if (!open) throw new Error(`there is no backend "${name}"; there are ${Object.keys(targets).join(', ')}`);
const say = (text: string): void => void process.stdout.write(`${text}\n`);
const since = (): string => `${Math.round(performance.now() / 1000)} s`;

const target = await open();
const cases = target.draw(Number(values.graphs));
const observed = observe(
  target.lowering,
  [...target.rare, ...cases].map(({ graph }) => graph),
);
const most = Number(values.most ?? target.most);
const wanted = { each: Math.ceil(most / 2), types: Math.ceil(most / 6) };
const parts = [...target.rare, ...smallParts(cases, observed, target, wanted)];
const torch = await PyTorch.start(values.python, values.worker);
const subjects = await specimens(torch, parts, target);
torch.close();
const mutations = mutationsOf(target.lowering, observed.rows);
const chosen = [...mutations.keys()].filter((i) => mutations[i]!.row.includes(values.only));
say(`${chosen.length} mutations, ${subjects.length} small graphs of ${parts.length} tell right from wrong; ${since()}`);

const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-mutation-'));
try {
  const plan = join(folder, 'plan');
  writePlan(plan, { target: name, rows: observed.rows, specimens: subjects, most });
  const pool = new Pool({
    plan,
    jobs: Number(values.jobs),
    gpus: Number(values.gpus),
    until: Number(values.budget),
  });
  const failing = target.runs ? await unfit(pool) : new Map<number, string>();
  const tasks: Task[] = chosen.map((mutation) => ({ mutation, without: [...failing.keys()] }));
  const found: Result[] = chosen.map((mutation) => ({ mutation: mutations[mutation]!, ending: undefined }));
  const write = (): Report => {
    const written = report(found, {
      target,
      most,
      failing: [...failing.values()],
      explanations: explanations[name] ?? {},
      command: `node tools/mutation/dist/tools/mutation/run.js ${name}`,
      ...(values.device && { device: values.device }),
    });
    if (out) writeFileSync(out, written.text);
    return written;
  };
  let done = 0;
  await pool.share(tasks, (task, ending) => {
    const { mutation } = found[task]!;
    found[task] = { mutation, ending };
    const text = caughtBy(ending);
    say(`${++done} ${text ? 'caught  ' : 'SURVIVED'} ${nameOf(mutation)}${text ? ` (${text})` : ''}`);
    // A machine that is taken away leaves what was found by then.
    if (done % 25 === 0) write();
  });
  pool.close();
  const { summary, open } = write();
  say(summary);
  say(since());
  process.exitCode = open > 0 && target.runs ? 1 : 0;
} finally {
  rmSync(folder, { recursive: true });
}

/** The small graphs that fail as they are, by number, and how. */
async function unfit(pool: Pool): Promise<ReadonlyMap<number, string>> {
  const step = 10;
  const groups = Array.from({ length: Math.ceil(subjects.length / step) }, (_, i) =>
    [...subjects.keys()].slice(i * step, (i + 1) * step),
  );
  const endings = await pool.share(groups.map((check) => ({ check })));
  const found = new Map<number, string>();
  for (const [i, ending] of endings.entries())
    for (const [at, subject] of groups[i]!.entries()) {
      const wrong = !ending ? 'not reached' : 'ended' in ending ? ending.ended : ending.failing![at];
      if (wrong !== undefined) found.set(subject, `seed ${subjects[subject]!.case.seed}: ${wrong}`);
    }
  say(`${found.size} of ${subjects.length} small graphs fail as they are; ${since()}`);
  return found;
}
