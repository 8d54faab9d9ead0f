import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('products over the last two axes', () => {
  expect(
    listing((net) => {
      const a = net.addInput('a', 'float16', [batch, 12, seq, 64]);
      const b = net.addInput('b', 'float16', [batch, 12, 32, 64]);
      const w = net.addInput('w', 'float16', [64, 5]);
      const flat = net.addInput('flat', 'float16', [seq, 64]);
      return [
        net.addMatMul(a, b, { transposeB: true }),
        net.addMatMul(a, w),
        net.addMatMul(a, a, { transposeA: true, name: 'gram' }),
        net.addMatMul(flat, w),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input a                                    float16[batch, 12, seq, 64]
      %1 = input b                                    float16[batch, 12, 32, 64]
      %2 = input w                                    float16[64, 5]
      %3 = input flat                                 float16[seq, 64]
      %4 = matmul(%0, %1) transposeB=true             float16[batch, 12, seq, 32]
      %5 = matmul(%0, %2)                             float16[batch, 12, seq, 5]
      %6 = matmul(%0, %0) transposeA=true             float16[batch, 12, 64, 64]  # gram
      %7 = matmul(%3, %2)                             float16[seq, 5]
      output out0 = %4                                float16[batch, 12, seq, 32]
      output out1 = %5                                float16[batch, 12, seq, 5]
      output out2 = %6                                float16[batch, 12, 64, 64]
      output out3 = %7                                float16[seq, 5]"
  `);
});

test('leading axes broadcast', () => {
  expect(
    listing((net) => {
      const a = net.addInput('a', 'float32', [batch, 1, 2, 3]);
      const b = net.addInput('b', 'float32', [7, 3, 4]);
      return net.addMatMul(a, b);
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input a                                    float32[batch, 1, 2, 3]
      %1 = input b                                    float32[7, 3, 4]
      %2 = matmul(%0, %1)                             float32[batch, 7, 2, 4]
      output out0 = %2                                float32[batch, 7, 2, 4]"
  `);
});

test('errors of matmul', () => {
  const { net, x, half, ids, table, of } = sample();

  expect(refused(net, 'addMatMul', x, half)).toMatchInlineSnapshot(
    `"data-type: matmul: matmul(float32[batch, seq, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addMatMul', x, x)).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[batch, seq, 8], float32[batch, seq, 8]): inner sizes 8 and seq of the matrices differ"`,
  );
  expect(refused(net, 'addMatMul', ids, ids)).toMatchInlineSnapshot(
    `"data-type: matmul: matmul(int32[batch, seq], int32[batch, seq]): the first factor is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addMatMul', x, of('float32', [8]))).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[batch, seq, 8], float32[8]): the second factor has rank 1, not 2 to 3"`,
  );
  expect(refused(net, 'addMatMul', of('float32', [8]), table)).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[8], float32[4, 8]): the first factor has rank 1, not 2 or more"`,
  );
  expect(refused(net, 'addMatMul', of('float32', [2, 8]), x)).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[2, 8], float32[batch, seq, 8]): the second factor has rank 3, not 2"`,
  );
  expect(refused(net, 'addMatMul', x, of('float32', [3, 8, 4]))).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[batch, seq, 8], float32[3, 8, 4]): the leading axes of float32[batch, seq, 8] and float32[3, 8, 4] do not broadcast"`,
  );
  expect(refused(net, 'addMatMul', x, table, { transposeB: 'yes' })).toMatchInlineSnapshot(
    `"argument: matmul: matmul(float32[batch, seq, 8], float32[4, 8]): transposeB yes is neither true nor false"`,
  );
  expect(refused(net, 'addMatMul', x, 2)).toMatchInlineSnapshot(
    `"shape: matmul: matmul(float32[batch, seq, 8], float32[]): the second factor has rank 0, not 2 to 3"`,
  );
});
