// Every op with every type on the TensorRT in hand: what `verify` allows has to build; what it refuses is tried as
// well, and where TensorRT takes it after all the result file says so. TRT_PRODUCT=rtx runs it without a GPU.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { before, test } from 'node:test';
import { Network, type Target, verify } from '@trt-dsl/dsl';
import { legalityCases } from '../support/legality-cases.ts';
import { backend, product, save } from './support.ts';

const cases = legalityCases(() => new Network('case'));
const { version } = backend.tensorrt;
const target: Target = `${product === 'rtx' ? 'tensorrt-rtx' : 'tensorrt'}-${version}`;

/** What the table says of each case: undefined if it is legal. */
const table = cases.map(({ name, build }) => {
  const net = new Network(name);
  build(net);
  try {
    verify(net.graph(), target);
    return undefined;
  } catch (error) {
    return String(error);
  }
});

interface Answer {
  readonly works: boolean;
  readonly reason?: string;
}
const answers = new Map<number, Answer>();
const endings: string[] = [];

/** Lets one process probe groups; a group during which it ends, or says nothing for a minute, is split and given to another. */
async function probe(groups: readonly (readonly number[])[]): Promise<void> {
  if (groups.length === 0) return;
  const child = spawn(process.execPath, [join(import.meta.dirname, 'legality-probe.js'), JSON.stringify(groups)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let complaints = '';
  child.stderr.on('data', (text) => {
    complaints = (complaints + text).slice(-2000);
  });
  let begun: readonly number[] = [];
  const closed = new Promise<string>((resolve) => {
    child.on('close', (code, signal) => resolve(String(signal ?? code)));
  });
  const silence = setTimeout(() => child.kill('SIGKILL'), 60_000);
  for await (const line of createInterface({ input: child.stdout })) {
    silence.refresh();
    if (!line.startsWith('{')) continue;
    const { begin, index, ...answer } = JSON.parse(line);
    if (begin) begun = begin;
    else answers.set(index, answer);
  }
  const status = await closed;
  clearTimeout(silence);
  if (status === '0') return;
  const left = begun.filter((index) => !answers.has(index));
  if (groups.flat().every((index) => answers.has(index))) {
    endings.push(`the exit (${status})`);
    return;
  }
  if (left.length === 0) throw new Error(`the probe ended with ${status}: ${complaints}`);
  const others = groups.map((group) => group.filter((index) => !answers.has(index) && !left.includes(index)));
  const rest = others.filter((group) => group.length > 0);
  if (left.length > 1) return probe([...left.map((index) => [index]), ...rest]);
  answers.set(left[0]!, { works: false, reason: `TensorRT ended the process (${status}): ${complaints.slice(-300)}` });
  endings.push(cases[left[0]!]!.name);
  return probe(rest);
}

/** Cases into groups of at most `size`, dealt to the workers. */
function deal(indices: readonly number[], size: number, workers: number): readonly (readonly (readonly number[])[])[] {
  const groups: number[][] = [];
  for (let at = 0; at < indices.length; at += size) groups.push(indices.slice(at, at + size));
  return Array.from({ length: workers }, (_, worker) => groups.filter((_, i) => i % workers === worker));
}

before(async () => {
  const start = performance.now();
  const all = cases.map((_, index) => index);
  const workers = Math.max(1, Math.min(6, availableParallelism() - 1));
  const legal = deal(
    all.filter((index) => table[index] === undefined),
    12,
    workers,
  );
  const illegal = deal(
    all.filter((index) => table[index] !== undefined),
    1,
    workers,
  );
  await Promise.all(legal.map((groups, i) => probe([...groups, ...illegal[i]!])));
  const named = (wanted: (legal: boolean, answer: Answer) => boolean) =>
    all.flatMap((index) => {
      const answer = answers.get(index)!;
      const { name } = cases[index]!;
      return wanted(table[index] === undefined, answer) ? [{ name, table: table[index], tensorrt: answer.reason }] : [];
    });
  const figures = {
    target,
    cases: cases.length,
    seconds: Math.round((performance.now() - start) / 100) / 10,
    legalButFails: named((legal, { works }) => legal && !works),
    illegalButWorks: named((legal, { works }) => !legal && works),
    illegalAndFails: named((legal, { works }) => !legal && !works),
    endings,
  };
  const names = (list: readonly { name: string }[]) => list.map(({ name }) => name);
  const short = version.split('.').slice(0, 2).join('.');
  save(
    `legality-${product === 'rtx' ? 'rtx-' : ''}${short}`,
    figures,
    JSON.stringify({
      ...figures,
      legalButFails: names(figures.legalButFails),
      illegalButWorks: names(figures.illegalButWorks),
      illegalAndFails: figures.illegalAndFails.length,
    }),
  );
});

test('TensorRT was asked about every op and type', () => {
  assert.ok(cases.length > 200);
  assert.deepEqual(
    cases.flatMap(({ name }, index) => (answers.has(index) ? [] : [name])),
    [],
  );
});

test('what the table allows builds', () => {
  assert.deepEqual(
    cases.flatMap(({ name }, index) =>
      table[index] === undefined && !answers.get(index)?.works ? [`${name}: ${answers.get(index)?.reason}`] : [],
    ),
    [],
  );
});

test('no case ends the process that the table allows', () => {
  const illegal = new Set(cases.filter((_, index) => table[index] !== undefined).map(({ name }) => name));
  assert.deepEqual(
    endings.filter((name) => !illegal.has(name)),
    [],
  );
});
