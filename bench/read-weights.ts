// How fast weights are read, checksums verified, against fs.readFile of the same bytes; and the memory it takes.
// Run it with: npm run bench -- read-weights
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type HostArray, Weights } from '@trt-dsl/dsl';
import { openWeights, writeNpz, writeSafetensors, writeTensorflowBundle } from '@trt-dsl/weights';
import { report } from './report.ts';

/** The shapes of BERT-large: 1.34 GB of float32. */
function* shapes(hidden = 1024, layers = 24): Generator<readonly [string, readonly number[]]> {
  yield ['embeddings/word_embeddings', [30522, hidden]];
  yield ['embeddings/position_embeddings', [512, hidden]];
  for (let layer = 0; layer < layers; layer++) {
    for (const part of ['query', 'key', 'value', 'output']) {
      yield [`encoder/layer_${layer}/attention/${part}/kernel`, [hidden, hidden]];
      yield [`encoder/layer_${layer}/attention/${part}/bias`, [hidden]];
    }
    yield [`encoder/layer_${layer}/intermediate/kernel`, [hidden, 4 * hidden]];
    yield [`encoder/layer_${layer}/output/kernel`, [4 * hidden, hidden]];
  }
}

/** One measurement, in a process of its own so that its memory is its own. */
interface Measured {
  readonly seconds: number;
  /** of all threads, user and system: what stays the same on a busy machine */
  readonly cpuSeconds: number;
  readonly bytes: number;
  readonly peakBytes: number;
}
const readers: Readonly<Record<string, (path: string) => Promise<readonly (Uint8Array | HostArray)[]>>> = {
  readFile: async (path) => [await readFile(path)],
  openWeights: async (path) => {
    using file = openWeights(path);
    return file.keys().map((key) => file.get(key).array());
  },
};

async function measure(reader: string, path: string): Promise<void> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const kept = await readers[reader]!(path);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const bytes = kept.reduce((sum, array) => sum + array.byteLength, 0);
  const measured: Measured = {
    seconds,
    cpuSeconds: (user + system) / 1e6,
    bytes,
    peakBytes: process.resourceUsage().maxRSS * 1024,
  };
  process.stdout.write(JSON.stringify(measured));
}

const rounds = 7;
const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
const inChild = (reader: string, path: string): Measured =>
  JSON.parse(
    execFileSync(process.execPath, [fileURLToPath(import.meta.url), 'measure', reader, path], { encoding: 'utf8' }),
  ) as Measured;

function compare(path: string, data: string) {
  const pairs = Array.from(
    { length: rounds },
    () => [inChild('readFile', data), inChild('openWeights', path)] as const,
  );
  const plain = median(pairs.map(([{ bytes, seconds }]) => bytes / seconds / 1e9));
  const ours = median(pairs.map(([, { bytes, seconds }]) => bytes / seconds / 1e9));
  const memory = Math.max(...pairs.map(([, { peakBytes, bytes }]) => peakBytes / bytes));
  return {
    file_bytes: statSync(data).size,
    read_file_gb_per_s: plain,
    open_weights_gb_per_s: ours,
    speed_of_read_file: median(pairs.map(([a, b]) => a.seconds / a.bytes / (b.seconds / b.bytes))),
    speed_of_read_file_by_cpu_time: median(pairs.map(([a, b]) => a.cpuSeconds / a.bytes / (b.cpuSeconds / b.bytes))),
    peak_memory_of_tensor_bytes: memory,
  };
}

function main(): void {
  const folder = mkdtempSync(join(tmpdir(), 'trt-dsl-bench-'));
  try {
    const noise = new Float32Array(30522 * 1024).map((_, i) => Math.fround(((i * 2654435761) >>> 0) / 2 ** 32 - 0.5));
    const tensors = [...shapes()].map(([name, shape]): [string, Weights] => {
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, Weights.of('float32', shape, noise.subarray(0, size), name) as Weights];
    });
    const at = (name: string): string => join(folder, name);
    writeSafetensors(at('model.safetensors'), tensors);
    const safetensors = compare(at('model.safetensors'), at('model.safetensors'));
    rmSync(at('model.safetensors'));
    writeTensorflowBundle(at('model.ckpt'), tensors);
    const tensorflow = compare(at('model.ckpt'), at('model.ckpt.data-00000-of-00001'));
    for (const end of ['.index', '.data-00000-of-00001']) rmSync(at(`model.ckpt${end}`));
    writeNpz(at('model.npz'), tensors);
    const npz = compare(at('model.npz'), at('model.npz'));
    report('read-weights', {
      rounds,
      load_average: loadavg()[0],
      safetensors,
      tensorflow_crc32c_verified: tensorflow,
      npz_crc32_verified: npz,
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [command, reader, path] = process.argv.slice(2);
if (command === 'measure') await measure(reader!, path!);
else main();
