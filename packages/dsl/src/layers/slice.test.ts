import { difference, dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('slice', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, seq, 8]);
      return [
        net.addSlice(x, { start: [0, 0, 1], size: [batch, 1, 3], stride: [1, 1, 3] }),
        net.addSlice(x, { start: [0, 0, 0], size: [batch, seq, 8], name: 'all' }),
        net.addSlice(x, { start: [0, difference(seq, 1), 0], size: [batch, 1, 8], name: 'last' }),
        net.addSlice(x, { start: [0, 0, 8], size: [batch, seq, 0], name: 'none' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, seq, 8]
      %1 = slice(%0) start=[0, 0, 1] size=[batch, 1, 3] stride=[1, 1, 3]  float32[batch, 1, 3]
      %2 = slice(%0) start=[0, 0, 0] size=[batch, seq, 8] stride=[1, 1, 1]  float32[batch, seq, 8]  # all
      %3 = slice(%0) start=[0, seq - 1, 0] size=[batch, 1, 8] stride=[1, 1, 1]  float32[batch, 1, 8]  # last
      %4 = slice(%0) start=[0, 0, 8] size=[batch, seq, 0] stride=[1, 1, 1]  float32[batch, seq, 0]  # none
      output out0 = %1                                float32[batch, 1, 3]
      output out1 = %2                                float32[batch, seq, 8]
      output out2 = %3                                float32[batch, 1, 8]
      output out3 = %4                                float32[batch, seq, 0]"
  `);
});

test('split', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 6]);
      return [
        ...net.addSplit(x, { axis: -1, sizes: [1, 2, 3] }),
        ...net.addSplit(x, { axis: 1, sizes: [3, 3], name: 'halves' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 6]
      %1 = slice(%0) start=[0, 0] size=[batch, 1] stride=[1, 1]  float32[batch, 1]  # split
      %2 = slice(%0) start=[0, 1] size=[batch, 2] stride=[1, 1]  float32[batch, 2]  # split_1
      %3 = slice(%0) start=[0, 3] size=[batch, 3] stride=[1, 1]  float32[batch, 3]  # split_2
      %4 = slice(%0) start=[0, 0] size=[batch, 3] stride=[1, 1]  float32[batch, 3]  # halves_0
      %5 = slice(%0) start=[0, 3] size=[batch, 3] stride=[1, 1]  float32[batch, 3]  # halves_1
      output out0 = %1                                float32[batch, 1]
      output out1 = %2                                float32[batch, 2]
      output out2 = %3                                float32[batch, 3]
      output out3 = %4                                float32[batch, 3]
      output out4 = %5                                float32[batch, 3]"
  `);
});

test('errors of slice', () => {
  const { net, x } = sample();

  expect(refused(net, 'addSlice', x, { start: [0, 0, 6], size: [batch, seq, 3] })).toMatchInlineSnapshot(
    `"shape: slice: slice(float32[batch, seq, 8]): element 8 along axis 2 lies outside [batch, seq, 8]"`,
  );
  expect(refused(net, 'addSlice', x, { start: [0, 1, 0], size: [batch, seq, 8] })).toMatchInlineSnapshot(
    `"shape: slice: slice(float32[batch, seq, 8]): element seq along axis 1 lies outside [batch, seq, 8]"`,
  );
  expect(refused(net, 'addSlice', x, { start: [0, 0], size: [batch, seq] })).toMatchInlineSnapshot(
    `"shape: slice: slice(float32[batch, seq, 8]): start, size and stride need 3 elements each"`,
  );
  expect(
    refused(net, 'addSlice', x, { start: [0, 0, 0], size: [batch, seq, 8], stride: [1, 1, 0] }),
  ).toMatchInlineSnapshot(`"argument: slice: slice(float32[batch, seq, 8]): stride 0 is no integer ≥ 1"`);
  expect(refused(net, 'addSlice', x, { start: [0, 0, 0], size: [batch, seq, 8], stride: 1 })).toMatchInlineSnapshot(
    `"argument: slice: slice(float32[batch, seq, 8]): stride is no list"`,
  );
  expect(refused(net, 'addSlice', x, { start: [0, 0, -1], size: [batch, seq, 1] })).toMatchInlineSnapshot(
    `"argument: slice: slice(float32[batch, seq, 8]): start [0, 0, -1] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addSlice', x, { start: 0, size: 1 })).toMatchInlineSnapshot(
    `"argument: slice: slice(float32[batch, seq, 8]): start 0 is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addSlice', x)).toMatchInlineSnapshot(
    `"argument: test: addSlice(float32[batch, seq, 8]): the option start is missing: { start: … }"`,
  );
  expect(refused(net, 'addSplit', x, { axis: 2, sizes: [3, 4] })).toMatchInlineSnapshot(
    `"shape: test: addSplit(float32[batch, seq, 8]): sizes [3, 4] do not add up to 8 along axis 2"`,
  );
  expect(refused(net, 'addSplit', x, { axis: 3, sizes: [8] })).toMatchInlineSnapshot(
    `"argument: test: addSplit(float32[batch, seq, 8]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addSplit', x, { axis: 2, sizes: 2 })).toMatchInlineSnapshot(
    `"argument: test: addSplit(float32[batch, seq, 8]): sizes 2 is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addSplit', x, { axis: 2, sizes: [9, -1] })).toMatchInlineSnapshot(
    `"argument: test: addSplit(float32[batch, seq, 8]): sizes [9, -1] is no list of sizes: integers ≥ 0, or names such as dim('batch')"`,
  );
  expect(refused(net, 'addSplit', x, { axis: 2, sizes: [4, 4], name: 'a b' })).toMatchInlineSnapshot(
    `"name: a b: addSplit(float32[batch, seq, 8]): "a b_0" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
});
