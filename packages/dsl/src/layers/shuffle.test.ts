import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('transpose, reshape, transpose', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, seq, 768]);
      const heads = net.addShuffle(x, { reshape: [0, 0, 12, -1], secondTranspose: [0, 2, 1, 3], name: 'heads' });
      const back = net.addShuffle(heads, { firstTranspose: [0, 2, 1, 3], reshape: [0, 0, 768] });
      return [heads, back, net.addTranspose(x, { permutation: [2, 0, 1] }), net.addShuffle(x, {})];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, seq, 768]
      %1 = shuffle(%0) reshape=[batch, seq, 12, 64] secondTranspose=[0, 2, 1, 3]  float16[batch, 12, seq, 64]  # heads
      %2 = shuffle(%1) firstTranspose=[0, 2, 1, 3] reshape=[batch, seq, 768]  float16[batch, seq, 768]
      %3 = shuffle(%0) firstTranspose=[2, 0, 1]       float16[768, batch, seq]  # transpose
      %4 = shuffle(%0)                                float16[batch, seq, 768]
      output out0 = %1                                float16[batch, 12, seq, 64]
      output out1 = %2                                float16[batch, seq, 768]
      output out2 = %3                                float16[768, batch, seq]
      output out3 = %4                                float16[batch, seq, 768]"
  `);
});

test('a reshape holds whenever the number of elements does', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, seq, 8]);
      return [
        net.addShuffle(x, { reshape: [-1, 8] }),
        net.addShuffle(x, { reshape: [-1] }),
        net.addShuffle(x, { reshape: [seq, batch, 8] }),
        net.addShuffle(x, { reshape: [batch, 2, seq, -1] }),
        net.addShuffle(net.addShuffle(x, { reshape: [-1, 8] }), { reshape: [batch, -1, 8] }),
        net.addShuffle(net.addInput('one', 'float32', [1]), { reshape: [] }),
        net.addShuffle(net.addInput('none', 'float32', [0, 4]), { reshape: [0, 2, 2] }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, seq, 8]
      %7 = input one                                  float32[1]
      %9 = input none                                 float32[0, 4]
      %1 = shuffle(%0) reshape=[batch*seq, 8]         float32[batch*seq, 8]
      %2 = shuffle(%0) reshape=[8*batch*seq]          float32[8*batch*seq]
      %3 = shuffle(%0) reshape=[seq, batch, 8]        float32[seq, batch, 8]
      %4 = shuffle(%0) reshape=[batch, 2, seq, 4]     float32[batch, 2, seq, 4]
      %5 = shuffle(%0) reshape=[batch*seq, 8]         float32[batch*seq, 8]
      %6 = shuffle(%5) reshape=[batch, seq, 8]        float32[batch, seq, 8]
      %8 = shuffle(%7) reshape=[]                     float32[]
      %10 = shuffle(%9) reshape=[0, 2, 2]             float32[0, 2, 2]
      output out0 = %1                                float32[batch*seq, 8]
      output out1 = %2                                float32[8*batch*seq]
      output out2 = %3                                float32[seq, batch, 8]
      output out3 = %4                                float32[batch, 2, seq, 4]
      output out4 = %6                                float32[batch, seq, 8]
      output out5 = %8                                float32[]
      output out6 = %10                               float32[0, 2, 2]"
  `);
});

test('squeeze and unsqueeze', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float32', [batch, 1, 1, seq]);
      return [
        net.addSqueeze(x, { axes: [1, -2] }),
        net.addSqueeze(x, { axes: [2] }),
        net.addUnsqueeze(x, { axes: [0, -1] }),
        net.addUnsqueeze(net.addInput('s', 'float32', []), { axes: [0], name: 'row' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float32[batch, 1, 1, seq]
      %4 = input s                                    float32[]
      %1 = shuffle(%0) reshape=[batch, seq]           float32[batch, seq]  # squeeze
      %2 = shuffle(%0) reshape=[batch, 1, seq]        float32[batch, 1, seq]  # squeeze_1
      %3 = shuffle(%0) reshape=[1, batch, 1, 1, seq, 1]  float32[1, batch, 1, 1, seq, 1]  # unsqueeze
      %5 = shuffle(%4) reshape=[1]                    float32[1]  # row
      output out0 = %1                                float32[batch, seq]
      output out1 = %2                                float32[batch, 1, seq]
      output out2 = %3                                float32[1, batch, 1, 1, seq, 1]
      output out3 = %5                                float32[1]"
  `);
});

test('errors of shuffle', () => {
  const { net, x } = sample();

  expect(refused(net, 'addShuffle', x, { reshape: [0, 0, 3, -1], name: 'heads' })).toMatchInlineSnapshot(
    `"shape: heads: addShuffle(float32[batch, seq, 8]): cannot reshape [batch, seq, 8] to [0, 0, 3, -1]: 8*batch*seq elements are not 3*batch*seq"`,
  );
  expect(refused(net, 'addShuffle', x, { reshape: [0, 0, 7] })).toMatchInlineSnapshot(
    `"shape: shuffle: shuffle(float32[batch, seq, 8]): cannot reshape [batch, seq, 8] to [batch, seq, 7]: 8*batch*seq elements are not 7*batch*seq"`,
  );
  expect(refused(net, 'addShuffle', x, { reshape: [-1, -1] })).toMatchInlineSnapshot(
    `"argument: test: addShuffle(float32[batch, seq, 8]): reshape [-1,-1] is no list of sizes with at most one −1"`,
  );
  expect(refused(net, 'addShuffle', x, { reshape: [0, 0, 8, 0] })).toMatchInlineSnapshot(
    `"shape: test: addShuffle(float32[batch, seq, 8]): reshape [0, 0, 8, 0]: the 0 at place 3 copies no size of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addShuffle', x, { reshape: 8 })).toMatchInlineSnapshot(
    `"argument: test: addShuffle(float32[batch, seq, 8]): reshape [8] is no list of sizes with at most one −1"`,
  );
  expect(refused(net, 'addShuffle', x, { firstTranspose: [0, 1] })).toMatchInlineSnapshot(
    `"argument: shuffle: shuffle(float32[batch, seq, 8]): [0,1] is no permutation of the axes of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addShuffle', x, { firstTranspose: [0, 1, 1] })).toMatchInlineSnapshot(
    `"argument: shuffle: shuffle(float32[batch, seq, 8]): [0,1,1] is no permutation of the axes of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addShuffle', x, { firstTranspose: '021' })).toMatchInlineSnapshot(
    `"argument: shuffle: shuffle(float32[batch, seq, 8]): [021] is no permutation of the axes of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addShuffle', x, { secondTranspose: [0, 1, 3] })).toMatchInlineSnapshot(
    `"argument: shuffle: shuffle(float32[batch, seq, 8]): [0,1,3] is no permutation of the axes of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addTranspose', x, { permutation: [0, 1, -1] })).toMatchInlineSnapshot(
    `"argument: transpose: shuffle(float32[batch, seq, 8]): [0,1,-1] is no permutation of the axes of [batch, seq, 8]"`,
  );
  expect(refused(net, 'addTranspose', x, {})).toMatchInlineSnapshot(
    `"argument: test: addTranspose(float32[batch, seq, 8]): the option permutation is missing: { permutation: … }"`,
  );
  expect(refused(net, 'addSqueeze', x, { axes: [0] })).toMatchInlineSnapshot(
    `"shape: test: addSqueeze(float32[batch, seq, 8]): axis 0 has size batch, not 1"`,
  );
  expect(refused(net, 'addSqueeze', x, { axes: 1 })).toMatchInlineSnapshot(
    `"argument: test: addSqueeze(float32[batch, seq, 8]): axes 1 is no list"`,
  );
  expect(refused(net, 'addUnsqueeze', x, { axes: [5] })).toMatchInlineSnapshot(
    `"argument: test: addUnsqueeze(float32[batch, seq, 8]): axis 5 is none of a tensor of rank 4"`,
  );
  expect(refused(net, 'addUnsqueeze', x, { axes: [0, 0] })).toMatchInlineSnapshot(
    `"argument: test: addUnsqueeze(float32[batch, seq, 8]): axes [0, 0] name one axis twice"`,
  );
  expect(refused(net, 'addUnsqueeze', x, { axes: 1 })).toMatchInlineSnapshot(
    `"argument: test: addUnsqueeze(float32[batch, seq, 8]): axes 1 is no list"`,
  );
  expect(refused(net, 'addUnsqueeze', x)).toMatchInlineSnapshot(
    `"argument: test: addUnsqueeze(float32[batch, seq, 8]): the option axes is missing: { axes: … }"`,
  );
  expect(refused(net, 'addShuffle', x)).toMatchInlineSnapshot(
    `"argument: test: addShuffle(float32[batch, seq, 8]): wrong arguments: Cannot destructure property 'firstTranspose' of 'options' as it is undefined."`,
  );
});
