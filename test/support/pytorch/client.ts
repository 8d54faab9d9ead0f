import { Buffer } from 'node:buffer';
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { bytesOf, type Feeds, type Graph, type HostArray, type Sizes, TrtDslError, toJson } from '@trt-dsl/dsl';

/** The Python of programs that are told of none: $PYTHON, what install-pytorch.sh made in this checkout, python3. */
export function usualPython(): string {
  const made = '.cache/python/bin/python';
  return process.env['PYTHON'] ?? (existsSync(made) ? made : 'python3');
}

/** One run of a graph: what is fed (with shapes) and the sizes of its named dims. */
export interface ReferenceRun {
  readonly feeds: Feeds;
  readonly sizes: Sizes;
}

/** A graph to compute. `slack`: how many float32 roundings an op may be off inside; see bounds.py. */
export interface ReferenceJob {
  readonly graph: Graph;
  readonly runs: readonly ReferenceRun[];
  readonly slack?: number;
  /** by op: how many roundings of a half type, if the input is of one; see bounds.py */
  readonly own?: Readonly<Record<string, number>>;
}

/** An output as PyTorch computes it: every right value lies within `value` ± `bound`, elements in row-major order. */
export interface Reference {
  readonly shape: readonly number[];
  readonly value: Float64Array;
  readonly bound: Float64Array;
  /** 'good' if the output can tell right from wrong; else why not: constant, not finite, saturated, vague, empty */
  readonly state: string;
}

/** The outputs of each run by name, or why PyTorch could not compute the graph. */
export type ReferenceResult = readonly { readonly [output: string]: Reference }[] | TrtDslError;

interface Reply {
  readonly jobs: readonly {
    readonly runs?: readonly Record<string, { shape: number[]; value: number; bound: number; state: string }>[];
    readonly error?: string;
  }[];
  readonly bytes: number;
}

interface Frame {
  readonly header: unknown;
  readonly body: Buffer;
}

/** A PyTorch process that computes graphs; one serves any number of requests, answered in order. */
export class PyTorch {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #waiting: { resolve: (frame: Frame) => void; reject: (error: Error) => void }[] = [];
  #chunks: Buffer[] = [];
  #length = 0;
  /** bytes without which there is nothing new to do */
  #wanted = 4;
  #errors = '';
  #failure: TrtDslError | undefined;

  private constructor(python: string, script: string) {
    this.#process = spawn(python, ['-B', script], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
    this.#process.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    this.#process.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk).slice(-4000);
    });
    this.#process.stdin.on('error', () => {});
    this.#process.on('error', (error) => this.#fail(`${python} does not start: ${error.message}`));
    this.#process.on('close', (code) => this.#fail(`${python} ended with ${code}: ${this.#errors.trim()}`));
  }

  /**
   * Starts the worker.
   * @param python a Python that has torch: `findPython()`
   * @param script worker.py, where it does not lie beside this file
   * @throws TrtDslError 'unsupported' if it does not run, with what it said and how to install PyTorch
   */
  static async start(
    python: string,
    script: string = fileURLToPath(new URL('./worker.py', import.meta.url)),
  ): Promise<PyTorch> {
    const worker = new PyTorch(python, script);
    await worker.#next();
    return worker;
  }

  /** Computes all jobs in one exchange. A job that fails has an error in its place. */
  async compute(jobs: readonly ReferenceJob[]): Promise<readonly ReferenceResult[]> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    const store = (array: ArrayBufferView): { offset: number; bytes: number } => {
      const part = bytesOf(array);
      const place = { offset: bytes, bytes: part.byteLength };
      parts.push(part);
      bytes += part.byteLength;
      return place;
    };
    const encoded = jobs.map(({ graph, runs, slack = 4, own = {} }) => ({
      graph: JSON.parse(toJson(graph)) as unknown,
      slack,
      own,
      runs: runs.map(({ feeds, sizes }) => ({
        sizes,
        feeds: Object.fromEntries(
          [...graph.inputs].map(([name, { dataType }]) => {
            const { data, shape } = shaped(name, feeds);
            return [name, { dataType, shape, ...store(data) }];
          }),
        ),
      })),
    }));
    const text = Buffer.from(JSON.stringify({ jobs: encoded, bytes }));
    const prefix = Buffer.alloc(4);
    prefix.writeUInt32LE(text.length);
    this.#process.stdin.write(Buffer.concat([prefix, text, ...parts]));
    const { header, body } = await this.#next();
    return (header as Reply).jobs.map(({ runs, error }, i) =>
      runs
        ? runs.map((outputs) =>
            Object.fromEntries(
              Object.entries(outputs).map(([name, { shape, value, bound, state }]) => {
                const count = shape.reduce((a, b) => a * b, 1);
                const read = (at: number): Float64Array =>
                  new Float64Array(body.buffer.slice(body.byteOffset + at, body.byteOffset + at + 8 * count));
                return [name, { shape, value: read(value), bound: read(bound), state }];
              }),
            ),
          )
        : new TrtDslError('unsupported', `PyTorch could not compute graph "${jobs[i]!.graph.name}": ${error}`),
    );
  }

  /** Ends the process. */
  close(): void {
    this.#failure ??= new TrtDslError('closed', 'the PyTorch worker is closed');
    this.#process.kill();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #next(): Promise<Frame> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  #fail(message: string): void {
    this.#failure ??= new TrtDslError(
      'unsupported',
      `PyTorch worker: ${message}; if torch is missing, run tools/scripts/install-pytorch.sh or set PYTHON`,
    );
    for (const { reject } of this.#waiting.splice(0)) reject(this.#failure);
  }

  #receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    while (this.#length >= this.#wanted) {
      const all = Buffer.concat(this.#chunks);
      const size = 4 + all.readUInt32LE(0);
      const header = all.length < size ? undefined : (JSON.parse(all.toString('utf8', 4, size)) as { bytes?: number });
      const end = size + (header?.bytes ?? 0);
      const complete = header !== undefined && all.length >= end;
      this.#chunks = [complete ? all.subarray(end) : all];
      this.#length = this.#chunks[0]!.length;
      this.#wanted = complete ? 4 : end;
      if (complete) this.#waiting.shift()?.resolve({ header, body: all.subarray(size, end) });
    }
  }
}

function shaped(name: string, feeds: Feeds): { data: HostArray; shape: readonly number[] } {
  const feed = feeds[name];
  if (feed === undefined || ArrayBuffer.isView(feed))
    throw new TrtDslError('argument', `input "${name}": feed { data, shape } for the reference`);
  return feed as { data: HostArray; shape: readonly number[] };
}
