import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { openBackend, whyNotRun } from './backends.ts';
import { bertSquad, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';
import { notFinite } from './trial.ts';

const removals: (() => void)[] = [];
let folder: string;
beforeAll(() => {
  folder = temporaryFolder((remove) => removals.push(remove));
  return () => {
    for (const remove of removals) remove();
  };
});
const at = (name: string): string => join(folder, name);

/** The tiny model with something done to the numbers of one of its second layer's arrays. */
function broken(name: string, change: (array: Float32Array) => void, of = 'intermediate_dense_kernel'): string {
  const model = at(name);
  cpSync(fixture('npy'), model, { recursive: true });
  const path = join(model, `l1_${of}.npy`);
  const file = readFileSync(path);
  const start = 10 + file.readUInt16LE(8); // what .npy has in front of the numbers
  const array = new Float32Array(Uint8Array.from(file.subarray(start)).buffer);
  change(array);
  file.set(new Uint8Array(array.buffer), start);
  writeFileSync(path, file);
  return model;
}

const build = (model: string, output: string, ...how: string[]) =>
  bertSquad('build', '-m', model, '-o', output, '-b', '1', '8', '-s', '16:64:96', '--backend', 'onnx', ...how);
const lastLine = (text: string): string => text.trimEnd().split('\n').at(-1)!;

describe('the trial run', () => {
  test('says where it ran, and does so at the smallest sizes that any profile takes', async () => {
    const how = ['-m', fixture('npy'), '-o', at('good'), '-b', '4:4:4', '2:8:8', '-s', '64', '32:48:96'];
    expect(await report('build', ...how, '--backend', 'onnx')).toMatchObject({ trial: { batch: 2, seq: 32 } });
    const { stdout, exitCode } = await build(fixture('npy'), at('good'));
    expect(exitCode).toBe(0);
    expect(stdout).toContain('; its trial run, batch 1 × sequence 16, gave finite numbers\n');
  });

  test.each([
    ['NaN', Number.NaN],
    ['an infinity', Number.POSITIVE_INFINITY],
  ])('refuses %s among the weights, and writes nothing', async (name, value) => {
    const model = broken(name, (kernel) => kernel.fill(value, 0, 1));
    const output = at(`never-${name}`);
    const { exitCode, stdout, stderr } = await build(model, output);
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(lastLine(stderr)).toBe(
      `bert-squad: ${output}: not written, for in its trial run (made-up ids, batch 1 × sequence 16) ` +
        '16 of 16 values of start_logits, 16 of 16 values of end_logits are not finite; ' +
        'are the weights whole? NaN or an infinity among them does this; --no-trial writes it untried',
    );
    expect([existsSync(output), existsSync(`${output}.json`)]).toEqual([false, false]);
  });

  test('--no-trial writes it all the same, and perf warns of it', async () => {
    const model = broken('kept', (kernel) => kernel.fill(Number.NaN, 0, 1));
    const { exitCode, stdout } = await build(model, at('kept.engine'), '--no-trial');
    expect({ exitCode, stdout }).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('without a trial run') });
    const timing = ['-b', '2', '-s', '32', '-i', '2', '--warm-up', '0'];
    const warned = await bertSquad('perf', '-e', at('kept.engine'), ...timing);
    expect(warned).toMatchObject({
      exitCode: 0,
      stderr: expect.stringContaining(
        'batch 2 × sequence 32: the engine computes nothing of use: 64 of 64 values of start_logits',
      ),
    });
    await build(fixture('npy'), at('good'));
    expect(await bertSquad('perf', '-e', at('good'), ...timing)).toMatchObject({
      exitCode: 0,
      stderr: expect.not.stringContaining('of use'),
    });
  });

  test('catches sums that overflow float16, and says what has room for them', async () => {
    const model = broken('large', (kernel) => {
      for (const [i, value] of kernel.entries()) kernel[i] = value * 3e5;
    });
    const { exitCode, stderr } = await build(model, at('half'), '--precision', 'fp16');
    expect(exitCode).toBe(1);
    expect(lastLine(stderr)).toContain('are not finite; float16 ends at 65504: try --precision bf16 or fp32;');
    for (const precision of ['bf16', 'fp32'])
      expect(await build(model, at('wide'), '--precision', precision)).toMatchObject({ exitCode: 0 });
  });

  test.each([
    ['accurate', '; try --recipe gemm, --exclude with the layers that overflow, or another --precision; --no-trial'],
    ['gemm', '; try --exclude with the layers that overflow, or another --precision; --no-trial'],
  ])('knows what to try instead of int8 by recipe %s', async (recipe, words) => {
    const cache = at(`${recipe}.cache`);
    const data = ['--calibration-data', fixture('lines.txt'), '--format', 'tensorrt', '-s', '96'];
    await report('calibrate', '-m', fixture('npy'), ...data, '-o', cache);
    const model = broken(recipe, (bias) => bias.fill(Number.NaN), 'output_dense_bias');
    const how = ['--precision', 'int8', '--calibration-cache', cache, '--recipe', recipe];
    const { exitCode, stderr } = await build(model, at('int8'), ...how);
    expect(exitCode).toBe(1);
    expect(lastLine(stderr)).toContain(`are not finite${words}`);
  });
});

test('notFinite counts what is none of the numbers', () => {
  const tensor = (...values: number[]) =>
    ({ dataType: 'float32', shape: [values.length], data: Float32Array.from(values) }) as const;
  expect(notFinite({ a: tensor(0, -1e38), b: tensor() })).toBeNull();
  expect(notFinite({ a: tensor(0), b: tensor(1, Number.NaN, Number.NEGATIVE_INFINITY) })).toBe(
    '2 of 3 values of b are not finite',
  );
});

const rtx = await openBackend('tensorrt-rtx');
test.skipIf(whyNotRun(rtx) === undefined)('there is none where the engine cannot run, aloud', async () => {
  const built = await bertSquad(
    'build',
    '-m',
    fixture('npy'),
    '-o',
    at('rtx'),
    '-s',
    '64',
    '--backend',
    'tensorrt-rtx',
  );
  expect(built).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('without a trial run'),
    stderr: expect.stringContaining(`no trial run: tensorrt-rtx: ${whyNotRun(rtx)}`),
  });
});
