import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('select', () => {
  expect(
    listing((net) => {
      const mask = net.addInput('mask', 'bool', [seq]);
      const a = net.addInput('a', 'float16', [batch, seq]);
      const row = net.addInput('row', 'float16', [1, seq]);
      return [
        net.addSelect(mask, a, 0),
        net.addSelect(mask, a, a, { name: 'either' }),
        net.addSelect(net.addGreater(a, 0), row, 1),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input mask                                 bool[seq]
      %1 = input a                                    float16[batch, seq]
      %2 = input row                                  float16[1, seq]
      %3 = select(%0, %1, @0)                         float16[batch, seq]
      %4 = select(%0, %1, %1)                         float16[batch, seq]  # either
      %5 = greater(%1, @0)                            bool[batch, seq]
      %6 = select(%5, %2, @1)                         float16[batch, seq]
      output out0 = %3                                float16[batch, seq]
      output out1 = %4                                float16[batch, seq]
      output out2 = %6                                float16[batch, seq]"
  `);
});

test('errors of select', () => {
  const { net, x, half, ids, flag, table, of } = sample();

  expect(refused(net, 'addSelect', ids, x, x)).toMatchInlineSnapshot(
    `"data-type: select: select(int32[batch, seq], float32[batch, seq, 8], float32[batch, seq, 8]): the condition is int32, not bool"`,
  );
  expect(refused(net, 'addSelect', flag, x, half)).toMatchInlineSnapshot(
    `"data-type: select: select(bool[batch, seq], float32[batch, seq, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addSelect', flag, ids, x)).toMatchInlineSnapshot(
    `"data-type: select: select(bool[batch, seq], int32[batch, seq], float32[batch, seq, 8]): int32 and float32 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addSelect', flag, x, x)).toMatchInlineSnapshot(
    `"shape: select: select(bool[batch, seq], float32[batch, seq, 8], float32[batch, seq, 8]): bool[batch, seq] and float32[batch, seq, 8] do not broadcast to float32[batch, seq, 8]"`,
  );
  expect(refused(net, 'addSelect', flag, table, 1)).toMatchInlineSnapshot(
    `"argument: select: select(bool[batch, seq], float32[4, 8], float32[]): float32[4, 8] is no tensor of a network"`,
  );
  expect(refused(net, 'addSelect', flag, of('float32', [seq]), 1)).toMatchInlineSnapshot(
    `"shape: select: select(bool[batch, seq], float32[seq], float32[]): bool[batch, seq] and float32[] do not broadcast to float32[seq]"`,
  );
  expect(refused(net, 'addSelect', flag)).toMatchInlineSnapshot(
    `"argument: test: addSelect(bool[batch, seq]): undefined stands beside undefined, which is no tensor"`,
  );
});
