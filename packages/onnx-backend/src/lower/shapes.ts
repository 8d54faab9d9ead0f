import { type Dim, equalDims, equalShapes, type Node, product, sum } from '@trt-dsl/dsl';
import type { NodeAttributes } from './attributes.ts';
import type { Context } from './context.ts';
import { reshapeTarget, sizesTensor } from './sizes.ts';

interface Step {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly attributes: NodeAttributes;
}

/** Transpose, Reshape, Transpose, those that do something. */
export function lowerShuffle(node: Node<'shuffle'>, [x]: readonly string[], context: Context): readonly string[] {
  const { firstTranspose, reshape, secondTranspose } = node.attributes;
  const shape = node.inputs[0]!.shape as readonly Dim[];
  const steps: Step[] = [];
  if (moves(firstTranspose)) steps.push(transpose(firstTranspose));
  const before = firstTranspose ? firstTranspose.map((axis) => shape[axis]!) : shape;
  if (reshape && !equalShapes(before, reshape)) {
    const { shape: sizes, allowzero } = reshapeTarget(context, before, reshape);
    steps.push({ opType: 'Reshape', inputs: [sizes], attributes: { allowzero } });
  }
  if (moves(secondTranspose)) steps.push(transpose(secondTranspose));
  const last = steps.pop() ?? { opType: 'Identity', inputs: [], attributes: {} };
  const tensor = steps.reduce(
    (value, { opType, inputs, attributes }) =>
      context.step(opType.toLowerCase(), opType, [value, ...inputs], attributes),
    x!,
  );
  return context.result(last.opType, [tensor, ...last.inputs], last.attributes);
}

const moves = (permutation: readonly number[] | undefined): permutation is readonly number[] =>
  permutation?.some((axis, i) => axis !== i) ?? false;

const transpose = (perm: readonly number[]): Step => ({ opType: 'Transpose', inputs: [], attributes: { perm } });

/** Slice along the axes that it cuts. */
export function lowerSlice(node: Node<'slice'>, [x]: readonly string[], context: Context): readonly string[] {
  const { start, size, stride } = node.attributes;
  const shape = node.inputs[0]!.shape as readonly Dim[];
  const axes = shape.flatMap((length, axis) =>
    start[axis] === 0 && stride[axis] === 1 && equalDims(size[axis]!, length) ? [] : [axis],
  );
  if (axes.length === 0) return context.result('Identity', [x!]);
  const starts = axes.map((axis) => start[axis]!);
  // The end may lie beyond the tensor: ONNX cuts it off, and size elements remain.
  const ends = axes.map((axis) => sum(start[axis]!, product(size[axis]!, stride[axis]!)));
  const steps = axes.map((axis) => stride[axis]!);
  return context.result('Slice', [
    x!,
    sizesTensor(context, starts),
    sizesTensor(context, ends),
    context.integers(axes),
    context.integers(steps),
  ]);
}

/** Expand to the sizes. */
export function lowerExpand(node: Node<'expand'>, [x]: readonly string[], context: Context): readonly string[] {
  const { shape } = node.attributes;
  if (equalShapes(node.inputs[0]!.shape, shape)) return context.result('Identity', [x!]);
  return context.result('Expand', [x!, sizesTensor(context, shape)]);
}
