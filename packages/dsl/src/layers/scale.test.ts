import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('scale, shift and power, each only if given', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 2]);
      const channels = Weights.fromNumbers('float32', [2], [1, 2], 'channels');
      return [
        net.addScale(x, { scale: 2, shift: channels, power: 3, name: 'all' }),
        net.addScale(x, { shift: 1 }),
        net.addScale(x, {}),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 2]
    all/
      %1 = prod(%0, @2)                               float32[batch, 2]
      %2 = sum(%1, @channels)                         float32[batch, 2]
      %3 = pow(%2, @3)                                float32[batch, 2]
    /
      %4 = sum(%0, @1)                                float32[batch, 2]
      output out0 = %3                                float32[batch, 2]
      output out1 = %4                                float32[batch, 2]
      output out2 = %0                                float32[batch, 2]"
  `);
});

test('errors of scale', () => {
  const { net, x, half, ids, table } = sample();

  expect(refused(net, 'addScale', ids, { scale: 2 })).toMatchInlineSnapshot(
    `"data-type: test: addScale(int32[batch, seq]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addScale', x, { scale: 2, shift: half })).toMatchInlineSnapshot(
    `"data-type: sum: elementwise(float32[batch, seq, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addScale', x)).toMatchInlineSnapshot(
    `"argument: test: addScale(float32[batch, seq, 8]): wrong arguments: Cannot read properties of undefined (reading 'name')"`,
  );
  expect(refused(net, 'addScale', x, { scale: table })).toMatchInlineSnapshot(
    `"shape: prod: elementwise(float32[batch, seq, 8], float32[4, 8]): float32[4, 8] does not broadcast to float32[batch, seq, 8]"`,
  );
});
