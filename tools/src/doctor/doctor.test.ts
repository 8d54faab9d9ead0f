import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { environment, temporaryFolder, trtDsl } from '../../../test/support/trt-dsl.ts';
import { type Check, checkNames } from './check.ts';

describe('trt-dsl doctor', () => {
  it('finds on this machine what the tests installed', async () => {
    const { exitCode, stdout } = await trtDsl(
      'doctor',
      '--json',
      '--require',
      'headers',
      '--require',
      'tensorrt-rtx',
      '--require',
      'pytorch',
    );
    const report: { ok: boolean; checks: Check[]; cache: { parts: { name: string; bytes: number }[] } } =
      JSON.parse(stdout);
    expect({ exitCode, ok: report.ok }).toEqual({ exitCode: 0, ok: true });
    expect(report.checks.map(({ name }) => name)).toEqual(checkNames);
    const check = (name: string) => report.checks.find((each) => each.name === name)!;
    expect(check('node').found).toContain(process.versions.node);
    expect(check('cpu').found).toMatch(/^ONNX Runtime \d+\.\d+/);
    expect(check('tensorrt-rtx').found).toMatch(/^1\.7\.1 \(/);
    expect(check('addons').details).toMatchObject({
      addons: [{ product: 'tensorrt-rtx' }, { product: 'tensorrt-10' }, { product: 'tensorrt-11' }],
    });
    expect(check('pytorch').found).toMatch(/torch \d+\.\d+.*transformers 4\./);
    const sizes = Object.fromEntries(report.cache.parts.map(({ name, bytes }) => [name, bytes]));
    expect(sizes['tensorrt/lib/rtx-1.7']).toBe(238_111_232);
  });

  it('on an empty cache, names each gap and the command that repairs it', async () => {
    const cache = join(temporaryFolder(), 'empty');
    environment('TRT_DSL_CACHE', cache);
    environment('TENSORRT_ROOT', undefined);
    environment('PATH', temporaryFolder()); // no nvidia-smi either
    const { exitCode, stdout } = await trtDsl('doctor', '--json');
    expect(exitCode).toBe(0); // the CPU path works all the same
    const report: { checks: Check[]; cache: unknown } = JSON.parse(stdout);
    const gaps = report.checks.filter(({ ok }) => !ok);
    for (const { name, neededFor, repair } of gaps) {
      expect(neededFor, name).toBeTruthy();
      if (name !== 'gpu') expect(repair, name).toBeTruthy();
    }
    const repairs = Object.fromEntries(gaps.map(({ name, repair }) => [name, repair]));
    expect(repairs).toMatchObject({
      headers: 'npx trt-dsl setup',
      driver: expect.stringContaining('nvidia-driver'),
      gpu: undefined,
    });
    expect(report.cache).toEqual({ folder: cache, parts: [] });

    const required = await trtDsl('doctor', '--require', 'headers', '--require', 'gpu');
    expect(required.exitCode).toBe(1);
    expect(required.stdout).toMatch(/^headers +missing +not found: TRT-RTX-1\.7, /m);
    expect(required.stdout).toMatch(/\nNot in order: headers, gpu\.\n$/);
  });

  it('says when a library cannot be opened, and when TENSORRT_ROOT has none', async () => {
    const root = temporaryFolder();
    environment('TENSORRT_ROOT', root);
    writeFileSync(join(root, 'libtensorrt_rtx.so.1'), 'no library');
    const { exitCode, stdout } = await trtDsl('doctor', '--json', '--require', 'tensorrt-rtx');
    const { checks }: { checks: Check[] } = JSON.parse(stdout);
    const found = (name: string) => checks.find((each) => each.name === name)!;
    expect(exitCode).toBe(1);
    expect(found('tensorrt-rtx')).toMatchObject({ ok: false, found: expect.stringContaining('cannot use') });
    expect(found('tensorrt-rtx').repair).toContain('npx trt-dsl setup --product tensorrt-rtx');
    expect(found('tensorrt-10').found).toContain(`TENSORRT_ROOT, ${root}, has none`);
  });
});
