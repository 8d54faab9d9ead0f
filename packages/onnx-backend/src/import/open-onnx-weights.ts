import { Weights } from '@trt-dsl/dsl';
import { kernelNames } from './kernel-names.ts';
import { openModel } from './model-file.ts';

/**
 * The initializers of an ONNX file by name, and the constants of its Constant nodes by the name of their tensor: weights
 * that are read when they are asked for, from the file itself or from the external data beside it. float64 becomes
 * float32 when it is read, 16-bit integers int32, unsigned ones int64.
 *
 * Kernels of linear layers, which PyTorch's exporters leave without a name of their own, are there by their module's
 * name too: `bert.pooler.dense.weight_in_out` where the product takes them as `[in, out]`, `….weight` where as `[out, in]`.
 * So are parameters that the exporter found equal to others and kept once, as an Identity.
 * @param source a path, or the bytes of a model that has its weights inside
 * @param options aliases: false leaves out those second names, so that each tensor is there once
 * @throws TrtDslError 'file' for what is no ONNX file or lies outside its folder, 'unsupported' for text tensors
 */
export function openOnnxWeights(
  source: string | Uint8Array,
  { aliases = true }: { readonly aliases?: boolean } = {},
): Map<string, Weights> {
  const { model, weightsOf } = openModel(source);
  const { graph = {} } = model;
  const found = new Map<string, Weights>();
  const alias = (name: string, of: string): void => {
    const weights = found.get(of)!;
    const { dataType, shape } = weights;
    found.set(name, Weights.from({ name, dataType, shape: shape as readonly number[], read: () => weights.bytes() }));
  };
  for (const tensor of graph.initializer ?? []) found.set(tensor.name ?? '', weightsOf(tensor));
  for (const { opType, input, output, attribute } of graph.node ?? []) {
    const name = output?.[0];
    if (!name) continue;
    if (aliases && opType === 'Identity' && found.has(input?.[0] ?? '')) alias(name, input![0]!);
    const tensor = opType === 'Constant' ? attribute?.find((one) => one.name === 'value')?.t : undefined;
    if (!tensor) continue;
    tensor.name ||= name;
    found.set(name, weightsOf(tensor));
  }
  if (aliases) for (const [name, kernel] of kernelNames(graph, found)) alias(name, kernel);
  return found;
}
