import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('attention with and without a mask', () => {
  expect(
    listing((net) => {
      const q = net.addInput('q', 'float16', [batch, 12, seq, 64]);
      const k = net.addInput('k', 'float16', [batch, 12, 77, 64]);
      const v = net.addInput('v', 'float16', [batch, 12, 77, 32]);
      const mask = net.addInput('mask', 'float16', [batch, 1, 1, 77]);
      return [net.addAttention(q, k, v), net.addAttention(q, k, v, { mask, scale: 0.125, name: 'self' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input q                                    float16[batch, 12, seq, 64]
      %1 = input k                                    float16[batch, 12, 77, 64]
      %2 = input v                                    float16[batch, 12, 77, 32]
      %3 = input mask                                 float16[batch, 1, 1, 77]
      %4 = attention(%0, %1, %2) scale=1              float16[batch, 12, seq, 32]
      %5 = attention(%0, %1, %2, %3) scale=0.125      float16[batch, 12, seq, 32]  # self
      output out0 = %4                                float16[batch, 12, seq, 32]
      output out1 = %5                                float16[batch, 12, seq, 32]"
  `);
});

test('errors of attention', () => {
  const { net, half, ids, image, of } = sample();

  expect(refused(net, 'addAttention', image, image, half)).toMatchInlineSnapshot(
    `"shape: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float16[batch, seq, 8]): query, key and value each has rank 3, not 4"`,
  );
  expect(refused(net, 'addAttention', image, image, image, { mask: half })).toMatchInlineSnapshot(
    `"data-type: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float16[batch, seq, 8]): float32 and float16 do not mix: addCast one of them"`,
  );
  expect(refused(net, 'addAttention', image, image, image, { scale: Number.NaN })).toMatchInlineSnapshot(
    `"argument: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float32[batch, 3, 8, 8]): scale NaN is no finite number"`,
  );
  expect(refused(net, 'addAttention', ids, ids, ids)).toMatchInlineSnapshot(
    `"data-type: attention: attention(int32[batch, seq], int32[batch, seq], int32[batch, seq]): the query is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addAttention', image, of('float32', [batch, 3, 5, 9]), image)).toMatchInlineSnapshot(
    `"shape: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 5, 9], float32[batch, 3, 8, 8]): the key is [batch, 3, 5, 9], not [batch, 3, 5, 8]"`,
  );
  expect(refused(net, 'addAttention', image, of('float32', [batch, 3, 5, 8]), image)).toMatchInlineSnapshot(
    `"shape: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 5, 8], float32[batch, 3, 8, 8]): value float32[batch, 3, 8, 8] does not go with key float32[batch, 3, 5, 8]"`,
  );
  expect(
    refused(net, 'addAttention', image, image, image, { mask: of('float32', [2, 1, 1, 8]) }),
  ).toMatchInlineSnapshot(
    `"shape: attention: attention(float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float32[batch, 3, 8, 8], float32[2, 1, 1, 8]): mask float32[2, 1, 1, 8] does not broadcast to [batch, 3, 8, 8]"`,
  );
});
