import { formatType, messageOf, type TensorType, TrtDslError } from '@trt-dsl/dsl';
import { type ICudaEngine, splitNotes, TensorRTEngine } from '@trt-dsl/trt-bindings';
import type { Report } from '../command.ts';
import type { EngineFile } from '../graphs/model-file.ts';
import { size, table } from '../table.ts';
import type { Product } from '../tensorrt/products.ts';
import { loadEngine, openBackend } from './backends.ts';

interface EngineArguments {
  readonly model: string;
  readonly summary: boolean;
  readonly product?: Product | undefined;
  readonly root?: string | undefined;
  readonly plugins: readonly string[];
  readonly hostCode: boolean;
}

/** One layer of an engine, as TensorRT's inspector tells it. */
export interface EngineLayer {
  readonly name: string;
  readonly type: string;
  readonly outputs: readonly string[];
  readonly tactic: string;
}

/** What only the GPU that the engine is for can tell. */
interface Inside {
  readonly profiles: readonly Readonly<Record<string, readonly [string, string, string]>>[];
  readonly scratchBytes: number;
  readonly layers: readonly EngineLayer[];
}

/**
 * What a plan is: who built it, its bindings; and where its GPU is at hand, profiles, layers and tactics.
 * @throws TrtDslError 'argument' for a plan that does not say whose it is, without --product
 */
export async function inspectEngine(args: EngineArguments, file: EngineFile): Promise<Report> {
  const { notes } = splitNotes(file.bytes);
  if (args.product && file.backend && args.product !== file.backend)
    throw new TrtDslError('argument', `${args.model} is an engine of ${file.backend}, not of ${args.product}`);
  const { inside, why } = await lookInside(args, file);
  if (!notes && !inside) throw new TrtDslError('file', `${args.model}: ${why}`);
  const types = (tensors: ReadonlyMap<string, TensorType> | undefined): Record<string, string> =>
    Object.fromEntries([...(tensors ?? [])].map(([name, type]) => [name, formatType(type)]));
  const inputs = types(notes?.inputs ?? inside?.inputs);
  const outputs = types(notes?.outputs ?? inside?.outputs);
  const product = args.product ?? file.backend;
  const list = (all: Record<string, string>): string =>
    Object.entries(all)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ');
  return {
    json: {
      kind: 'engine',
      product,
      version: file.version,
      bytes: file.bytes.length,
      inputs,
      outputs,
      plugins: notes?.plugins ?? [],
      ...(inside?.told ?? { closed: why }),
    },
    text: [
      `an engine of ${product ?? 'TensorRT'}${file.version ? ` ${file.version}` : ''}, ${size(file.bytes.length)}`,
      `inputs   ${list(inputs)}`,
      `outputs  ${list(outputs)}`,
      ...(notes && notes.plugins.length > 0 ? [`plugins  ${notes.plugins.join(', ')}`] : []),
      ...(inside
        ? tell(inside.told, args.summary)
        : [`profiles, layers and tactics are told on the GPU it is for: ${why}`]),
    ].join('\n'),
  };
}

interface Opened {
  readonly inputs: ReadonlyMap<string, TensorType>;
  readonly outputs: ReadonlyMap<string, TensorType>;
  readonly told: Inside;
}

async function lookInside(
  args: EngineArguments,
  { backend, bytes }: EngineFile,
): Promise<{ readonly inside?: Opened; readonly why?: string }> {
  const product = args.product ?? backend;
  if (product === undefined || product === 'onnx')
    return { why: 'it does not say whose engine it is: made elsewhere, or cut short; name it with --product' };
  try {
    using engine = await loadEngine(openBackend(product, args), bytes, { hostCode: args.hostCode });
    if (!(engine instanceof TensorRTEngine)) return { why: 'it is no engine of TensorRT' };
    const { inputs, outputs } = engine;
    return { inside: { inputs, outputs, told: inspectNative(engine.native, [...inputs.keys()]) } };
  } catch (error) {
    return {
      why: messageOf(error)
        .split(/\s*\n\s*/)
        .slice(0, 2)
        .join(' '),
    };
  }
}

function inspectNative(native: ICudaEngine, inputs: readonly string[]): Inside {
  using inspector = native.createEngineInspector();
  const shape = (name: string, profile: number, select: 'MIN' | 'OPT' | 'MAX'): string =>
    `[${native.getProfileShape(name, profile, select).join(', ')}]`;
  return {
    profiles: Array.from({ length: native.getNbOptimizationProfiles() }, (_, i) =>
      Object.fromEntries(
        inputs.map((name) => [name, [shape(name, i, 'MIN'), shape(name, i, 'OPT'), shape(name, i, 'MAX')] as const]),
      ),
    ),
    scratchBytes: native.getDeviceMemorySizeV2(),
    layers: Array.from({ length: native.getNbLayers() }, (_, i) =>
      parseLayer(inspector.getLayerInformation(i, 'JSON')),
    ),
  };
}

/**
 * A layer from the JSON of TensorRT's inspector: an object for engines built with DETAILED verbosity, else a name in quotes.
 * Nothing in it is promised by NVIDIA, so what is missing is left empty.
 */
export function parseLayer(text: string): EngineLayer {
  let layer: unknown;
  try {
    layer = JSON.parse(text);
  } catch {
    layer = text.trim();
  }
  if (typeof layer !== 'object' || layer === null) return { name: String(layer), type: '', outputs: [], tactic: '' };
  const { Name = '', LayerType = '', Outputs = [], TacticName, TacticValue } = layer as Record<string, never>;
  const outputs = (Outputs as readonly Record<string, unknown>[]).map((output) => {
    const dims = output['Dimensions'];
    const format = output['Format/Datatype'] ?? output['Datatype'] ?? '';
    return `${String(format).trim()}${Array.isArray(dims) ? `[${dims.join(', ')}]` : ''}`;
  });
  return { name: Name, type: LayerType, outputs, tactic: String(TacticName ?? TacticValue ?? '') };
}

function tell({ profiles, scratchBytes, layers }: Inside, summary: boolean): string[] {
  return [
    `scratch  ${size(scratchBytes)}`,
    ...profiles.flatMap((profile, i) =>
      Object.entries(profile).map(
        ([name, [min, opt, max]]) => `profile ${i}: ${name} ${min} to ${max}, best at ${opt}`,
      ),
    ),
    `layers   ${layers.length}`,
    ...(summary
      ? []
      : ['', table(layers.map(({ name, type, outputs, tactic }) => [type, outputs.join(', '), tactic, name]))]),
  ];
}
