import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import {
  type DataType,
  type Dim,
  type Feed,
  fromNumbers,
  Network,
  type PluginFields,
  type Tensor,
  toNumbers,
} from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { findPython } from '../../../../test/support/python.ts';

/** A value fed to a plugin; `dims` where the shape has names. */
export interface Given {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly dims?: readonly Dim[];
}

export interface Job {
  /** reference.py's function */
  readonly op: string;
  readonly inputs: readonly Given[];
  readonly fields: PluginFields;
}

/** What PyTorch computes, one list of outputs a job. */
export async function pytorch(jobs: readonly Job[]): Promise<readonly (readonly (readonly number[])[])[]> {
  const script = fileURLToPath(new URL('reference.py', import.meta.url));
  const input = JSON.stringify(jobs);
  return JSON.parse(
    execFileSync(await findPython(), ['-W', 'ignore', script], { input, encoding: 'utf8', maxBuffer: 1 << 28 }),
  ) as number[][][];
}

/** What the plugin's decomposition computes on ONNX Runtime. */
export async function decomposed(
  // biome-ignore lint/suspicious/noExplicitAny: plugins of any signature
  plugin: (net: Network, inputs: any, fields: any) => Tensor | readonly Tensor[],
  { inputs, fields }: Job,
): Promise<readonly (readonly number[])[]> {
  const net = new Network('test');
  const tensors = inputs.map(({ type, shape, dims }, i) => net.addInput(`in${i}`, type, (dims ?? shape) as never));
  const built = plugin(net, tensors, fields);
  const outputs = (Array.isArray(built) ? built : [built]) as readonly Tensor[];
  outputs.forEach((tensor, i) => {
    net.markOutput(tensor, `out${i}`);
  });
  using engine = await onnxBackend({ threads: 1 }).compile(net.graph());
  const feeds: Record<string, Feed> = {};
  inputs.forEach(({ type, shape, values }, i) => {
    feeds[`in${i}`] = { data: fromNumbers(type, values), shape };
  });
  const results = await engine.run(feeds);
  return outputs.map((_, i) => {
    const { dataType, data } = results[`out${i}`]!;
    return [...toNumbers(dataType, data)];
  });
}

/** Normal numbers from a seed, already rounded to `type`. */
export function normal(seed: number, type: DataType, shape: readonly number[], dims?: readonly Dim[]): Given {
  let state = seed * 2654435761 + 1;
  const uniform = (): number => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 374761393) >>> 0;
    return (state + 0.5) / 2 ** 32;
  };
  const size = shape.reduce((a, b) => a * b, 1);
  const raw = Array.from(
    { length: size },
    () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  );
  return { type, shape, values: [...toNumbers(type, fromNumbers(type, raw))], ...(dims && { dims }) };
}
