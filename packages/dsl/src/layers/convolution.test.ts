import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('convolution', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 4, 9, 8]);
      const tall = net.addInput('tall', 'float32', [1, 4, seq, 8]);
      const kernel = Weights.fromNumbers('float32', [6, 4, 3, 3], new Array(216).fill(0), 'kernel');
      const depthwise = Weights.fromNumbers('float32', [4, 1, 3, 3], new Array(36).fill(0), 'depthwise');
      const bias = Weights.fromNumbers('float32', [6], new Array(6).fill(0), 'bias');
      return [
        net.addConv2d(x, kernel, bias),
        net.addConv2d(x, kernel, undefined, { stride: [2, 3], padding: [1, 1], dilation: [2, 1] }),
        net.addConv2d(x, depthwise, undefined, { groups: 4, name: 'depthwise' }),
        net.addConv2d(tall, kernel, bias, { padding: [1, 0] }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 4, 9, 8]
      %1 = input tall                                 float32[1, 4, seq, 8]
      %2 = convolution(%0, @kernel, @bias) stride=[1, 1] padding=[0, 0] dilation=[1, 1] groups=1  float32[batch, 6, 7, 6]
      %3 = convolution(%0, @kernel) stride=[2, 3] padding=[1, 1] dilation=[2, 1] groups=1  float32[batch, 6, 4, 3]
      %4 = convolution(%0, @depthwise_1) stride=[1, 1] padding=[0, 0] dilation=[1, 1] groups=4  float32[batch, 4, 7, 6]  # depthwise
      %5 = convolution(%1, @kernel, @bias) stride=[1, 1] padding=[1, 0] dilation=[1, 1] groups=1  float32[1, 6, seq, 6]
      output out0 = %2                                float32[batch, 6, 7, 6]
      output out1 = %3                                float32[batch, 6, 4, 3]
      output out2 = %4                                float32[batch, 4, 7, 6]
      output out3 = %5                                float32[1, 6, seq, 6]"
  `);
});

test('errors of convolution', () => {
  const { net, x, ids, image, table, of } = sample();

  expect(refused(net, 'addConv2d', x, table)).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, seq, 8], float32[4, 8]): the input has rank 3, not 4"`,
  );
  expect(refused(net, 'addConv2d', image, table)).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 8]): the kernel has rank 2, not 4"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [4, 2, 3, 3]))).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 2, 3, 3]): in 1 groups a kernel of 2 channels takes 2 channels and a multiple of 1 filters, not 3 and 4"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [batch, 3, 3, 3]))).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[batch, 3, 3, 3]): the sizes of the kernel float32[batch, 3, 3, 3] have to be numbers"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [4, 3, 9, 3]))).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 3, 9, 3]): a window of 9 does not fit 8 with padding 0"`,
  );
  expect(refused(net, 'addConv2d', image, image)).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[batch, 3, 8, 8]): the sizes of the kernel float32[batch, 3, 8, 8] have to be numbers"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [4, 3, 3, 3]), table)).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 3, 3, 3], float32[4, 8]): the bias is [4, 8], not [4]"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [4, 3, 3, 3]), undefined, { stride: 2 })).toMatchInlineSnapshot(
    `"argument: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 3, 3, 3]): stride 2 is no [height, width]"`,
  );
  expect(
    refused(net, 'addConv2d', image, of('float32', [4, 3, 3, 3]), undefined, { stride: [0, 1] }),
  ).toMatchInlineSnapshot(
    `"argument: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 3, 3, 3]): stride 0 is no integer ≥ 1"`,
  );
  expect(refused(net, 'addConv2d', image, of('float32', [4, 1, 3, 3]), undefined, { groups: 3 })).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[batch, 3, 8, 8], float32[4, 1, 3, 3]): in 3 groups a kernel of 1 channels takes 3 channels and a multiple of 3 filters, not 3 and 4"`,
  );
  expect(
    refused(net, 'addConv2d', of('float32', [1, 3, seq, 8]), of('float32', [4, 3, 3, 3]), undefined, {
      stride: [2, 1],
    }),
  ).toMatchInlineSnapshot(
    `"shape: convolution: convolution(float32[1, 3, seq, 8], float32[4, 3, 3, 3]): the size seq has to be a number where the stride is 2; a stride of 1 takes names"`,
  );
  expect(refused(net, 'addConv2d', ids, table)).toMatchInlineSnapshot(
    `"data-type: test: addConv2d(int32[batch, seq], float32[4, 8]): weights "table" (float32[4, 8]) cannot stand in for int32"`,
  );
});
