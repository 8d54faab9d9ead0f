import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('activations keep type and shape', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, 8]);
      const scalar = net.addInput('scalar', 'float32', []);
      return [
        net.addReLU(x),
        net.addSigmoid(x, { name: 'gate' }),
        net.addTanh(scalar),
        net.addGELU(x),
        net.addGELU(x, { approximate: 'tanh' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, 8]
      %1 = input scalar                               float32[]
      %2 = relu(%0)                                   float16[batch, 8]
      %3 = sigmoid(%0)                                float16[batch, 8]  # gate
      %4 = tanh(%1)                                   float32[]
      %5 = geluErf(%0)                                float16[batch, 8]  # gelu
      %6 = geluTanh(%0)                               float16[batch, 8]  # gelu_1
      output out0 = %2                                float16[batch, 8]
      output out1 = %3                                float16[batch, 8]
      output out2 = %4                                float32[]
      output out3 = %5                                float16[batch, 8]
      output out4 = %6                                float16[batch, 8]"
  `);
});

test('errors of activation', () => {
  const { net, x, ids } = sample();

  expect(refused(net, 'addReLU', ids)).toMatchInlineSnapshot(
    `"data-type: relu: activation(int32[batch, seq]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addGELU', x, { approximate: 'sigmoid' })).toMatchInlineSnapshot(
    `"argument: test: addGELU(float32[batch, seq, 8]): approximate "sigmoid" is none of none, tanh"`,
  );
  expect(refused(net, 'addTanh', undefined)).toMatchInlineSnapshot(
    `"argument: tanh: activation(undefined): undefined is no tensor of a network"`,
  );
  expect(refused(net, 'addReLU', x, { name: 'has space' })).toMatchInlineSnapshot(
    `"name: has space: addReLU(float32[batch, seq, 8]): "has space" cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
  expect(refused(net, 'addReLU', x, 'relu1')).toMatchInlineSnapshot(
    `"argument: test: addReLU(float32[batch, seq, 8], "relu1"): the options are "relu1", no object such as { name: 'fc1' }"`,
  );
  expect(refused(net, 'addReLU', x, null)).toMatchInlineSnapshot(
    `"argument: test: addReLU(float32[batch, seq, 8], null): the options are null, no object such as { name: 'fc1' }"`,
  );
});
