import { dataTypes, type Node } from '@trt-dsl/dsl';
import type { ITensor } from '../types.ts';
import { type Context, isOpen } from './context.ts';
import { nvDataTypes } from './data-types.ts';
import { isHalf } from './wide.ts';

/** IFillLayer, which takes int32, int64 and float32; a half type is cast. */
export function lowerRange({ name, attributes }: Node<'range'>, context: Context): ITensor {
  const { size, dataType, start, step } = attributes;
  const wide = isHalf(dataType) ? 'float32' : dataType;
  const layer = context.network.addFill([isOpen(size) ? 1 : size], 'LINSPACE', nvDataTypes[wide]);
  if (dataTypes[dataType].kind === 'float') {
    layer.setAlpha(start);
    layer.setBeta(step);
  } else {
    layer.setAlphaInt64(start);
    layer.setBetaInt64(step);
  }
  if (isOpen(size)) layer.setInput(0, context.shapeTensor([size]));
  const filled = context.named(layer, wide === dataType ? name : `${name}/float32`, [size]);
  return context.cast(filled, wide, dataType, name);
}
