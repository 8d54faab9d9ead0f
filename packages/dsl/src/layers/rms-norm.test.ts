import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const gamma = Weights.fromNumbers('float32', [8], [1, 2, 3, 4, 5, 6, 7, 8], 'gamma');

test('RMSNorm', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [dim('batch'), dim('seq'), 8]);
      const y = net.addInput('y', 'float32', [8]);
      return [net.addRMSNorm(x, gamma, { name: 'norm' }), net.addRMSNorm(y, gamma, { epsilon: 0 })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, seq, 8]
      %1 = input y                                    float32[8]
    norm/
      %2 = cast(%0) dataType=float32                  float32[batch, seq, 8]
      %3 = prod(%2, %2)                               float32[batch, seq, 8]
      %4 = reduce_mean(%3) axes=[2] keepDimensions=true  float32[batch, seq, 1]
      %5 = sum(%4, @0_000001)                         float32[batch, seq, 1]
      %6 = sqrt(%5)                                   float32[batch, seq, 1]
      %7 = recip(%6)                                  float32[batch, seq, 1]
      %8 = prod(%2, %7)                               float32[batch, seq, 8]
      %9 = prod(%8, @gamma)                           float32[batch, seq, 8]
      %10 = cast(%9) dataType=float16                 float16[batch, seq, 8]
    /
      %11 = prod(%1, %1)                              float32[8]
      %12 = reduce_mean(%11) axes=[0] keepDimensions=true  float32[1]
      %13 = sum(%12, @0)                              float32[1]
      %14 = sqrt(%13)                                 float32[1]
      %15 = recip(%14)                                float32[1]
      %16 = prod(%1, %15)                             float32[8]
      %17 = prod(%16, @gamma)                         float32[8]
      output out0 = %10                               float16[batch, seq, 8]
      output out1 = %17                               float32[8]"
  `);
});

test('errors of RMSNorm', () => {
  const { net, x, half, ids, table, of } = sample();
  expect(refused(net, 'addRMSNorm', ids, gamma)).toMatchInlineSnapshot(
    `"data-type: test: addRMSNorm(int32[batch, seq], float32[8]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addRMSNorm', of('float32', []), gamma)).toMatchInlineSnapshot(
    `"shape: test: addRMSNorm(float32[], float32[8]): the input has rank 0, not 1 or more"`,
  );
  expect(refused(net, 'addRMSNorm', x, table)).toMatchInlineSnapshot(
    `"shape: test: addRMSNorm(float32[batch, seq, 8], float32[4, 8]): gamma is [4, 8], not [8]"`,
  );
  expect(refused(net, 'addRMSNorm', half, of('float16', [8]))).toMatchInlineSnapshot(
    `"data-type: test: addRMSNorm(float16[batch, seq, 8], float16[8]): gamma is float16, not float32"`,
  );
  expect(refused(net, 'addRMSNorm', x, gamma, { epsilon: -1 })).toMatchInlineSnapshot(
    `"argument: test: addRMSNorm(float32[batch, seq, 8], float32[8]): epsilon -1 is negative"`,
  );
  expect(refused(net, 'addRMSNorm', x, gamma, { epsilon: Number.NaN })).toMatchInlineSnapshot(
    `"argument: test: addRMSNorm(float32[batch, seq, 8], float32[8]): epsilon NaN is no finite number"`,
  );
});
