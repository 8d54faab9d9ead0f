import { mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Network } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { tensorrt } from '../index.ts';

const graph = () => {
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  return net.graph();
};

test('timings are written, in a new folder too, and nothing else is left', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-timings-'));
  const timingCache = join(folder, 'new', 'timings');
  for (let i = 0; i < 2; i++) (await tensorrt({ product: 'rtx' }).compile(graph(), { timingCache })).close();
  expect(readdirSync(join(folder, 'new'))).toEqual(['timings']);
  expect(statSync(timingCache).size).toBeGreaterThan(0);
});

test('a build is not lost where timings cannot be read or written: it warns', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-timings-'));
  const timingCache = join(folder, 'timings');
  mkdirSync(timingCache);
  const warnings: string[] = [];
  const listen = (warning: Error): unknown => warnings.push(warning.message);
  process.on('warning', listen);
  using engine = await tensorrt({ product: 'rtx' }).compile(graph(), { timingCache });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  expect([...engine.outputs.keys()]).toEqual(['y']);
  expect(warnings).toEqual([
    expect.stringContaining(`${timingCache} is not used`),
    expect.stringContaining(`${timingCache} is not written`),
  ]);
  expect(readdirSync(folder)).toEqual(['timings']);
});
