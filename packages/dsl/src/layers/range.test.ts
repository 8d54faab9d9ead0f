import { dim, product } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { failure, listing, refused, sample } from '../../../../test/support/dsl.ts';

const seq = dim('seq');

test('ranges', () => {
  expect(
    listing((net) => {
      net.addInput('x', 'float32', [seq]);
      return [
        net.addRange(4, { dataType: 'int32' }),
        net.addRange(seq, { dataType: 'int64', start: 2, name: 'positions' }),
        net.addRange(product(2, seq), { dataType: 'bfloat16', start: -1, step: 0.5 }),
        net.addRange(0, { dataType: 'float32', step: -2 }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[seq]
      %1 = range() size=4 dataType=int32 start=0 step=1  int32[4]
      %2 = range() size=seq dataType=int64 start=2 step=1  int64[seq]  # positions
      %3 = range() size=2*seq dataType=bfloat16 start=-1 step=0.5  bfloat16[2*seq]
      %4 = range() size=0 dataType=float32 start=0 step=-2  float32[0]
      output out0 = %1                                int32[4]
      output out1 = %2                                int64[seq]
      output out2 = %3                                bfloat16[2*seq]
      output out3 = %4                                float32[0]"
  `);
});

test('errors of range', () => {
  const { net } = sample();
  expect(refused(net, 'addRange', 1.5, { dataType: 'int32' })).toMatchInlineSnapshot(
    `"argument: range: range(): the size [1.5] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addRange', 'seq', { dataType: 'int32' })).toMatchInlineSnapshot(
    `"argument: range: range(): the size ["seq"] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addRange', 3)).toMatchInlineSnapshot(
    `"argument: test: addRange(3): the option dataType is missing: { dataType: … }"`,
  );
  expect(refused(net, 'addRange', 3, { dataType: 'int8' })).toMatchInlineSnapshot(
    `"argument: range: range(): data type "int8" is none of float32, float16, bfloat16, int32, int64"`,
  );
  expect(refused(net, 'addRange', 3, { dataType: 'int32', step: 0.5 })).toMatchInlineSnapshot(
    `"argument: range: range(): step 0.5 is no integer, as int32 wants"`,
  );
  expect(refused(net, 'addRange', 3, { dataType: 'float32', start: Number.NaN })).toMatchInlineSnapshot(
    `"argument: range: range(): start NaN is no finite number"`,
  );
  expect(refused(net, 'addRange', 3, { dataType: 'int32', start: 1, step: 2 ** 30 })).toMatchInlineSnapshot(
    `"argument: range: range(): the element 2147483649 does not fit int32"`,
  );
  expect(refused(net, 'addRange', seq, { dataType: 'int32', start: -(2 ** 31) - 1 })).toMatchInlineSnapshot(
    `"argument: range: range(): the element -2147483649 does not fit int32"`,
  );
  net.markOutput(net.addRange(dim('other'), { dataType: 'int32' }), 'y');
  expect(failure(() => net.graph())).toMatchInlineSnapshot(
    `"shape: layer "range" (int32[other]): the size of "other" follows from no input; give it an axis of its own"`,
  );
});
