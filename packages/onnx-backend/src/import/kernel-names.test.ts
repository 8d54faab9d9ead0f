import { describe, expect, it } from 'vitest';
import { node, onnxFile, tensor } from '../test-support/onnx-file.ts';
import { openOnnxWeights } from './open-onnx-weights.ts';

/** A square kernel, so that nothing can be read from its shape. */
const square = (name: string) => tensor(name, 'float32', [2, 2], [1, 2, 3, 4]);
const bias = (name: string) => tensor(name, 'float32', [2], [5, 6]);
const named = (text: string, name: string, attributes = {}) => ({ ...node(text, attributes), name });

/** The names that a file of these nodes has beside its own. */
function added(nodes: readonly ReturnType<typeof node>[], ...initializers: ReturnType<typeof tensor>[]): string[] {
  const opened = openOnnxWeights(onnxFile({ inputs: { x: ['float32', [2, 2]] }, nodes, initializers }));
  const own = new Set(initializers.map(({ name }) => name));
  for (const name of own) expect(opened.has(name!)).toBe(true);
  return [...opened.keys()].filter((name) => !own.has(name));
}

describe('an anonymous kernel is named', () => {
  it('after the bias that is added to its product, on either side', () => {
    for (const sum of ['y = Add(p, a.b.bias)', 'y = Add(a.b.bias, p)'])
      expect(added([node('p = MatMul(x, val_1)'), node(sum)], square('val_1'), bias('a.b.bias'))).toEqual([
        'a.b.weight_in_out',
      ]);
  });
  it('after the scope of its node where that is closer, or there is no bias', () => {
    const product = named('p = MatMul(x, onnx::MatMul_7)', '/cls/predictions/decoder/MatMul');
    const sum = node('y = Add(p, cls.predictions.bias)');
    expect(added([product, sum], square('onnx::MatMul_7'), bias('cls.predictions.bias'))).toEqual([
      'cls.predictions.decoder.weight_in_out',
    ]);
    expect(added([product], square('onnx::MatMul_7'))).toEqual(['cls.predictions.decoder.weight_in_out']);
  });
  it('by the layout in which a Gemm takes it', () => {
    const gemm = (attributes: object) => named('y = Gemm(x, w, a.b.bias)', 'Gemm_1', attributes);
    const of = (attributes: object) => added([gemm(attributes)], square('w'), bias('a.b.bias'));
    expect(of({})).toEqual(['a.b.weight_in_out']);
    expect(of({ transB: 0 })).toEqual(['a.b.weight_in_out']);
    expect(of({ transB: 1 })).toEqual(['a.b.weight']);
    expect(of({ transA: 1 })).toEqual([]);
    expect(of({ alpha: 0.5 })).toEqual([]);
  });
  it('not where it is used twice, has no module, or would share a name', () => {
    const twice = [node('p = MatMul(x, w)'), node('q = MatMul(p, w)'), node('y = Add(q, a.b.bias)')];
    expect(added(twice, square('w'), bias('a.b.bias'))).toEqual([]);
    expect(added([node('p = MatMul(x, w)'), node('y = Add(p, b)')], square('w'), bias('b'))).toEqual([]);
    expect(added([node('p = MatMul(w, x)'), node('y = Add(p, a.b.bias)')], square('w'), bias('a.b.bias'))).toEqual([]);
    const shared = ['p', 'q'].flatMap((p) => [node(`${p} = MatMul(x, w${p})`), node(`y${p} = Add(${p}, a.b.bias)`)]);
    expect(added(shared, square('wp'), square('wq'), bias('a.b.bias'))).toEqual([]);
  });
});

it('a kernel that has a name is marked only where its product takes it as [in, out]', () => {
  expect(added([node('y = MatMul(x, a.b.weight)')], square('a.b.weight'))).toEqual(['a.b.weight_in_out']);
  expect(added([node('y = Gemm(x, a.b.weight)', { transB: 1 })], square('a.b.weight'))).toEqual([]);
  const turned = [node('t = Transpose(a.b.weight)', { perm: [1, 0] }), node('y = MatMul(x, t)')];
  expect(added(turned, square('a.b.weight'))).toEqual([]);
});

it('has parameters that an exporter kept once by both names, and the kernel by its own bias', () => {
  const nodes = [node('a.key.bias = Identity(a.query.bias)'), node('p = MatMul(x, w)'), node('y = Add(p, a.key.bias)')];
  expect(added(nodes, square('w'), bias('a.query.bias'))).toEqual(['a.key.bias', 'a.key.weight_in_out']);
});
