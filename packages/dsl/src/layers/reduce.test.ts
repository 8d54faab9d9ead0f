import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('reductions', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, seq, 8]);
      const n = net.addInput('n', 'int64', [batch, 4]);
      return [
        net.addReduce(x, { operation: 'sum', axes: [-1] }),
        net.addReduce(x, { operation: 'mean', axes: [2, 1], keepDimensions: true }),
        net.addReduce(x, { operation: 'max', axes: [0, 1, 2], name: 'largest' }),
        net.addReduce(n, { operation: 'min', axes: [0] }),
        net.addReduce(n, { operation: 'prod', axes: [1], keepDimensions: false }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, seq, 8]
      %1 = input n                                    int64[batch, 4]
      %2 = reduce_sum(%0) axes=[2]                    float32[batch, seq]
      %3 = reduce_mean(%0) axes=[1, 2] keepDimensions=true  float32[batch, 1, 1]
      %4 = reduce_max(%0) axes=[0, 1, 2]              float32[]  # largest
      %5 = reduce_min(%1) axes=[0]                    int64[4]
      %6 = reduce_prod(%1) axes=[1]                   int64[batch]
      output out0 = %2                                float32[batch, seq]
      output out1 = %3                                float32[batch, 1, 1]
      output out2 = %4                                float32[]
      output out3 = %5                                int64[4]
      output out4 = %6                                int64[batch]"
  `);
});

test('errors of reduce', () => {
  const { net, x, ids, flag } = sample();

  expect(refused(net, 'addReduce', x, { operation: 'sum', axes: [] })).toMatchInlineSnapshot(
    `"argument: reduce_sum: reduce(float32[batch, seq, 8]): no axis to reduce over"`,
  );
  expect(refused(net, 'addReduce', x, { operation: 'sum', axes: [3] })).toMatchInlineSnapshot(
    `"argument: reduce_sum: reduce(float32[batch, seq, 8]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addReduce', x, { operation: 'sum', axes: [2, -1] })).toMatchInlineSnapshot(
    `"argument: reduce_sum: reduce(float32[batch, seq, 8]): axes [2, -1] name one axis twice"`,
  );
  expect(refused(net, 'addReduce', x, { operation: 'sum', axes: 1 })).toMatchInlineSnapshot(
    `"argument: reduce_sum: reduce(float32[batch, seq, 8]): axes 1 is no list"`,
  );
  expect(refused(net, 'addReduce', ids, { operation: 'mean', axes: [0] })).toMatchInlineSnapshot(
    `"data-type: reduce_mean: reduce(int32[batch, seq]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addReduce', flag, { operation: 'max', axes: [0] })).toMatchInlineSnapshot(
    `"data-type: reduce_max: reduce(bool[batch, seq]): the input is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addReduce', x, { operation: 'median', axes: [0] })).toMatchInlineSnapshot(
    `"argument: reduce_median: reduce(float32[batch, seq, 8]): operation "median" is none of sum, mean, max, min, prod"`,
  );
  expect(refused(net, 'addReduce', x, { operation: 'sum', axes: [0], keepDimensions: 1 })).toMatchInlineSnapshot(
    `"argument: reduce_sum: reduce(float32[batch, seq, 8]): keepDimensions 1 is neither true nor false"`,
  );
  expect(refused(net, 'addReduce', x)).toMatchInlineSnapshot(
    `"argument: test: addReduce(float32[batch, seq, 8]): the option operation is missing: { operation: … }"`,
  );
});
