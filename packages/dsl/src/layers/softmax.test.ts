import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('softmax', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'bfloat16', [batch, seq]);
      return [net.addSoftmax(x, { axis: -1 }), net.addSoftmax(x, { axis: 0, name: 'over_batch' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    bfloat16[batch, seq]
      %1 = softmax(%0) axis=1                         bfloat16[batch, seq]
      %2 = softmax(%0) axis=0                         bfloat16[batch, seq]  # over_batch
      output out0 = %1                                bfloat16[batch, seq]
      output out1 = %2                                bfloat16[batch, seq]"
  `);
});

test('errors of softmax', () => {
  const { net, x, ids, of } = sample();

  expect(refused(net, 'addSoftmax', x, { axis: 3 })).toMatchInlineSnapshot(
    `"argument: softmax: softmax(float32[batch, seq, 8]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addSoftmax', x, { axis: -4 })).toMatchInlineSnapshot(
    `"argument: softmax: softmax(float32[batch, seq, 8]): axis -4 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addSoftmax', x, { axis: 0.5 })).toMatchInlineSnapshot(
    `"argument: softmax: softmax(float32[batch, seq, 8]): axis 0.5 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addSoftmax', x, {})).toMatchInlineSnapshot(
    `"argument: test: addSoftmax(float32[batch, seq, 8]): the option axis is missing: { axis: … }"`,
  );
  expect(refused(net, 'addSoftmax', x)).toMatchInlineSnapshot(
    `"argument: test: addSoftmax(float32[batch, seq, 8]): the option axis is missing: { axis: … }"`,
  );
  expect(refused(net, 'addSoftmax', x, 2)).toMatchInlineSnapshot(
    `"argument: test: addSoftmax(float32[batch, seq, 8], 2): the option axis is missing: { axis: … }"`,
  );
  expect(refused(net, 'addSoftmax', ids, { axis: 0 })).toMatchInlineSnapshot(
    `"data-type: softmax: softmax(int32[batch, seq]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addSoftmax', of('float32', []), { axis: 0 })).toMatchInlineSnapshot(
    `"shape: softmax: softmax(float32[]): the input has rank 0, not 1 or more"`,
  );
  expect(refused(net, 'addSoftmax', x, { axis: 1, name: 'x' })).toMatchInlineSnapshot(
    `"name: x: addSoftmax(float32[batch, seq, 8]): a layer is already named "x""`,
  );
});
