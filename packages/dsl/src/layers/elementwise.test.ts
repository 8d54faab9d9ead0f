import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('every operation', () => {
  expect(
    listing((net) => {
      const a = net.addInput('a', 'float32', [batch, 8]);
      const b = net.addInput('b', 'float32', [batch, 8]);
      const p = net.addInput('p', 'bool', [batch]);
      return [
        net.addAdd(a, b),
        net.addSub(a, b),
        net.addMul(a, b),
        net.addDiv(a, b),
        net.addPow(a, b),
        net.addMin(a, b),
        net.addMax(a, b),
        net.addEqual(a, b),
        net.addLess(a, b),
        net.addGreater(a, b),
        net.addAnd(p, p),
        net.addOr(p, p),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input a                                    float32[batch, 8]
      %1 = input b                                    float32[batch, 8]
      %2 = input p                                    bool[batch]
      %3 = sum(%0, %1)                                float32[batch, 8]
      %4 = sub(%0, %1)                                float32[batch, 8]
      %5 = prod(%0, %1)                               float32[batch, 8]
      %6 = div(%0, %1)                                float32[batch, 8]
      %7 = pow(%0, %1)                                float32[batch, 8]
      %8 = min(%0, %1)                                float32[batch, 8]
      %9 = max(%0, %1)                                float32[batch, 8]
      %10 = equal(%0, %1)                             bool[batch, 8]
      %11 = less(%0, %1)                              bool[batch, 8]
      %12 = greater(%0, %1)                           bool[batch, 8]
      %13 = and(%2, %2)                               bool[batch]
      %14 = or(%2, %2)                                bool[batch]
      output out0 = %3                                float32[batch, 8]
      output out1 = %4                                float32[batch, 8]
      output out2 = %5                                float32[batch, 8]
      output out3 = %6                                float32[batch, 8]
      output out4 = %7                                float32[batch, 8]
      output out5 = %8                                float32[batch, 8]
      output out6 = %9                                float32[batch, 8]
      output out7 = %10                               bool[batch, 8]
      output out8 = %11                               bool[batch, 8]
      output out9 = %12                               bool[batch, 8]
      output out10 = %13                              bool[batch]
      output out11 = %14                              bool[batch]"
  `);
});

test('the second operand broadcasts to the rank of the first', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'int32', [batch, 1, 8]);
      const row = net.addInput('row', 'int32', [8]);
      const column = net.addInput('column', 'int32', [seq, 1]);
      const scalar = net.addInput('scalar', 'int32', []);
      return [
        net.addAdd(x, row),
        net.addAdd(x, column, { name: 'wide' }),
        net.addAdd(x, scalar),
        net.addAdd(scalar, 1),
        net.addMax(x, x),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    int32[batch, 1, 8]
      %1 = input row                                  int32[8]
      %2 = input column                               int32[seq, 1]
      %3 = input scalar                               int32[]
      %4 = sum(%0, %1)                                int32[batch, 1, 8]
      %5 = sum(%0, %2)                                int32[batch, seq, 8]  # wide
      %6 = sum(%0, %3)                                int32[batch, 1, 8]
      %7 = sum(%3, @1)                                int32[]
      %8 = max(%0, %0)                                int32[batch, 1, 8]
      output out0 = %4                                int32[batch, 1, 8]
      output out1 = %5                                int32[batch, seq, 8]
      output out2 = %6                                int32[batch, 1, 8]
      output out3 = %7                                int32[]
      output out4 = %8                                int32[batch, 1, 8]"
  `);
});

test('weights adopt the type of the first operand', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'bfloat16', [batch, 2]);
      return net.addAdd(x, Weights.fromNumbers('float32', [2], [1, 2], 'bias'));
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    bfloat16[batch, 2]
      %1 = sum(%0, @bias)                             bfloat16[batch, 2]
      output out0 = %1                                bfloat16[batch, 2]"
  `);
});

test('errors of elementwise', () => {
  const { net, x, half, ids, flag, of } = sample();

  expect(refused(net, 'addAdd', x, half)).toMatchInlineSnapshot(
    `"data-type: sum: elementwise(float32[batch, seq, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addAdd', ids, x)).toMatchInlineSnapshot(
    `"data-type: sum: elementwise(int32[batch, seq], float32[batch, seq, 8]): int32 and float32 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addAdd', x, of('float32', [batch, seq, 7]))).toMatchInlineSnapshot(
    `"shape: sum: elementwise(float32[batch, seq, 8], float32[batch, seq, 7]): float32[batch, seq, 7] does not broadcast to float32[batch, seq, 8]"`,
  );
  expect(refused(net, 'addAdd', x, of('float32', [seq, batch, 8]))).toMatchInlineSnapshot(
    `"shape: sum: elementwise(float32[batch, seq, 8], float32[seq, batch, 8]): float32[seq, batch, 8] does not broadcast to float32[batch, seq, 8]"`,
  );
  expect(refused(net, 'addPow', ids, ids)).toMatchInlineSnapshot(
    `"data-type: pow: elementwise(int32[batch, seq], int32[batch, seq]): the first operand is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addAnd', x, x)).toMatchInlineSnapshot(
    `"data-type: and: elementwise(float32[batch, seq, 8], float32[batch, seq, 8]): the first operand is float32, not bool"`,
  );
  expect(refused(net, 'addAdd', flag, flag)).toMatchInlineSnapshot(
    `"data-type: sum: elementwise(bool[batch, seq], bool[batch, seq]): the first operand is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addAdd', undefined, x)).toMatchInlineSnapshot(
    `"argument: sum: elementwise(undefined, float32[batch, seq, 8]): undefined is no tensor of a network"`,
  );
  expect(refused(net, 'addAdd', x, undefined)).toMatchInlineSnapshot(
    `"argument: test: addAdd(float32[batch, seq, 8], undefined): undefined is no tensor, no weights and no number"`,
  );
  expect(refused(net, 'addAdd', x, null)).toMatchInlineSnapshot(
    `"argument: test: addAdd(float32[batch, seq, 8], null): null is no tensor, no weights and no number"`,
  );
  expect(refused(net, 'addAdd', {}, 1)).toMatchInlineSnapshot(
    `"argument: test: addAdd({…}, 1): 1 stands beside {…}, which is no tensor"`,
  );
  expect(refused(net, 'add', { name: 'elementwise' }, [x], {})).toMatchInlineSnapshot(
    `"argument: elementwise: elementwise(float32[batch, seq, 8]): wrong arguments: undefined is not iterable (cannot read property Symbol(Symbol.iterator))"`,
  );
});
