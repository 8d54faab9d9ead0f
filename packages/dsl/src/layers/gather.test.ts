import { dim, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('gather puts the axes of the indices in the place of the axis', () => {
  expect(
    listing((net) => {
      const data = net.addInput('data', 'float16', [batch, 5, 8]);
      const at = net.addInput('at', 'int64', [2, seq]);
      const one = net.addInput('one', 'int32', []);
      const w = Weights.fromNumbers('int32', [4], [1, 2, 3, 4], 'lookup');
      return [
        net.addGather(data, at, { axis: 1 }),
        net.addGather(data, one, { axis: -1, name: 'last' }),
        net.addGather(w, at, { axis: 0 }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input data                                 float16[batch, 5, 8]
      %1 = input at                                   int64[2, seq]
      %2 = input one                                  int32[]
      %3 = gather(%0, %1) axis=1                      float16[batch, 2, seq, 8]
      %4 = gather(%0, %2) axis=2                      float16[batch, 5]  # last
      %5 = gather(@lookup, %1) axis=0                 int32[2, seq]
      output out0 = %3                                float16[batch, 2, seq, 8]
      output out1 = %4                                float16[batch, 5]
      output out2 = %5                                int32[2, seq]"
  `);
});

test('embedding', () => {
  expect(
    listing((net) => {
      const ids = net.addInput('ids', 'int32', [batch, seq]);
      const table = Weights.fromNumbers('float32', [4, 2], [1, 2, 3, 4, 5, 6, 7, 8], 'word_embeddings.weight');
      return [net.addEmbedding(ids, table), net.addEmbedding(ids, table.as('float16'), { name: 'words' })];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input ids                                  int32[batch, seq]
      %1 = gather(@weight, %0) axis=0                 float32[batch, seq, 2]  # embedding
      %2 = gather(@weight_1, %0) axis=0               float16[batch, seq, 2]  # words
      output out0 = %1                                float32[batch, seq, 2]
      output out1 = %2                                float16[batch, seq, 2]"
  `);
});

test('errors of gather', () => {
  const { net, x, ids, table, of } = sample();

  expect(refused(net, 'addGather', x, x, { axis: 0 })).toMatchInlineSnapshot(
    `"data-type: gather: gather(float32[batch, seq, 8], float32[batch, seq, 8]): the index is float32, not int32 or int64"`,
  );
  expect(refused(net, 'addGather', x, ids, { axis: 3 })).toMatchInlineSnapshot(
    `"argument: gather: gather(float32[batch, seq, 8], int32[batch, seq]): axis 3 is none of a tensor of rank 3"`,
  );
  expect(
    refused(net, 'addGather', net.addConstant(Weights.fromNumbers('float32', [], [1])), ids, { axis: 0 }),
  ).toMatchInlineSnapshot(`"shape: gather: gather(float32[], int32[batch, seq]): the data has rank 0, not 1 or more"`);
  expect(refused(net, 'addEmbedding', x, table)).toMatchInlineSnapshot(
    `"data-type: embedding: gather(float32[4, 8], float32[batch, seq, 8]): the index is float32, not int32 or int64"`,
  );
  expect(refused(net, 'addEmbedding', ids, null)).toMatchInlineSnapshot(
    `"argument: embedding: gather(null, int32[batch, seq]): null is no tensor of a network"`,
  );
  expect(refused(net, 'addGather', of('float32', [1, 1, 1, 1, 1, 1, 1, 1]), ids, { axis: 0 })).toMatchInlineSnapshot(
    `"shape: gather: gather(float32[1, 1, 1, 1, 1, 1, 1, 1], int32[batch, seq]): float32[batch, seq, 1, 1, 1, 1, 1, 1, 1] has 9 axes; 8 is the most"`,
  );
});
