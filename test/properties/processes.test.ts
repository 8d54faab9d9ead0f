import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runShares, sharesOf } from './processes.ts';
import { mergeReports } from './report-json.ts';

/** Writes a report as run.ts does, then ends, hangs or crashes, by its first seed. */
const script = `
import { writeFileSync } from 'node:fs';
const [from, count, out] = ['--from', '--count', '--out'].map((name) => process.argv[process.argv.indexOf(name) + 1]);
const seconds = { total: 1, backend: 1 };
const report = (graphs) =>
  JSON.stringify({ asked: Number(count), graphs, agreed: graphs, outputs: 0, seconds, failures: [], worst: {}, coverage: {} });
if (from !== '121') writeFileSync(out, report(from === '1' ? 4 : 2));
if (from === '41') setInterval(() => {}, 1000);
if (from === '81') process.kill(process.pid, 'SIGSEGV');
if (from === '121') process.exitCode = 1;
`;
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'trt-dsl-processes-'));
  writeFileSync(join(folder, 'share.mjs'), script);
});
afterAll(() => rmSync(folder, { recursive: true }));

test('what processes wrote before they hung or crashed is kept, and what they did not reach is counted', async () => {
  const shares = sharesOf(1, 16, 4);
  expect(shares).toEqual([1, 41, 81, 121].map((first) => ({ first, count: 4 })));
  const outcomes = await runShares([join(folder, 'share.mjs')], shares, { budget: 8, grace: 2 });
  expect(outcomes.map(({ cut }) => cut)).toEqual([
    undefined,
    'was killed 2 s after its budget of 8 s',
    'ended with SIGSEGV',
    'ended with 1',
  ]);
  const texts = outcomes.flatMap(({ text }) => text ?? []);
  const merged = mergeReports(texts, 'run', { cut: ['one hung'], lost: 4 });
  expect({ ...merged, text: undefined }).toEqual({ asked: 16, graphs: 8, agreed: 8, text: undefined });
  expect(JSON.parse(merged.text)).toMatchObject({ asked: 16, cut: ['one hung'], graphs: 8 });
});
