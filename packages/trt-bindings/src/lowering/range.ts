import { type DataType, type Dim, dataTypes, type Node } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import { type Context, isOpen } from './context.ts';
import { nvDataTypes } from './data-types.ts';
import { isHalf } from './wide.ts';

/** IFillLayer, which takes int32, int64 and float32; a half type is cast. */
export function lowerRange({ name, attributes }: Node<'range'>, context: Context): ITensor {
  const { size, dataType, start, step } = attributes;
  if (!isHalf(dataType)) return fill(context, name, size, dataType, start, step);
  return context.cast(fill(context, `${name}:float32`, size, 'float32', start, step), 'float32', dataType, name);
}

/** start + i · step, `[size]`. */
export function fill(
  context: Context,
  name: string,
  size: Dim,
  dataType: DataType,
  start: number,
  step: number,
): ITensor {
  const layer = context.network.addFill([isOpen(size) ? 1 : size], 'LINSPACE', nvDataTypes[dataType]);
  if (dataTypes[dataType].kind === 'float') {
    layer.setAlpha(start);
    layer.setBeta(step);
  } else {
    layer.setAlphaInt64(start);
    layer.setBetaInt64(step);
  }
  if (isOpen(size)) layer.setInput(0, context.shapeTensor([size]));
  return context.named(layer, name, [size]);
}
