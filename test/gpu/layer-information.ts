/** Layers of one kind in an engine: the types of what goes in and comes out, and the kernel that computes it. */
export interface GemmRow {
  readonly layer_type: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly tactic: string;
  readonly count: number;
  /** the first layer of the kind */
  readonly example: string;
}

interface Binding {
  readonly 'Format/Datatype'?: string;
  readonly Dimensions?: readonly number[];
}

interface Layer {
  readonly Name?: string;
  readonly LayerType?: string;
  readonly Inputs?: readonly Binding[];
  readonly Outputs?: readonly Binding[];
  readonly TacticName?: string;
  readonly Metadata?: string;
}

/**
 * The matrix products that an engine's layer information (detailed, JSON) shows, alike ones counted together. Layers
 * that a plan shows by name only, and what is no product, are left out.
 */
export function gemmTable(information: string): readonly GemmRow[] {
  const rows = new Map<string, GemmRow>();
  const { Layers = [] } = JSON.parse(information) as { readonly Layers?: readonly (Layer | string)[] };
  for (const layer of Layers) {
    if (typeof layer === 'string') continue;
    const { Name = '', LayerType = '', TacticName = '', Inputs = [], Outputs = [] } = layer;
    if (!/gemm|matmul|matrix|xmma|mha|fmha|conv/i.test(`${Name} ${LayerType} ${TacticName}`)) continue;
    const row = {
      layer_type: LayerType,
      inputs: Inputs.map(typeOf),
      outputs: Outputs.map(typeOf),
      tactic: TacticName,
    };
    const key = JSON.stringify(row);
    rows.set(key, {
      ...row,
      count: (rows.get(key)?.count ?? 0) + 1,
      example: rows.get(key)?.example ?? Name.slice(0, 200),
    });
  }
  return [...rows.values()];
}

/** `Half Row-major linear` or, where only the type is told, that. */
const typeOf = (binding: Binding): string => binding['Format/Datatype'] ?? 'unknown';
