import type { Node } from '@trt-dsl/dsl';
import { onnxTypes } from '../onnx-types.ts';
import type { Context } from './context.ts';

/** TopK, whose indices ONNX gives as int64. */
export function lowerTopK(node: Node<'topK'>, [x]: readonly string[], context: Context): readonly string[] {
  const { k, axis, largest } = node.attributes;
  const [values, indices] = context.outputs;
  const wide = context.fresh('indices');
  const attributes = { axis, largest: Number(largest), sorted: 1 };
  context.emit(
    'TopK',
    [x!, context.integers([k])],
    [values!, { name: wide, dataType: 'int64' }],
    attributes,
    node.name,
  );
  context.emit('Cast', [wide], [indices!], { to: onnxTypes.int32 });
  return [values!.name, indices!.name];
}
