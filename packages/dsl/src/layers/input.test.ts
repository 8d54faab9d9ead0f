import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('inputs of every type', () => {
  expect(
    listing((net) => {
      return (['float32', 'float16', 'bfloat16', 'float8', 'int8', 'uint8', 'int32', 'int64', 'bool'] as const).map(
        (type) => net.addInput(`in_${type}`, type, [batch, 0, 3]),
      );
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input in_float32                           float32[batch, 0, 3]
      %1 = input in_float16                           float16[batch, 0, 3]
      %2 = input in_bfloat16                          bfloat16[batch, 0, 3]
      %3 = input in_float8                            float8[batch, 0, 3]
      %4 = input in_int8                              int8[batch, 0, 3]
      %5 = input in_uint8                             uint8[batch, 0, 3]
      %6 = input in_int32                             int32[batch, 0, 3]
      %7 = input in_int64                             int64[batch, 0, 3]
      %8 = input in_bool                              bool[batch, 0, 3]
      output out0 = %0                                float32[batch, 0, 3]
      output out1 = %1                                float16[batch, 0, 3]
      output out2 = %2                                bfloat16[batch, 0, 3]
      output out3 = %3                                float8[batch, 0, 3]
      output out4 = %4                                int8[batch, 0, 3]
      output out5 = %5                                uint8[batch, 0, 3]
      output out6 = %6                                int32[batch, 0, 3]
      output out7 = %7                                int64[batch, 0, 3]
      output out8 = %8                                bool[batch, 0, 3]"
  `);
});

test('errors of input', () => {
  const { net } = sample();

  expect(refused(net, 'addInput', 'x', 'float32', [1])).toMatchInlineSnapshot(
    `"name: test: addInput("x", "float32", [1]): a layer is already named "x""`,
  );
  expect(refused(net, 'addInput', 'y', 'double', [1])).toMatchInlineSnapshot(
    `"argument: y: input(): data type "double" is none of float32, float16, bfloat16, float8, int8, uint8, int32, int64, bool"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32', [-1])).toMatchInlineSnapshot(
    `"argument: y: input(): shape [-1] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32', [1.5])).toMatchInlineSnapshot(
    `"argument: y: input(): shape [1.5] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32', ['batch'])).toMatchInlineSnapshot(
    `"argument: y: input(): shape ["batch"] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32', 3)).toMatchInlineSnapshot(
    `"argument: y: input(): shape 3 is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32')).toMatchInlineSnapshot(
    `"argument: y: input(): shape undefined is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addInput', '', 'float32', [1])).toMatchInlineSnapshot(
    `"name: test: addInput("", "float32", [1]): "" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
  expect(refused(net, 'addInput', undefined, 'float32', [1])).toMatchInlineSnapshot(
    `"argument: test: addInput(undefined, "float32", [1]): an input needs a name"`,
  );
  expect(refused(net, 'addInput', 'a b', 'float32', [1])).toMatchInlineSnapshot(
    `"name: test: addInput("a b", "float32", [1]): "a b" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
  expect(refused(net, 'addInput', 'a:0', 'float32', [1])).toMatchInlineSnapshot(
    `"name: test: addInput("a:0", "float32", [1]): "a:0" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
  expect(refused(net, 'addInput', '/a', 'float32', [1])).toMatchInlineSnapshot(
    `"name: test: addInput("/a", "float32", [1]): "/a" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
  expect(refused(net, 'addInput', 'y', 'float32', [1, 1, 1, 1, 1, 1, 1, 1, 1])).toMatchInlineSnapshot(
    `"shape: y: input(): float32[1, 1, 1, 1, 1, 1, 1, 1, 1] has 9 axes; 8 is the most"`,
  );
});
