import {
  type DataType,
  type Dim,
  type Feed,
  fromNumbers,
  Network as Net,
  type Network,
  type Tensor,
  toNumbers,
} from '@trt-dsl/dsl';
import { onnxBackend } from '../backend/onnx-backend.ts';

export const backend = onnxBackend({ threads: 1 });

/** A value fed to a network: type, shape and plain numbers; `dims` where the shape has names. */
export interface Given {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly values: readonly number[];
  readonly dims?: readonly Dim[];
}

export const given = (
  type: DataType,
  shape: readonly number[],
  values: readonly number[],
  dims?: readonly Dim[],
): Given => ({
  type,
  shape,
  values,
  ...(dims && { dims }),
});

/** What came out: type, shape, plain numbers. */
export interface Got {
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

/** Builds a network on the given inputs, runs it, and returns the outputs in order. */
export async function run(
  inputs: readonly Given[],
  // biome-ignore lint/suspicious/noExplicitAny: tests build on tensors of any type
  build: (net: Network, ...tensors: any[]) => Tensor | readonly Tensor[],
): Promise<readonly Got[]> {
  const net = new Net('test');
  const tensors = inputs.map(({ type, shape, dims }, i) => net.addInput(`in${i}`, type, dims ?? shape));
  const built = build(net, ...tensors);
  const outputs = (Array.isArray(built) ? built : [built]) as readonly Tensor[];
  outputs.forEach((tensor, i) => {
    net.markOutput(tensor, `out${i}`);
  });
  using engine = await backend.compile(net.graph());
  const feeds: Record<string, Feed> = {};
  inputs.forEach(({ type, shape, values }, i) => {
    feeds[`in${i}`] = { data: fromNumbers(type, values), shape };
  });
  const results = await engine.run(feeds);
  return outputs.map((_, i) => {
    const { dataType, shape, data } = results[`out${i}`]!;
    return { type: dataType, shape, values: [...toNumbers(dataType, data)] };
  });
}

/** The first output's numbers. */
export const numbersOf = async (
  inputs: readonly Given[],
  // biome-ignore lint/suspicious/noExplicitAny: tests build on tensors of any type
  build: (net: Network, ...tensors: any[]) => Tensor,
): Promise<readonly number[]> => (await run(inputs, build))[0]!.values;
