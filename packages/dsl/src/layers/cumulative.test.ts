import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

test('cumulative sums', () => {
  expect(
    listing((net) => {
      const mask = net.addInput('mask', 'int64', [dim('batch'), dim('seq')]);
      const x = net.addInput('x', 'float16', [dim('batch'), dim('seq'), 8]);
      return [
        net.addCumulativeSum(mask, { axis: -1, name: 'positions' }),
        net.addCumulativeSum(x, { axis: 0, exclusive: true, reverse: true }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input mask                                 int64[batch, seq]
      %1 = input x                                    float16[batch, seq, 8]
      %2 = cumulativeSum(%0) axis=1                   int64[batch, seq]  # positions
      %3 = cumulativeSum(%1) axis=0 exclusive=true reverse=true  float16[batch, seq, 8]
      output out0 = %2                                int64[batch, seq]
      output out1 = %3                                float16[batch, seq, 8]"
  `);
});

test('errors of cumulative sum', () => {
  const { net, x, flag, of } = sample();
  expect(refused(net, 'addCumulativeSum', x, { axis: 3 })).toMatchInlineSnapshot(
    `"argument: cumulativeSum: cumulativeSum(float32[batch, seq, 8]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addCumulativeSum', x)).toMatchInlineSnapshot(
    `"argument: test: addCumulativeSum(float32[batch, seq, 8]): the option axis is missing: { axis: … }"`,
  );
  expect(refused(net, 'addCumulativeSum', x, { axis: 1, exclusive: 1 })).toMatchInlineSnapshot(
    `"argument: cumulativeSum: cumulativeSum(float32[batch, seq, 8]): exclusive 1 is neither true nor false"`,
  );
  expect(refused(net, 'addCumulativeSum', x, { axis: 1, reverse: null })).toMatchInlineSnapshot(
    `"argument: cumulativeSum: cumulativeSum(float32[batch, seq, 8]): reverse null is neither true nor false"`,
  );
  expect(refused(net, 'addCumulativeSum', flag, { axis: 1 })).toMatchInlineSnapshot(
    `"data-type: cumulativeSum: cumulativeSum(bool[batch, seq]): the input is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addCumulativeSum', of('int32', []), { axis: 0 })).toMatchInlineSnapshot(
    `"shape: cumulativeSum: cumulativeSum(int32[]): the input has rank 0, not 1 or more"`,
  );
});
