import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Network } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../../../test/support/temporary.ts';
import { tensorrt } from '../index.ts';

const graph = () => {
  const net = new Network('net');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [2])), 'y');
  return net.graph();
};

test('timings are written, in a new folder too, and nothing else is left', async () => {
  const folder = temporaryFolder();
  const timingCache = join(folder, 'new', 'timings');
  for (let i = 0; i < 2; i++) (await tensorrt({ product: 'rtx' }).compile(graph(), { timingCache })).close();
  expect(readdirSync(join(folder, 'new'))).toEqual(['timings']);
  expect(statSync(timingCache).size).toBeGreaterThan(0);
});

test.each([
  ['a folder', 'timings', ['used', 'written'], (path: string) => mkdirSync(path)],
  ['below a file', 'file/timings', ['written'], (path: string) => writeFileSync(dirname(path), '')],
] as const)('a build is not lost where timings would be %s: it warns', async (_, name, not, make) => {
  const folder = temporaryFolder();
  const timingCache = join(folder, name);
  make(timingCache);
  const warnings: string[] = [];
  const listen = (warning: Error): unknown => warning.name === 'TrtDslWarning' && warnings.push(warning.message);
  process.on('warning', listen);
  using engine = await tensorrt({ product: 'rtx' }).compile(graph(), { timingCache });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('warning', listen);
  expect([...engine.outputs.keys()]).toEqual(['y']);
  expect(warnings).toEqual(not.map((done) => expect.stringContaining(`${timingCache} is not ${done}`)));
  expect(readdirSync(folder)).toEqual([name.split('/')[0]]);
});

// TensorRT-RTX has caches without timings: that both builds' timings are in the file is a test in test/gpu/options.test.ts.
test('what another build writes meanwhile is read before the file is replaced, whatever it is', async () => {
  const folder = temporaryFolder();
  const [timingCache, other] = [join(folder, 'timings'), join(folder, 'other')];
  const backend = tensorrt({ product: 'rtx' });
  (await backend.compile(graph(), { timingCache: other })).close();
  const whole = readFileSync(other);
  for (const meanwhile of [whole, Buffer.from('no timing cache'), Buffer.alloc(0)]) {
    let written = false;
    const onProgress = (): void => {
      if (!written) writeFileSync(timingCache, meanwhile);
      written = true;
    };
    (await backend.compile(graph(), { timingCache, onProgress })).close();
    expect(written).toBe(true);
    expect(readFileSync(timingCache)).toEqual(whole);
    rmSync(timingCache);
  }
});
