import type { Weights } from '@trt-dsl/dsl';
import { type GraphProto, type NodeProto, toNumber } from '../proto/messages.ts';

/** What a kernel's name ends in: laid out as PyTorch keeps it, `[out, in]`, or as the product takes it, `[in, out]`. */
const endings = { outIn: '.weight', inOut: '.weight_in_out' } as const;

/** A parameter as PyTorch names it: `bert.pooler.dense.bias`. */
const isParameter = (name: string): boolean => /^\w+(\.\w+)+$/.test(name);

/** The module in which TorchScript's exporter made a node: `/bert/encoder/layer.0/output/dense/MatMul`. */
const scopeOf = ({ name = '' }: NodeProto): string | undefined =>
  /^\/([\w./]+)\/(MatMul|Gemm)(_\d+)?$/.exec(name)?.[1]?.replaceAll('/', '.');

const isTransposed = ({ attribute }: NodeProto, name: 'transA' | 'transB'): boolean =>
  toNumber(attribute?.find((one) => one.name === name)?.i) !== 0;
const scale = ({ attribute }: NodeProto): number => attribute?.find(({ name }) => name === 'alpha')?.f ?? 1;

/** How a product `x · W` (+ bias) takes its W, where it is one that a linear layer becomes. */
function layoutOf(node: NodeProto): keyof typeof endings | undefined {
  if (node.opType === 'MatMul') return 'inOut';
  if (node.opType !== 'Gemm' || isTransposed(node, 'transA') || scale(node) !== 1) return undefined;
  return isTransposed(node, 'transB') ? 'outIn' : 'inOut';
}

/**
 * PyTorch's names for the kernels of linear layers, which exporters fold and then call `onnx::MatMul_283` or `val_50`. The
 * module is that of the node's scope, or of the named bias added right after; the layout is how the one product that uses
 * the kernel takes it: `….query.weight_in_out` is `[in, out]`, `….dense.weight` `[out, in]`. What already has a
 * parameter's name keeps it, and has the other one beside it only where the product takes it as `[in, out]`.
 * @param known the graph's constants by name
 * @returns the further name of each kernel → its name in the file; none where two kernels would share it
 */
export function kernelNames(graph: GraphProto, known: ReadonlyMap<string, Weights>): ReadonlyMap<string, string> {
  const users = new Map<string, NodeProto[]>();
  for (const node of graph.node ?? [])
    for (const name of node.input ?? []) users.set(name, [...(users.get(name) ?? []), node]);
  const biasStem = (name: string | undefined): string | undefined =>
    name !== undefined && isParameter(name) && known.get(name)?.shape.length === 1
      ? /^(.*)\.bias$/.exec(name)?.[1]
      : undefined;
  const biasOf = (node: NodeProto): string | undefined => {
    if (node.opType === 'Gemm') return biasStem(node.input?.[2]);
    const [next, ...others] = users.get(node.output?.[0] ?? '') ?? [];
    if (next?.opType !== 'Add' || others.length > 0) return undefined;
    return biasStem(next.input?.find((name) => name !== node.output?.[0]));
  };
  const moduleOf = (node: NodeProto): string | undefined => {
    const [scope, bias] = [scopeOf(node), biasOf(node)];
    if (scope === undefined || bias === undefined) return scope ?? bias;
    // A bias that several layers share says less than the scope does, as does one of the module around.
    return known.has(`${scope}.bias`) || scope.startsWith(`${bias}.`) ? scope : bias;
  };
  const found = new Map<string, string[]>();
  for (const node of graph.node ?? []) {
    const kernel = node.input?.[1] ?? '';
    const layout = layoutOf(node);
    if (!layout || known.get(kernel)?.shape.length !== 2 || users.get(kernel)?.length !== 1) continue;
    if (isParameter(kernel) && layout === 'outIn') continue;
    const module = isParameter(kernel) ? /^(.*)\.weight$/.exec(kernel)?.[1] : moduleOf(node);
    if (module === undefined) continue;
    const name = `${module}${endings[layout]}`;
    if (!known.has(name)) found.set(name, [...(found.get(name) ?? []), kernel]);
  }
  return new Map([...found].flatMap(([name, kernels]) => (kernels.length === 1 ? [[name, kernels[0]!] as const] : [])));
}
