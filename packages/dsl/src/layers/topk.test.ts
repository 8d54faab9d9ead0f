import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');

test('topK and argmax', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, 9]);
      const top = net.addTopK(x, { k: 3, axis: -1 });
      const low = net.addTopK(x, { k: 1, axis: 0, largest: false, name: 'low' });
      return [
        top.values,
        top.indices,
        low.indices,
        net.addArgmax(x, { axis: -1 }),
        net.addArgmax(x, { axis: 0, name: 'best' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, 9]
      %1, %2 = topK(%0) k=3 axis=1 largest=true       float16[batch, 3], int32[batch, 3]
      %3, %4 = topK(%0) k=1 axis=0                    float16[1, 9], int32[1, 9]  # low
    argmax/
      %5, %6 = topK(%0) k=1 axis=1 largest=true       float16[batch, 1], int32[batch, 1]
      %7 = shuffle(%6) reshape=[batch]                int32[batch]  # squeeze
    best/
      %8, %9 = topK(%0) k=1 axis=0 largest=true       float16[1, 9], int32[1, 9]
      %10 = shuffle(%9) reshape=[9]                   int32[9]  # squeeze
    /
      output out0 = %1                                float16[batch, 3]
      output out1 = %2                                int32[batch, 3]
      output out2 = %4                                int32[1, 9]
      output out3 = %7                                int32[batch]
      output out4 = %10                               int32[9]"
  `);
});

test('errors of topk', () => {
  const { net, x, flag, of } = sample();

  expect(refused(net, 'addTopK', x, { k: 9, axis: 2 })).toMatchInlineSnapshot(
    `"argument: topK: topK(float32[batch, seq, 8]): k 9 exceeds the axis's size 8"`,
  );
  expect(refused(net, 'addTopK', x, { k: 0, axis: 2 })).toMatchInlineSnapshot(
    `"argument: topK: topK(float32[batch, seq, 8]): k 0 is no integer ≥ 1"`,
  );
  expect(refused(net, 'addTopK', x, { k: 1, axis: 4 })).toMatchInlineSnapshot(
    `"argument: topK: topK(float32[batch, seq, 8]): axis 4 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addTopK', flag, { k: 1, axis: 0 })).toMatchInlineSnapshot(
    `"data-type: topK: topK(bool[batch, seq]): the input is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addTopK', x, { k: 1, axis: 0, largest: 'yes' })).toMatchInlineSnapshot(
    `"argument: topK: topK(float32[batch, seq, 8]): largest yes is neither true nor false"`,
  );
  expect(refused(net, 'addTopK', x)).toMatchInlineSnapshot(
    `"argument: test: addTopK(float32[batch, seq, 8]): the option k is missing: { k: … }"`,
  );
  expect(refused(net, 'addArgmax', x, { axis: 4 })).toMatchInlineSnapshot(
    `"argument: argmax/topK: topK(float32[batch, seq, 8]): axis 4 is none of a tensor of rank 3"`,
  );
  expect(refused(net, 'addArgmax', flag, { axis: 0, name: 'arg' })).toMatchInlineSnapshot(
    `"data-type: arg/topK: topK(bool[batch, seq]): the input is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addTopK', of('float32', []), { k: 1, axis: 0 })).toMatchInlineSnapshot(
    `"shape: topK: topK(float32[]): the input has rank 0, not 1 or more"`,
  );
});
