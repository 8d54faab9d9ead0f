import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromJson } from '@trt-dsl/dsl';
import { importOnnx, onnxBackend } from '@trt-dsl/onnx-backend';
import { expect, test } from 'vitest';
import { randomFeeds } from './inputs.ts';
import { bertSquad, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

test('inspect shows layers, a listing, DOT and SVG of the same network', async () => {
  const folder = temporaryFolder();
  const engine = join(folder, 'tiny.engine');
  await report('build', '-m', fixture('npy'), '-o', engine, '-s', '64', '--backend', 'onnx', '--precision', 'fp16');
  const { layers } = await report('inspect', '-e', engine);
  const query = layers.find(({ name }: { name: string }) => /layer_0\/attention\/self\/query\/matmul/.test(name));
  expect(query).toMatchObject({ type: 'matmul', inputs: ['float16[batch, seq, 24]', 'float16[24, 24]'] });

  const ofEngine = await bertSquad('inspect', '-e', engine, '--format', 'listing');
  const ofWeights = await bertSquad('inspect', '-m', fixture('npy'), '--precision', 'fp16');
  expect(ofEngine.stdout).toBe(ofWeights.stdout);
  expect(ofEngine.stdout).toContain('output start_logits');

  const { stdout: dot } = await bertSquad('inspect', '-e', engine, '--format', 'dot');
  expect(dot).toMatch(/^digraph/);
  const svg = join(folder, 'tiny.svg');
  await report('inspect', '-e', engine, '--format', 'svg', '-o', svg);
  expect(readFileSync(svg, 'utf8')).toContain('</svg>');
});

test('export writes ONNX and JSON that compute the same', async () => {
  const folder = temporaryFolder();
  const [onnx, json] = [join(folder, 'tiny.onnx'), join(folder, 'tiny.json')];
  await report('export', '-m', fixture('huggingface'), '-o', onnx);
  await report('export', '-m', fixture('tensorflow/model.ckpt-1'), '-o', json);
  const feeds = randomFeeds({ batch: 2, seq: 32 }, 192, 3, true);
  const logits = [];
  for (const graph of [importOnnx(onnx), fromJson(readFileSync(json, 'utf8'))]) {
    using engine = await onnxBackend().compile(graph);
    logits.push((await engine.run(feeds))['start_logits']!.data);
  }
  expect(logits[0]).toEqual(logits[1]);

  const written = await report('export', '-m', fixture('npy'), '-o', onnx, '--external-weights');
  expect(written.written).toEqual([onnx, `${onnx}.data`]);
  expect(existsSync(`${onnx}.data`)).toBe(true);
});
