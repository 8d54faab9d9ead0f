import { Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

test('weights become one constant, however often they are used', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [2, 2]);
      const w = Weights.fromNumbers('float32', [2, 2], [1, 2, 3, 4], 'dense/kernel:0');
      return [net.addAdd(x, w), net.addMul(x, w), net.addConstant(w), net.scope('deeper').addSub(x, w)];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[2, 2]
      %1 = sum(%0, @kernel)                           float32[2, 2]
      %2 = prod(%0, @kernel)                          float32[2, 2]
    deeper/
      %3 = sub(%0, @kernel)                           float32[2, 2]
    /
      output out0 = %1                                float32[2, 2]
      output out1 = %2                                float32[2, 2]
      output out2 = @kernel                           float32[2, 2]
      output out3 = %3                                float32[2, 2]"
  `);
});

test('numbers become scalars of the type beside them', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [2]);
      const n = net.addInput('n', 'int64', [2]);
      return [
        net.addAdd(x, 0.5),
        net.addMul(x, 0.5),
        net.addAdd(n, 2),
        net.addAdd(x, -0),
        net.addAdd(x, 0),
        net.addSub(x, Number.POSITIVE_INFINITY),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[2]
      %1 = input n                                    int64[2]
      %2 = sum(%0, @0_5)                              float32[2]
      %3 = prod(%0, @0_5)                             float32[2]
      %4 = sum(%1, @2)                                int64[2]
      %5 = sum(%0, @0)                                float32[2]
      %6 = sum(%0, @0_1)                              float32[2]
      %7 = sub(%0, @Infinity)                         float32[2]
      output out0 = %2                                float32[2]
      output out1 = %3                                float32[2]
      output out2 = %4                                int64[2]
      output out3 = %5                                float32[2]
      output out4 = %6                                float32[2]
      output out5 = %7                                float32[2]"
  `);
});

test('a constant with a name of its own is found again', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [2]);
      const w = Weights.fromNumbers('float32', [2], [1, 2], 'a b');
      return [net.addConstant(w, { name: 'shift' }), net.addAdd(x, w)];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[2]
      %1 = sum(%0, @shift)                            float32[2]
      output out0 = @shift                            float32[2]
      output out1 = %1                                float32[2]"
  `);
});

test('errors of constant', () => {
  const { net, x, half, ids, table } = sample();

  expect(refused(net, 'addConstant', [1, 2, 3])).toMatchInlineSnapshot(
    `"argument: constant: constant(): a constant needs Weights"`,
  );
  expect(refused(net, 'addConstant', null)).toMatchInlineSnapshot(
    `"argument: constant: constant(): a constant needs Weights"`,
  );
  expect(refused(net, 'addConstant', table, { name: 'x' })).toMatchInlineSnapshot(
    `"name: x: addConstant(float32[4, 8]): a layer is already named "x""`,
  );
  expect(refused(net, 'addAdd', ids, 1.5)).toMatchInlineSnapshot(
    `"argument: test: addAdd(int32[batch, seq], 1.5): the number 1.5 does not fit int32"`,
  );
  expect(refused(net, 'addAdd', half, 70000)).toMatchInlineSnapshot(
    `"argument: test: addAdd(float16[batch, seq, 8], 70000): the number 70000 does not fit float16"`,
  );
  for (const number of [Number.NaN, 1e-9, -1e-9])
    expect(refused(net, 'addAdd', half, number)).toMatch(/: the number (NaN|-?1e-9) does not fit float16$/);
  expect(net.addMul(half, -0).dataType).toBe('float16');
  expect(net.addMul(x, 1e-9).dataType).toBe('float32');
  expect(refused(net, 'addAdd', ids, table)).toMatchInlineSnapshot(
    `"data-type: test: addAdd(int32[batch, seq], float32[4, 8]): weights "table" (float32[4, 8]) cannot stand in for int32"`,
  );
  expect(refused(net, 'addAdd', x, '1')).toMatchInlineSnapshot(
    `"argument: test: addAdd(float32[batch, seq, 8], "1"): "1" is no tensor, no weights and no number"`,
  );
  expect(refused(net, 'addAdd', x, [1])).toMatchInlineSnapshot(
    `"argument: test: addAdd(float32[batch, seq, 8], [1]): [1] is no tensor, no weights and no number"`,
  );
});
