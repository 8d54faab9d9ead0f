import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('linear is a product and a sum', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, seq, 2]);
      const kernel = Weights.fromNumbers('float32', [2, 3], [1, 2, 3, 4, 5, 6], 'kernel');
      const bias = Weights.fromNumbers('float32', [3], [1, 2, 3], 'bias');
      const torch = Weights.fromNumbers('float32', [3, 2], [1, 2, 3, 4, 5, 6], 'weight');
      return [
        net.addLinear(x, kernel, bias),
        net.addLinear(x, kernel, undefined, { name: 'fc1' }),
        net.scope('deep').addLinear(x, torch, bias, { name: 'fc2', transposeKernel: true }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, seq, 2]
      %1 = matmul(%0, @kernel)                        float32[batch, seq, 3]
      %2 = sum(%1, @bias)                             float32[batch, seq, 3]
    fc1/
      %3 = matmul(%0, @kernel)                        float32[batch, seq, 3]
    deep/fc2/
      %4 = matmul(%0, @weight) transposeB=true        float32[batch, seq, 3]
      %5 = sum(%4, @bias)                             float32[batch, seq, 3]
    /
      output out0 = %2                                float32[batch, seq, 3]
      output out1 = %3                                float32[batch, seq, 3]
      output out2 = %5                                float32[batch, seq, 3]"
  `);
});

test('errors of linear', () => {
  const { net, x, ids, table } = sample();

  expect(refused(net, 'addLinear', x, table)).toMatchInlineSnapshot(
    `"shape: test: addLinear(float32[batch, seq, 8], float32[4, 8]): the kernel float32[4, 8] lies as [out, in]: transposeKernel takes it so"`,
  );
  expect(
    refused(net, 'addLinear', x, Weights.of('float32', [8, 2], new Float32Array(16)), { name: 'fc' } as never),
  ).toBe(
    'argument: fc: addLinear(float32[batch, seq, 8], float32[8, 2]): the bias is { name }; without one, write undefined in front of the options',
  );
  expect(refused(net, 'addLinear', ids, table)).toMatchInlineSnapshot(
    `"data-type: test: addMatMul(int32[batch, seq], float32[4, 8]): weights "table" (float32[4, 8]) cannot stand in for int32"`,
  );
  expect(refused(net, 'addLinear', x, table, table, { transposeKernel: true, name: 'fc' })).toMatchInlineSnapshot(
    `"shape: fc/sum: elementwise(float32[batch, seq, 4], float32[4, 8]): float32[4, 8] does not broadcast to float32[batch, seq, 4]"`,
  );
  expect(refused(net, 'addLinear', x)).toMatchInlineSnapshot(
    `"argument: test: addMatMul(float32[batch, seq, 8], undefined): undefined is no tensor, no weights and no number"`,
  );
  expect(refused(net, 'addLinear', x, table, undefined, { name: 'a b' })).toMatchInlineSnapshot(
    `"shape: a b: addLinear(float32[batch, seq, 8], float32[4, 8], undefined): the kernel float32[4, 8] lies as [out, in]: transposeKernel takes it so"`,
  );
});
