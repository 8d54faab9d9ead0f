import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('concatenation adds up one axis', () => {
  expect(
    listing((net) => {
      const a = net.addInput('a', 'float32', [batch, 3]);
      const b = net.addInput('b', 'float32', [batch, seq]);
      const w = Weights.fromNumbers('float32', [1, 3], [1, 2, 3], 'first');
      return [
        net.addConcatenation([a, b], { axis: -1 }),
        net.addConcatenation([a, w], { axis: 0 }),
        net.addConcatenation([a], { axis: 0, name: 'alone' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input a                                    float32[batch, 3]
      %1 = input b                                    float32[batch, seq]
      %2 = concatenation(%0, %1) axis=1               float32[batch, seq + 3]
      %3 = concatenation(%0, @first) axis=0           float32[batch + 1, 3]
      %4 = concatenation(%0) axis=0                   float32[batch, 3]  # alone
      output out0 = %2                                float32[batch, seq + 3]
      output out1 = %3                                float32[batch + 1, 3]
      output out2 = %4                                float32[batch, 3]"
  `);
});

test('equal names add up', () => {
  expect(
    listing((net) => {
      const a = net.addInput('a', 'int64', [seq]);
      return net.addConcatenation([a, a, a], { axis: 0 });
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input a                                    int64[seq]
      %1 = concatenation(%0, %0, %0) axis=0           int64[3*seq]
      output out0 = %1                                int64[3*seq]"
  `);
});

test('errors of concatenation', () => {
  const { net, x, half, ids, of } = sample();

  expect(refused(net, 'addConcatenation', [], { axis: 0 })).toMatchInlineSnapshot(
    `"argument: concatenation: concatenation(): takes at least 1 input, not 0"`,
  );
  expect(refused(net, 'addConcatenation', [x, half], { axis: 0 })).toMatchInlineSnapshot(
    `"data-type: concatenation: concatenation(float32[batch, seq, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addConcatenation', [x, ids], { axis: 0 })).toMatchInlineSnapshot(
    `"data-type: concatenation: concatenation(float32[batch, seq, 8], int32[batch, seq]): float32 and int32 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addConcatenation', [x, x], { axis: 3 })).toMatchInlineSnapshot(
    `"argument: concatenation: concatenation(float32[batch, seq, 8], float32[batch, seq, 8]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addConcatenation', x, { axis: 0 })).toMatchInlineSnapshot(
    `"argument: test: addConcatenation(float32[batch, seq, 8]): the tensors are no list: [a, b]"`,
  );
  expect(refused(net, 'addConcatenation', [x, 1], { axis: 0 })).toMatchInlineSnapshot(
    `"shape: concatenation: concatenation(float32[batch, seq, 8], float32[]): float32[batch, seq, 8] and float32[] differ elsewhere than along axis 0"`,
  );
  expect(
    refused(net, 'addConcatenation', [net.addConstant(Weights.fromNumbers('float32', [], [1]))], { axis: 0 }),
  ).toMatchInlineSnapshot(
    `"shape: concatenation: concatenation(float32[]): the first tensor has rank 0, not 1 or more"`,
  );
  expect(refused(net, 'addConcatenation', [x, of('float32', [batch, 9, 9])], { axis: 1 })).toMatchInlineSnapshot(
    `"shape: concatenation: concatenation(float32[batch, seq, 8], float32[batch, 9, 9]): float32[batch, seq, 8] and float32[batch, 9, 9] differ elsewhere than along axis 1"`,
  );
});
