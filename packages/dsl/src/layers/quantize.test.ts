import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('per tensor and per axis', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, 4]);
      const w = net.addConstant(Weights.fromNumbers('float32', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8], 'kernel'));
      const scales = Weights.fromNumbers('float32', [2], [0.1, 0.2], 'scales');
      const q = net.addQuantize(x, 0.5, { dataType: 'int8' });
      const qw = net.addQuantize(w, scales, { dataType: 'float8', axis: -1, name: 'kernel/q' });
      return [
        net.addDequantize(q, 0.5, { dataType: 'float16' }),
        net.addDequantize(qw, scales, { dataType: 'float32', axis: 1 }),
        q,
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, 4]
      %1 = quantize(%0, @0_5) dataType=int8           int8[batch, 4]
    kernel/
      %2 = quantize(@kernel, @scales) dataType=float8 axis=1  float8[4, 2]  # q
    /
      %3 = dequantize(%1, @0_5) dataType=float16      float16[batch, 4]
      %4 = dequantize(%2, @scales) dataType=float32 axis=1  float32[4, 2]
      output out0 = %3                                float16[batch, 4]
      output out1 = %4                                float32[4, 2]
      output out2 = %1                                int8[batch, 4]"
  `);
});

test('a scale is a positive number, also once it is rounded', () => {
  const { net, x, half } = sample();
  for (const scale of [0, -1, Number.NaN, Number.POSITIVE_INFINITY])
    expect(refused(net, 'addQuantize', x, scale, { dataType: 'int8' })).toContain(
      `scale ${scale} is no positive number`,
    );
  expect(refused(net, 'addQuantize', half, 1e-9, { dataType: 'int8' })).toContain('no positive number of float16');
  const quantized = net.addQuantize(x, 1e-9, { dataType: 'int8' });
  expect(refused(net, 'addDequantize', quantized, 0, { dataType: 'float32' })).toContain('scale 0 is no positive');
});

test('errors of quantize', () => {
  const { net, x, half, ids, table, of } = sample();

  expect(refused(net, 'addQuantize', ids, 1, { dataType: 'int8' })).toMatchInlineSnapshot(
    `"data-type: quantize: quantize(int32[batch, seq], int32[]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addQuantize', x, 1, { dataType: 'uint8' })).toMatchInlineSnapshot(
    `"argument: quantize: quantize(float32[batch, seq, 8], float32[]): data type "uint8" is none of int8, float8"`,
  );
  expect(refused(net, 'addQuantize', x, 1, { dataType: 'int8', axis: 1 })).toMatchInlineSnapshot(
    `"shape: quantize: quantize(float32[batch, seq, 8], float32[]): the scale is [], not [seq]"`,
  );
  expect(refused(net, 'addQuantize', x, table, { dataType: 'int8' })).toMatchInlineSnapshot(
    `"shape: quantize: quantize(float32[batch, seq, 8], float32[4, 8]): the scale is [4, 8], not []"`,
  );
  expect(refused(net, 'addQuantize', x, 1, { dataType: 'int8', axis: 3 })).toMatchInlineSnapshot(
    `"argument: quantize: quantize(float32[batch, seq, 8], float32[]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addDequantize', x, 1, { dataType: 'float32' })).toMatchInlineSnapshot(
    `"data-type: dequantize: dequantize(float32[batch, seq, 8], float32[]): the input is float32, not int8 or float8"`,
  );
  expect(refused(net, 'addDequantize', of('int8', [2]), half, { dataType: 'float16' })).toMatchInlineSnapshot(
    `"shape: dequantize: dequantize(int8[2], float16[batch, seq, 8]): the scale is [batch, seq, 8], not []"`,
  );
  expect(refused(net, 'addDequantize', of('int8', [2]), 1, { dataType: 'int32' })).toMatchInlineSnapshot(
    `"argument: dequantize: dequantize(int8[2], int32[]): data type "int32" is none of float32, float16, bfloat16"`,
  );
  expect(
    refused(net, 'addDequantize', of('int8', []), of('float16', []), { dataType: 'float32' }),
  ).toMatchInlineSnapshot(
    `"argument: dequantize: dequantize(int8[], float16[]): the scale is float16 where the result is float32"`,
  );
  expect(refused(net, 'addQuantize', x, 1)).toMatchInlineSnapshot(
    `"argument: test: addQuantize(float32[batch, seq, 8], 1): the option dataType is missing: { dataType: … }"`,
  );
});
