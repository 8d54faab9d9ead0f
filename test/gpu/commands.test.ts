// trt-dsl's commands on an engine of this machine's GPU: build, run, inspect, compare, each in a process of its own.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { dim, Network, toJson, Weights } from '@trt-dsl/dsl';
import { expected, kernel, rows, width } from './native-mlp.ts';
import { driver, save } from './support.ts';

const program = join(dirname(createRequire(import.meta.url).resolve('@trt-dsl/tools')), '../bin/trt-dsl.js');
const skip = driver() ? false : 'no GPU';
const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-'));
const at = (name: string): string => join(folder, name);
const reports: Record<string, unknown> = {};

/** Rows of `width`. */
const batched = (data: Float32Array): number[][] =>
  Array.from({ length: data.length / width }, (_, i) => [...data.subarray(i * width, (i + 1) * width)]);

/** What a command prints with --json; throws with what it wrote if it fails. */
function trtDsl(...args: readonly string[]): Record<string, unknown> {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, '--json'], {
    encoding: 'utf8',
    maxBuffer: 2 ** 26,
  });
  assert.equal(status, 0, `trt-dsl ${args.join(' ')}: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}

before(() => {
  const net = new Network('mlp');
  const x = net.addInput('x', 'float32', [dim('batch'), width]);
  const weights = net.addConstant(Weights.of('float32', [width, width], kernel));
  net.markOutput(net.addSoftmax(net.addReLU(net.addMatMul(x, weights)), { axis: -1 }), 'y');
  writeFileSync(at('mlp.json'), toJson(net.graph()));
  const y = expected(rows(3), kernel);
  writeFileSync(at('x.json'), JSON.stringify({ x: batched(rows(3)) }));
  writeFileSync(at('y.json'), JSON.stringify({ y: batched(y) }));
});
after(() => rmSync(folder, { recursive: true }));

test('build, inspect, run and compare', { skip }, () => {
  const sizes = ['--min', 'batch=1', '--opt', 'batch=3', '--max', 'batch=8'];
  reports['build'] = trtDsl('build', at('mlp.json'), '--backend', 'tensorrt-10', '-o', at('mlp.plan'), ...sizes);
  assert.ok(existsSync(at('mlp.plan')));
  const inspected = trtDsl('inspect', at('mlp.plan'));
  reports['inspect'] = inspected;
  assert.match(JSON.stringify(inspected), /"x".*"y"/s);
  const input = ['--input', at('x.json')];
  reports['run'] = trtDsl('run', at('mlp.plan'), ...input, '--runs', '20', '--cuda-graph', '-o', at('outputs'));
  const npy = readFileSync(join(at('outputs'), 'y.npy'));
  const y = new Float32Array(
    npy.buffer.slice(npy.byteOffset + npy.length - 3 * width * 4, npy.byteOffset + npy.length),
  );
  const worst = expected(rows(3)).reduce((most, value, i) => Math.max(most, Math.abs(value - y[i]!)), 0);
  assert.ok(worst < 5e-6, `off by ${worst}`);
  reports['compare'] = trtDsl('compare', at('mlp.plan'), at('outputs'), ...input, '--max-abs', '1e-6');
  const graph = [at('mlp.json'), at('mlp.plan'), '--backend', 'tensorrt-10'];
  reports['compare graph'] = trtDsl('compare', ...graph, '--random', '--size', 'batch=5', '--max-abs', '1e-6');
  save('commands', reports, 'build, inspect, run, compare');
});

test('a size that no profile has is one line behind the progress', { skip }, () => {
  const { status, stderr } = spawnSync(process.execPath, [program, 'run', at('mlp.plan'), '--size', 'batch=9'], {
    encoding: 'utf8',
  });
  assert.equal(status, 1);
  const [error, ...before] = stderr.trim().split('\n').toReversed();
  assert.match(error!, /^trt-dsl: no profile of the engine takes x\[9, \d+\]; it has x \[1, /);
  assert.deepEqual(before, [`opening ${at('mlp.plan')}`]);
});
