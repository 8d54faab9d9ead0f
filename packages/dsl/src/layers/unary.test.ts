import { dim } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { listing, refused, sample } from '../../../../test/support/dsl.ts';

const batch = dim('batch');
const seq = dim('seq');

test('every operation', () => {
  expect(
    listing((net) => {
      const x = net.addInput('x', 'float16', [batch, 8]);
      const n = net.addInput('n', 'int32', []);
      const flag = net.addInput('flag', 'bool', [seq]);
      return [
        net.addExp(x),
        net.addLog(x),
        net.addSqrt(x),
        net.addRecip(x),
        net.addAbs(n),
        net.addNeg(n),
        net.addErf(x),
        net.addNot(flag, { name: 'inverse' }),
      ];
    }),
  ).toMatchInlineSnapshot(`
    "  %0 = input x                                    float16[batch, 8]
      %1 = input n                                    int32[]
      %2 = input flag                                 bool[seq]
      %3 = exp(%0)                                    float16[batch, 8]
      %4 = log(%0)                                    float16[batch, 8]
      %5 = sqrt(%0)                                   float16[batch, 8]
      %6 = recip(%0)                                  float16[batch, 8]
      %7 = abs(%1)                                    int32[]
      %8 = neg(%1)                                    int32[]
      %9 = erf(%0)                                    float16[batch, 8]
      %10 = not(%2)                                   bool[seq]  # inverse
      output out0 = %3                                float16[batch, 8]
      output out1 = %4                                float16[batch, 8]
      output out2 = %5                                float16[batch, 8]
      output out3 = %6                                float16[batch, 8]
      output out4 = %7                                int32[]
      output out5 = %8                                int32[]
      output out6 = %9                                float16[batch, 8]
      output out7 = %10                               bool[seq]"
  `);
});

test('errors of unary', () => {
  const { net, x, ids, flag } = sample();

  expect(refused(net, 'addExp', ids)).toMatchInlineSnapshot(
    `"data-type: exp: unary(int32[batch, seq]): the input is int32, not float32 or float16 or bfloat16"`,
  );
  expect(refused(net, 'addNot', x)).toMatchInlineSnapshot(
    `"data-type: not: unary(float32[batch, seq, 8]): the input is float32, not bool"`,
  );
  expect(refused(net, 'addNeg', flag)).toMatchInlineSnapshot(
    `"data-type: neg: unary(bool[batch, seq]): the input is bool, not float32 or float16 or bfloat16 or int32 or int64"`,
  );
  expect(refused(net, 'addSqrt', 'x')).toMatchInlineSnapshot(
    `"argument: sqrt: unary("x"): "x" is no tensor of a network"`,
  );
  expect(refused(net, 'addAbs', x, { name: 3 })).toMatchInlineSnapshot(
    `"name: test: addAbs(float32[batch, seq, 8]): 3 cannot name a layer or scope: no spaces, no ":", no "/" but between parts"`,
  );
});
