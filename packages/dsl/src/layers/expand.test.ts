import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('expand stretches sizes of 1 and adds leading axes', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'int32', [1, seq]);
      const like = net.addInput('like', 'int32', [batch, seq]);
      const w = Weights.fromNumbers('int32', [1], [1], 'one');
      return [
        net.addExpand(x, { shape: [batch, seq] }),
        net.addExpand(x, { shape: [3, batch, seq] }),
        net.addExpand(w, { shape: [4], name: 'four' }),
        net.addExpand(like, { shape: [batch, seq] }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    int32[1, seq]
      %1 = input like                                 int32[batch, seq]
      %2 = expand(%0) shape=[batch, seq]              int32[batch, seq]
      %3 = expand(%0) shape=[3, batch, seq]           int32[3, batch, seq]
      %4 = expand(@one) shape=[4]                     int32[4]  # four
      %5 = expand(%1) shape=[batch, seq]              int32[batch, seq]
      output out0 = %2                                int32[batch, seq]
      output out1 = %3                                int32[3, batch, seq]
      output out2 = %4                                int32[4]
      output out3 = %5                                int32[batch, seq]"
  `);
});

test('errors of expand', () => {
  const { net, x } = sample();

  expect(refused(net, 'addExpand', x, { shape: [batch, seq, 9] })).toMatchInlineSnapshot(
    `"shape: expand: expand(float32[batch, seq, 8]): [batch, seq, 8] does not broadcast to [batch, seq, 9]"`,
  );
  expect(refused(net, 'addExpand', x, { shape: [8] })).toMatchInlineSnapshot(
    `"shape: expand: expand(float32[batch, seq, 8]): [batch, seq, 8] does not broadcast to [8]"`,
  );
  expect(refused(net, 'addExpand', x, { shape: 8 })).toMatchInlineSnapshot(
    `"argument: expand: expand(float32[batch, seq, 8]): shape 8 is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addExpand', x, { shape: [batch, -1, 8] })).toMatchInlineSnapshot(
    `"argument: expand: expand(float32[batch, seq, 8]): shape [batch, -1, 8] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addExpand', x)).toMatchInlineSnapshot(
    `"argument: test: addExpand(float32[batch, seq, 8]): the option shape is missing: { shape: … }"`,
  );
  expect(refused(net, 'addExpand', 7, { shape: [1] })).toMatchInlineSnapshot(
    `"argument: expand: expand(7): 7 is no tensor of a network"`,
  );
});
