import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('layer norm has float32 weights whatever the type of x', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, seq, 2]);
      const flat = net.addInput('flat', 'float32', [2]);
      const gamma = Weights.fromNumbers('float16', [2], [1, 1], 'gamma');
      const beta = Weights.fromNumbers('float32', [2], [0, 0], 'beta');
      return [net.addLayerNorm(x, gamma, beta), net.addLayerNorm(flat, gamma, beta, { epsilon: 0.001, name: 'small' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, seq, 2]
      %1 = input flat                                 float32[2]
      %2 = layerNorm(%0, @gamma, @beta) epsilon=1e-12  float16[batch, seq, 2]
      %3 = layerNorm(%1, @gamma, @beta) epsilon=0.001  float32[2]  # small
      output out0 = %2                                float16[batch, seq, 2]
      output out1 = %3                                float32[2]"
  `);
});

test('errors of layer-norm', () => {
  const { net, x, half, ids, table, of } = sample();

  expect(refused(net, 'addLayerNorm', x, table, table)).toMatchInlineSnapshot(
    `"shape: layerNorm: layerNorm(float32[batch, seq, 8], float32[4, 8], float32[4, 8]): gamma is [4, 8], not [8]"`,
  );
  expect(refused(net, 'addLayerNorm', ids, table, table)).toMatchInlineSnapshot(
    `"data-type: layerNorm: layerNorm(int32[batch, seq], float32[4, 8], float32[4, 8]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addLayerNorm', x, half, half)).toMatchInlineSnapshot(
    `"data-type: layerNorm: layerNorm(float32[batch, seq, 8], float16[batch, seq, 8], float16[batch, seq, 8]): gamma is float16, not float32"`,
  );
  expect(refused(net, 'addLayerNorm', x, of('float32', [7]), of('float32', [8]))).toMatchInlineSnapshot(
    `"shape: layerNorm: layerNorm(float32[batch, seq, 8], float32[7], float32[8]): gamma is [7], not [8]"`,
  );
  expect(refused(net, 'addLayerNorm', x, of('float32', [8]), of('float32', [seq]))).toMatchInlineSnapshot(
    `"shape: layerNorm: layerNorm(float32[batch, seq, 8], float32[8], float32[seq]): beta is [seq], not [8]"`,
  );
  expect(
    refused(net, 'addLayerNorm', x, of('float32', [8]), of('float32', [8]), { epsilon: -1 }),
  ).toMatchInlineSnapshot(
    `"argument: layerNorm: layerNorm(float32[batch, seq, 8], float32[8], float32[8]): epsilon -1 is negative"`,
  );
  expect(
    refused(net, 'addLayerNorm', x, of('float32', [8]), of('float32', [8]), { epsilon: 'small' }),
  ).toMatchInlineSnapshot(
    `"argument: layerNorm: layerNorm(float32[batch, seq, 8], float32[8], float32[8]): epsilon small is no finite number"`,
  );
  expect(refused(net, 'addLayerNorm', x)).toMatchInlineSnapshot(
    `"argument: test: addLayerNorm(float32[batch, seq, 8]): undefined is no tensor, no weights and no number"`,
  );
});
