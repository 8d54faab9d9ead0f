import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('cast changes the type and leaves the shape', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 8]);
      const flag = net.addInput('flag', 'bool', []);
      return [net.addCast(x, { dataType: 'float16' }), net.addCast(flag, { dataType: 'int64', name: 'number' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 8]
      %1 = input flag                                 bool[]
      %2 = cast(%0) dataType=float16                  float16[batch, 8]
      %3 = cast(%1) dataType=int64                    int64[]  # number
      output out0 = %2                                float16[batch, 8]
      output out1 = %3                                int64[]"
  `);
});

test('cast to the type that it is adds nothing', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 8]);
      return net.addCast(x, { dataType: 'float32' });
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 8]
      output out0 = %0                                float32[batch, 8]"
  `);
});

test('errors of cast', () => {
  const { net, x } = sample();

  expect(refused(net, 'addCast', x, { dataType: 'half' })).toMatchInlineSnapshot(
    `"argument: cast: cast(float32[batch, seq, 8]): data type "half" is none of float32, float16, bfloat16, float8, int8, uint8, int32, int64, bool"`,
  );
  expect(refused(net, 'addCast', x)).toMatchInlineSnapshot(
    `"argument: test: addCast(float32[batch, seq, 8]): the option dataType is missing: { dataType: … }"`,
  );
  expect(refused(net, 'addCast', null, { dataType: 'float16' })).toMatchInlineSnapshot(
    `"argument: test: addCast(null): wrong arguments: Cannot read properties of null (reading 'dataType')"`,
  );
});
