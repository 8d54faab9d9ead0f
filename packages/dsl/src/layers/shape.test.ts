import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('shape', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, seq, 8]);
      return [net.addShape(x), net.addShape(net.addInput('scalar', 'bool', []), { name: 'none' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, seq, 8]
      %2 = input scalar                               bool[]
      %1 = shape(%0)                                  int64[3]
      %3 = shape(%2)                                  int64[0]  # none
      output out0 = %1                                int64[3]
      output out1 = %3                                int64[0]"
  `);
});

test('errors of shape', () => {
  const { net } = sample();

  expect(refused(net, 'addShape', 1)).toMatchInlineSnapshot(`"argument: shape: shape(1): 1 is no tensor of a network"`);
  expect(refused(net, 'addShape')).toMatchInlineSnapshot(
    `"argument: shape: shape(undefined): undefined is no tensor of a network"`,
  );
});
