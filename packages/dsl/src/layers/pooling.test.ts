import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('pooling', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 3, 8, 9]);
      const tall = net.addInput('tall', 'float16', [1, 3, seq, 8]);
      return [
        net.addPooling(x, { operation: 'max', window: [2, 3] }),
        net.addPooling(x, {
          operation: 'average',
          window: [3, 3],
          stride: [1, 2],
          padding: [1, 1],
          includePadding: true,
          name: 'soft',
        }),
        net.addPooling(tall, { operation: 'max', window: [3, 3], stride: [1, 1] }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 3, 8, 9]
      %1 = input tall                                 float16[1, 3, seq, 8]
      %2 = max_pooling(%0) window=[2, 3] stride=[2, 3] padding=[0, 0]  float32[batch, 3, 4, 3]
      %3 = average_pooling(%0) window=[3, 3] stride=[1, 2] padding=[1, 1] includePadding=true  float32[batch, 3, 8, 5]  # soft
      %4 = max_pooling(%1) window=[3, 3] stride=[1, 1] padding=[0, 0]  float16[1, 3, seq - 2, 6]
      output out0 = %2                                float32[batch, 3, 4, 3]
      output out1 = %3                                float32[batch, 3, 8, 5]
      output out2 = %4                                float16[1, 3, seq - 2, 6]"
  `);
});

test('errors of pooling', () => {
  const { net, x, image, of } = sample();

  expect(refused(net, 'addPooling', x, { operation: 'max', window: [2, 2] })).toMatchInlineSnapshot(
    `"shape: max_pooling: pooling(float32[batch, seq, 8]): the input has rank 3, not 4"`,
  );
  expect(refused(net, 'addPooling', image, { operation: 'min', window: [2, 2] })).toMatchInlineSnapshot(
    `"argument: min_pooling: pooling(float32[batch, 3, 8, 8]): operation "min" is none of max, average"`,
  );
  expect(refused(net, 'addPooling', image, { operation: 'max', window: 2 })).toMatchInlineSnapshot(
    `"argument: max_pooling: pooling(float32[batch, 3, 8, 8]): window 2 is no [height, width]"`,
  );
  expect(
    refused(net, 'addPooling', image, { operation: 'max', window: [2, 2], padding: [2, 0] }),
  ).toMatchInlineSnapshot(
    `"argument: max_pooling: pooling(float32[batch, 3, 8, 8]): padding 2,0 exceeds half the window 2,2"`,
  );
  expect(refused(net, 'addPooling', image, { operation: 'max', window: [9, 2] })).toMatchInlineSnapshot(
    `"shape: max_pooling: pooling(float32[batch, 3, 8, 8]): a window of 9 does not fit 8 with padding 0"`,
  );
  expect(
    refused(net, 'addPooling', image, { operation: 'average', window: [2, 2], includePadding: 1 }),
  ).toMatchInlineSnapshot(
    `"argument: average_pooling: pooling(float32[batch, 3, 8, 8]): includePadding 1 is neither true nor false"`,
  );
  expect(refused(net, 'addPooling', image)).toMatchInlineSnapshot(
    `"argument: test: addPooling(float32[batch, 3, 8, 8]): the option operation is missing: { operation: … }"`,
  );
  expect(
    refused(net, 'addPooling', of('int32', [1, 1, 4, 4]), { operation: 'max', window: [2, 2] }),
  ).toMatchInlineSnapshot(
    `"data-type: max_pooling: pooling(int32[1, 1, 4, 4]): the input is int32, not float32 or float16 or bfloat16"`,
  );
});
