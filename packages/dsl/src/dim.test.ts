import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import {
  bareName,
  broadcastShapes,
  type Dim,
  difference,
  dim,
  dimNames,
  dimsNamed,
  equalDims,
  evaluateDim,
  parseDim,
  product,
  quotient,
  SymbolicDim,
  sum,
} from './dim.ts';

const names = ['a', 'b', 'batch', 'seq_2', '_c'] as const;
const number = fc.integer({ min: -9, max: 9 });
const leaf: fc.Arbitrary<Dim> = fc.oneof(number, fc.constantFrom(...names).map(dim));
const dims: fc.Arbitrary<Dim> = fc.letrec<{ tree: Dim }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    leaf,
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => sum(a, b)),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => product(a, b)),
  ),
})).tree;
const sizes = fc.record(
  Object.fromEntries(names.map((name) => [name, fc.integer({ min: 0, max: 12 })])),
) as fc.Arbitrary<Record<string, number>>;
const same = (a: Dim, b: Dim): void => expect(String(a)).toBe(String(b));

describe('polynomials in names', () => {
  test('form a commutative ring, in normal form', () => {
    fc.assert(
      fc.property(dims, dims, dims, (a, b, c) => {
        same(sum(a, b), sum(b, a));
        same(product(a, b), product(b, a));
        same(sum(sum(a, b), c), sum(a, sum(b, c)));
        same(product(product(a, b), c), product(a, product(b, c)));
        same(product(a, sum(b, c)), sum(product(a, b), product(a, c)));
        same(sum(a, 0), a);
        same(product(a, 1), a);
        same(product(a, 0), 0);
        same(difference(a, a), 0);
      }),
    );
  });

  test('evaluation goes with sum and product', () => {
    fc.assert(
      fc.property(dims, dims, sizes, (a, b, at) => {
        const [x, y] = [evaluateDim(a, at), evaluateDim(b, at)];
        expect(evaluateDim(sum(a, b), at)).toBe(x + y);
        expect(evaluateDim(product(a, b), at)).toBe(x * y + 0);
        expect(evaluateDim(difference(a, b), at)).toBe(x - y);
      }),
    );
  });

  test('no size is −0', () => {
    expect(product(-1, 0)).toBe(0);
    expect(difference(3, 3)).toBe(0);
  });

  test('a product divides by its factors', () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        fc.pre(b !== 0);
        const c = quotient(product(a, b), b);
        expect(c).toBeDefined();
        same(c!, a);
      }),
    );
  });

  test('a quotient times the divisor is the dividend', () => {
    fc.assert(
      fc.property(dims, dims, (a, b) => {
        const c = quotient(a, b);
        if (c !== undefined) same(product(c, b), a);
      }),
    );
  });

  test('equal means equal at all sizes', () => {
    fc.assert(
      fc.property(dims, dims, sizes, (a, b, at) => {
        if (equalDims(a, b)) expect(evaluateDim(a, at)).toBe(evaluateDim(b, at));
        else expect(difference(a, b)).not.toBe(0);
      }),
    );
  });

  test('are read as they were written', () => {
    fc.assert(
      fc.property(dims, (a) => {
        same(parseDim(String(a)), a);
      }),
    );
  });

  test('print as a person would write them', () => {
    const [batch, seq] = [dim('batch'), dim('seq')];
    expect(String(sum(1, product(seq, batch, 2), product(-3, seq), batch))).toBe('2*batch*seq + batch - 3*seq + 1');
    expect(String(difference(0, seq))).toBe('-1*seq');
    expect(product(seq, 0)).toBe(0);
    expect(sum()).toBe(0);
    expect(product()).toBe(1);
    expect(sum(seq, product(-1, seq), 5)).toBe(5);
  });

  test('are frozen', () => {
    const size = product(2, dim('seq')) as SymbolicDim;
    expect(Object.isFrozen(size) && Object.isFrozen(size.terms) && Object.isFrozen(size.terms[0]!.names)).toBe(true);
    expect(size).toBeInstanceOf(SymbolicDim);
  });
});

test('the names of a dim, and a bare name', () => {
  const [batch, seq] = [dim('batch'), dim('seq')];
  expect(dimNames(sum(product(seq, batch), batch, 3))).toEqual(['batch', 'seq']);
  expect(dimNames(7)).toEqual([]);
  expect(bareName(seq)).toBe('seq');
  for (const not of [3, 0, product(2, seq), product(seq, seq), product(seq, batch), sum(seq, 1)])
    expect(bareName(not)).toBeUndefined();
});

test('what does not divide', () => {
  const [a, b] = [dim('a'), dim('b')];
  expect(quotient(7, 2)).toBeUndefined();
  expect(quotient(a, b)).toBeUndefined();
  expect(quotient(a, product(2, a))).toBeUndefined();
  expect(quotient(sum(product(a, b), 1), a)).toBeUndefined();
  expect(quotient(3, 0)).toBeUndefined();
  expect(quotient(0, a)).toBe(0);
});

test('shapes broadcast as in NumPy', () => {
  const [batch, seq] = [dim('batch'), dim('seq')];
  expect(broadcastShapes([batch, 1, 3], [seq, 1])?.join()).toBe('batch,seq,3');
  expect(broadcastShapes([], [2, 3])).toEqual([2, 3]);
  expect(broadcastShapes([1], [0])).toEqual([0]);
  expect(broadcastShapes([2], [3])).toBeUndefined();
  expect(broadcastShapes([batch], [seq])).toBeUndefined();
  expect(broadcastShapes([batch], [4])).toBeUndefined();
});

test('sizes of other programs keep the names that they can, and none shares one', () => {
  const texts = ['batch size', 'batch_size', '0', '', '序列', '批次', 'seq', '__proto__', 'seq', 'a+b', 'a-b'];
  expect([...dimsNamed(texts)].map(([text, size]) => `${text} ${size}`).sort()).toEqual(
    [
      ...['batch size batch_size_1', 'batch_size batch_size', '0 _0', ' _', '序列 __', '批次 ___1', 'seq seq'],
      ...['__proto__ ___proto__', 'a+b a_b', 'a-b a_b_1'],
    ].sort(),
  );
});

test('errors', () => {
  expect(failure(() => dim('a b'))).toBe(
    'name: "a b" cannot name a dimension: letters, digits and _ only, not a digit first',
  );
  for (const wrong of ['', '1a', 'a-b', '__proto__', undefined, null, 3, {}])
    expect(failure(() => dim(wrong as string))).toMatch(/^name: /);
  expect(failure(() => evaluateDim(product(2, dim('seq')), { batch: 1 }))).toBe(
    'name: no size is known for the dimension "seq"',
  );
  expect(failure(() => evaluateDim(dim('constructor'), {}))).toMatch(/^name: /);
  expect(failure(() => parseDim(''))).toBe('argument: "" is no dimension');
  expect(failure(() => parseDim('2*'))).toMatch(/^name: /);
  expect(failure(() => parseDim('1.5'))).toMatch(/^name: /);
  expect(failure(() => product(2 ** 40, 2 ** 40))).toBe(
    'shape: the size 1.2089258196146292e+24 is no integer below 2^53',
  );
  expect(failure(() => product(dim('seq'), 2 ** 52, 4))).toMatch(/^shape: /);
});
