import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import fc from 'fast-check';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { extract, listZip } from './zip.ts';

/** What fflate writes: it takes `__proto__` for no name. */
const archives = fc.dictionary(
  fc
    .stringMatching(/^[a-zA-Z0-9_é]{1,12}(\/[a-z.]{1,8})?$/)
    .filter((name) => !name.includes('..') && name !== '__proto__'),
  fc.tuple(fc.uint8Array({ maxLength: 3_000 }), fc.constantFrom(0, 6)),
  { minKeys: 0, maxKeys: 5 },
);

describe('zip archives', () => {
  it('are read as another program wrote them, stored and deflated', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'archive.zip');
    await fc.assert(
      fc.asyncProperty(archives, async (files) => {
        const contents = Object.entries(files).map(([name, [bytes, level]]) => [name, [bytes, { level }]]);
        writeFileSync(path, zipSync(Object.fromEntries(contents)));
        const entries = await listZip(path);
        expect(entries.map(({ name }) => name).sort()).toEqual(Object.keys(files).sort());
        for (const entry of entries) {
          const pieces: Uint8Array[] = [];
          await extract(path, entry, join(folder, 'file'), (piece) => pieces.push(piece));
          const [expected] = files[entry.name]!;
          expect(Buffer.compare(readFileSync(join(folder, 'file')), expected)).toBe(0);
          expect(Buffer.compare(Buffer.concat(pieces), expected)).toBe(0);
        }
      }),
      { numRuns: 40 },
    );
  });

  it('that are truncated or damaged give an error that names file and byte, never a crash', async () => {
    const folder = temporaryFolder();
    const path = join(folder, 'archive.zip');
    const content = Buffer.from('TensorRT '.repeat(200));
    const whole = zipSync({ 'a/library.so': content, 'b.txt': Buffer.from('b') });
    const outcomes = { error: 0, right: 0 };
    const check = async (bytes: Uint8Array) => {
      writeFileSync(path, bytes);
      try {
        const entry = (await listZip(path)).find(({ name }) => name === 'a/library.so');
        if (!entry) return;
        await extract(path, entry, join(folder, 'file'));
        if (readFileSync(join(folder, 'file')).equals(content)) outcomes.right += 1;
      } catch (error) {
        expect(error).toBeInstanceOf(TrtDslError);
        expect((error as Error).message).toMatch(/archive\.zip: at byte \d+: /);
        outcomes.error += 1;
      }
    };
    for (let length = 0; length < whole.length; length += 1) await check(whole.subarray(0, length));
    expect(outcomes).toEqual({ error: whole.length, right: 0 });
    for (let at = 0; at < whole.length; at += 1) await check(whole.map((byte, i) => (i === at ? byte ^ 0xff : byte)));
    expect(outcomes.error).toBeGreaterThan(whole.length);
  });
});
