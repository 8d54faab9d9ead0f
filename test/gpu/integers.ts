import type { HostTensor } from '@trt-dsl/dsl';

/** An int32 tensor of a shape, by the place of each element. */
export const integers = (shape: readonly number[], value: (i: number) => number): HostTensor<'int32'> => ({
  dataType: 'int32',
  shape,
  data: Int32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => value(i)),
});
