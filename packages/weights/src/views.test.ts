import { type DataType, dataTypes, Weights } from '@trt-dsl/dsl';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromColumnMajor, part, transposed } from './views.ts';

const sizes = (from: number, to: number) =>
  fc.array(fc.integer({ min: 0, max: 40 }), { minLength: from, maxLength: to });
const count = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);
const types = fc.constantFrom<DataType>('int8', 'float16', 'int32', 'int64');

function counting(dataType: DataType, shape: readonly number[]): Weights {
  const values = Array.from({ length: count(shape) }, (_, i) => i % 120);
  return Weights.fromNumbers(dataType, shape, values) as Weights;
}

describe('transposed', () => {
  it('swaps the last two axes of every matrix', () => {
    fc.assert(
      fc.property(types, sizes(2, 3), (type, shape) => {
        const weights = counting(type, shape);
        const turned = transposed(weights);
        const [rows, columns] = shape.slice(-2) as [number, number];
        expect(turned.shape).toEqual([...shape.slice(0, -2), columns, rows]);
        const from = weights.array();
        const to = turned.array();
        for (let i = 0; i < from.length; i++) {
          const [matrix, rest] = [Math.floor(i / (rows * columns)), i % (rows * columns)];
          const at = matrix * rows * columns + (rest % columns) * rows + Math.floor(rest / columns);
          if (to[at] !== from[i]) throw new Error(`element ${i} is not at ${at}`);
        }
        expect(Buffer.compare(transposed(turned).bytes(), weights.bytes())).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('takes unaligned Buffers', () => {
    const bytes = Buffer.alloc(25);
    bytes.writeFloatLE(5, 1 + 4);
    const view = transposed(
      Weights.from({ name: 'w', dataType: 'float32', shape: [2, 3], read: () => bytes.subarray(1) }),
    );
    expect([...view.array()]).toEqual([0, 0, 5, 0, 0, 0]);
  });

  it('reads nothing until it is read, and refuses vectors', () => {
    let reads = 0;
    const read = () => {
      reads++;
      return new Uint8Array(24);
    };
    const view = transposed(Weights.from({ name: 'w', dataType: 'float32', shape: [2, 3], read }));
    expect([view.name, String(view), reads]).toEqual(['w', 'float32[3, 2]', 0]);
    view.bytes();
    expect(reads).toBe(1);
    expect(() => transposed(Weights.fromNumbers('float32', [3], [1, 2, 3], 'b'))).toThrow(
      /"b": float32\[3\] has no two axes/,
    );
  });
});

describe('part', () => {
  it('together the parts are the whole, along any axis', () => {
    const cases = fc.tuple(types, sizes(1, 4), fc.nat(), fc.integer({ min: 1, max: 4 }));
    fc.assert(
      fc.property(cases, ([type, drawn, at, of]) => {
        const shape = drawn.map((size) => size % 9);
        const axis = at % shape.length;
        shape[axis]! *= of;
        const whole = counting(type, shape);
        const pieces = Array.from({ length: of }, (_, index) => part(whole, { axis, index, of }));
        const run = (count(shape.slice(axis)) / of) * dataTypes[type].bytes;
        const merged = Buffer.concat(
          Array.from({ length: count(shape.slice(0, axis)) }, (_, row) =>
            pieces.map((piece) => piece.bytes().subarray(row * run, (row + 1) * run)),
          ).flat(),
        );
        expect(pieces[0]!.shape).toEqual(shape.map((size, i) => (i === axis ? size / of : size)));
        expect(Buffer.compare(merged, whole.bytes())).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('refuses an axis that does not divide', () => {
    const weights = counting('float32', [4, 3]);
    expect(() => part(weights, { axis: 1, index: 0, of: 2 })).toThrow(/has no piece 0 of 2 on axis 1/);
    expect(() => part(weights, { axis: 0, index: 2, of: 2 })).toThrow(/has no piece 2 of 2/);
  });
});

describe('fromColumnMajor', () => {
  it('puts element (i, j, …) at its row-major place', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 5 }),
        fc.constantFrom<1 | 2 | 4 | 8>(1, 2, 4, 8),
        (shape, size) => {
          const n = count(shape);
          const bytes = new Uint8Array(n * size);
          for (let i = 0; i < n; i++) bytes[i * size] = i % 251;
          const out = fromColumnMajor(bytes, size, shape);
          for (let i = 0; i < n; i++) {
            let rest = i; // row-major index → coordinates → column-major index
            const at = shape.map(() => 0);
            for (let axis = shape.length - 1; axis >= 0; axis--) {
              at[axis] = rest % shape[axis]!;
              rest = Math.floor(rest / shape[axis]!);
            }
            let column = 0;
            for (let axis = shape.length - 1; axis >= 0; axis--) column = column * shape[axis]! + at[axis]!;
            if (out[i * size] !== column % 251) throw new Error(`element ${i} of [${shape}] is ${out[i * size]}`);
          }
        },
      ),
    );
  });
});
