import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { dim, Network, toJson } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { appendNotes, splitNotes } from '../../packages/trt-bindings/src/backend/plan.ts';
import { temporaryFolder, trtDsl } from '../support/trt-dsl.ts';

test('commands run no code that an engine brings, unless they are told that they may', async () => {
  const net = new Network('relu');
  net.markOutput(net.addReLU(net.addInput('x', 'float32', [dim('batch'), 2])), 'y');
  const folder = temporaryFolder();
  const [model, plan] = [join(folder, 'relu.json'), join(folder, 'relu.plan')];
  writeFileSync(model, toJson(net.graph()));
  expect(await trtDsl('build', model, '--out', plan, '--max', 'batch=2')).toMatchObject({ exitCode: 0 });
  const { plan: bytes, notes } = splitNotes(readFileSync(plan));
  writeFileSync(plan, appendNotes(bytes, { ...notes!, hostCode: true }));
  for (const argv of [
    ['run', plan, '--random'],
    ['inspect', plan],
    ['compare', plan, model, '--random'],
    ['compare', model, plan, '--random'],
  ]) {
    const said = async (...flags: readonly string[]): Promise<string> => {
      const { stdout, stderr } = await trtDsl(...argv, ...flags);
      return stdout + stderr;
    };
    expect(await said()).toContain('brings a runtime of its own (versionCompatible)');
    expect(await said('--host-code')).not.toContain('brings a runtime');
  }
});
