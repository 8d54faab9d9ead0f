import { appendFileSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../../test/support/trt-dsl.ts';
import { cacheFolder } from '../cache.ts';
import { noProgress } from '../progress.ts';
import { headers } from './artifacts.ts';
import { ensureHeaders, hasHeaders, headersFolder } from './headers.ts';

const context = { progress: noProgress, signal: new AbortController().signal };

describe('ensureHeaders', () => {
  it('fetches again what was changed, and that alone', async () => {
    const cache = temporaryFolder();
    cpSync(headersFolder(cacheFolder()), headersFolder(cache), { recursive: true });
    expect(await ensureHeaders(cache, context)).toEqual([]);
    appendFileSync(join(headersFolder(cache), 'TRT-RTX-1.7', 'NvInfer.h'), '\n');
    expect(await ensureHeaders(cache, context)).toEqual(['TRT-RTX-1.7']);
    for (const artifact of headers) expect(await hasHeaders(cache, artifact)).toBe(true);
    expect(readdirSync(cache)).toEqual(['tensorrt']);
  });

  it('leaves nothing behind when it is interrupted', async () => {
    const cache = temporaryFolder();
    await expect(ensureHeaders(cache, { ...context, signal: AbortSignal.timeout(100) })).rejects.toThrow(/abort/i);
    expect(existsSync(headersFolder(cache))).toBe(false);
    expect(readdirSync(cache)).toEqual([]);
  });
});
