import { dataTypes, type Node } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import type { Context } from './context.ts';
import { sizesTensor } from './sizes.ts';

/** Range over the indices, and from these start + i · step: ONNX Runtime's own Range adds one step to another, and errs more with each. */
export function lowerRange(node: Node<'range'>, _: readonly string[], context: Context): readonly string[] {
  const { size, dataType, start, step } = node.attributes;
  const wide = dataTypes[dataType].kind === 'float' ? 'float32' : 'int64';
  const [zero, one] = [context.scalar('int64', 0), context.scalar('int64', 1)];
  const count =
    typeof size === 'number'
      ? context.scalar('int64', size)
      : context.step('count', 'Squeeze', [sizesTensor(context, [size])]);
  let x = context.cast(context.step('indices', 'Range', [zero, count, one]), wide);
  if (step !== 1) x = context.step('steps', 'Mul', [x, context.scalar(wide, step)]);
  if (start !== 0) x = context.step('from_start', 'Add', [x, context.scalar(wide, start)]);
  return context.result('Cast', [x], { to: onnxTypes[dataType] });
}
