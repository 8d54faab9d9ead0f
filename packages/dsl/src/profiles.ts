import type { Profile } from './backend.ts';
import { type Dim, evaluateDim, SymbolicDim } from './dim.ts';
import { TrtDslError } from './errors.ts';
import type { Sizes } from './feeds.ts';
import type { Graph } from './graph.ts';
import type { Node } from './node.ts';
import type { Op } from './op.ts';
import { ops } from './ops.ts';
import { formatType, type TensorType } from './tensor.ts';

/** A profile with a range for every name of a graph, checked. */
export interface ProfileRange {
  readonly min: Sizes;
  readonly opt: Sizes;
  readonly max: Sizes;
}

/**
 * Checks optimization profiles against a graph: every name has 0 ≤ min ≤ opt ≤ max < 2³¹ and opt ≥ 1, and every layer holds at
 * the smallest and at the largest sizes.
 * @throws TrtDslError 'argument', 'name' or 'shape'
 */
export function checkProfiles(graph: Graph, profiles: readonly Profile[] | undefined): readonly ProfileRange[] {
  const names = graph.dimNames;
  if (profiles !== undefined && !Array.isArray(profiles))
    throw new TrtDslError('argument', 'profiles are no list: [{ batch: [1, 8, 32] }]');
  if (names.length > 0 && (profiles === undefined || profiles.length === 0))
    throw new TrtDslError(
      'argument',
      `graph "${graph.name}" has sizes known at run time only: give profiles for ${names.join(', ')}`,
    );
  return (profiles ?? []).map((profile, at) => {
    if (typeof profile !== 'object' || profile === null)
      throw new TrtDslError('argument', `profile ${at}: ${String(profile)} is no object of name and range`);
    for (const name of Object.keys(profile))
      if (!names.includes(name))
        throw new TrtDslError(
          'name',
          `profile ${at}: the graph has no dimension "${name}"; it has ${names.join(', ') || 'none'}`,
        );
    const ranges = names.map((name) => {
      const given = Object.hasOwn(profile, name) ? profile[name] : undefined;
      return [name, range(at, name, given)] as const;
    });
    const [min, opt, max] = ([0, 1, 2] as const).map((i) =>
      Object.fromEntries(ranges.map(([name, r]) => [name, r[i]])),
    );
    checkSizes(graph, max!);
    checkSizes(graph, min!);
    return { min: min!, opt: opt!, max: max! };
  });
}

/** nvinfer1::IOptimizationProfile takes sizes of 32 bits. */
const mostSize = 2 ** 31 - 1;

function range(at: number, name: string, given: Profile[string] | undefined): readonly [number, number, number] {
  const [min, opt, max, ...more] = (Array.isArray(given) ? given : [given, given, given]) as readonly unknown[];
  const good = [min, opt, max].every((n) => Number.isSafeInteger(n) && (n as number) >= 0) && more.length === 0;
  const all = [min, opt, max] as [number, number, number];
  if (!good || all[0] > all[1] || all[1] > all[2] || all[1] < 1)
    throw new TrtDslError(
      'argument',
      `profile ${at}: "${name}" needs a number or [min, opt, max], in this order and opt at least 1, not ${JSON.stringify(given)}`,
    );
  if (all[2] > mostSize)
    throw new TrtDslError('argument', `profile ${at}: "${name}" may be ${all[2]}, and ${mostSize} is the most`);
  return all;
}

/**
 * Checks what the shape rules could not know while sizes were names: that each layer holds at these sizes. No slice
 * reaches beyond its tensor, every window fits, every k is there.
 * @throws TrtDslError 'shape' that names the layer and the sizes
 */
export function checkSizes(graph: Graph, sizes: Sizes): void {
  const sized = ({ dataType, shape }: TensorType): TensorType => ({ dataType, shape: atSizes(shape, sizes) as never });
  for (const node of graph.nodes) {
    try {
      if (node.op === 'plugin') checkSizes(node.attributes.body, sizes);
      else {
        const { infer } = ops[node.op] as Op;
        const outputs = infer(node.inputs.map(sized), atSizes(node.attributes, sizes));
        for (const output of outputs)
          if (!output.shape.every((size) => (size as number) >= 0))
            throw new TrtDslError('shape', `${formatType(output)} has a negative size`);
      }
    } catch (error) {
      if (!(error instanceof TrtDslError)) throw error;
      throw new TrtDslError('shape', `${callOf(node)} with ${formatSizes(sizes)}: ${error.message}`);
    }
  }
}

const callOf = (node: Node): string => `${node.name}: ${node.op}(${node.inputs.join(', ')})`;

const formatSizes = (sizes: Sizes): string =>
  Object.entries(sizes)
    .map(([name, size]) => `${name} = ${size}`)
    .join(', ') || 'all sizes known';

/** A shape or attributes with every name replaced by its size. */
function atSizes(value: unknown, sizes: Sizes): unknown {
  if (value instanceof SymbolicDim) return evaluateDim(value as Dim, sizes);
  if (Array.isArray(value)) return value.map((part) => atSizes(part, sizes));
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, atSizes(part, sizes)]));
}
