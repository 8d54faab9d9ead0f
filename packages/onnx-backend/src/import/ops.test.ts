import { type DataType, type Feed, fromNumbers, print, toNumbers } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { node, onnxFile, tensor } from '../test-support/onnx-file.ts';
import { backend } from '../test-support/run.ts';
import { importOnnx } from './import-onnx.ts';

type Parts = Parameters<typeof onnxFile>[0];

/** Imports and runs a model; inputs are filled 1, 2, 3, … unless given. */
async function results(
  parts: Parts,
  feeds: Record<string, { shape: readonly number[]; values?: readonly number[] }> = {},
): Promise<{ shape: readonly number[]; values: number[] }[]> {
  const graph = importOnnx(onnxFile(parts));
  using engine = await backend.compile(graph);
  const fed: Record<string, Feed> = {};
  for (const [name, [type, shape]] of Object.entries(parts.inputs)) {
    const sizes = feeds[name]?.shape ?? (shape as number[]);
    const count = sizes.reduce((a, b) => a * b, 1);
    fed[name] = {
      data: fromNumbers(type, feeds[name]?.values ?? Array.from({ length: count }, (_, i) => i + 1)),
      shape: sizes,
    };
  }
  const out = await engine.run(fed);
  return (parts.outputs ?? ['y']).map((name) => ({
    shape: out[name]!.shape,
    values: [...toNumbers(out[name]!.dataType, out[name]!.data)],
  }));
}

const float = (shape: readonly (number | string)[]): readonly [DataType, readonly (number | string)[]] => [
  'float32',
  shape,
];
const ints = (name: string, values: readonly number[]) => tensor(name, 'int64', [values.length], values);
const scalar = (name: string, value: number) => tensor(name, 'float32', [], [value]);

describe('broadcasting', () => {
  const small = tensor('c', 'float32', [], [10]);
  it.each([
    ['Add', [11, 12, 13]],
    ['Sub', [9, 8, 7]],
    ['Mul', [10, 20, 30]],
    ['Div', [10, 5, 10 / 3]],
    ['Less', [0, 0, 0]],
    ['Greater', [1, 1, 1]],
    ['GreaterOrEqual', [1, 1, 1]],
    ['LessOrEqual', [0, 0, 0]],
    ['Max', [10, 10, 10]],
  ])('%s of a scalar and a vector', async (op, wanted) => {
    const [y] = await results({ inputs: { x: float([3]) }, initializers: [small], nodes: [node(`y = ${op}(c, x)`)] });
    expect(y!.shape).toEqual([3]);
    y!.values.forEach((value, i) => {
      expect(value).toBeCloseTo(wanted[i]!, 5);
    });
  });
  it('both ways at once, and Where with a scalar', async () => {
    const parts = {
      inputs: { a: float([2, 1]), b: float([3]) },
      nodes: [node('y = Sub(a, b)'), node('z = Where(c, a, b)'), node('c = Less(a, b)')],
    };
    parts.nodes = [parts.nodes[0]!, parts.nodes[2]!, parts.nodes[1]!];
    const [y, z] = await results({ ...parts, outputs: ['y', 'z'] });
    expect(y).toEqual({ shape: [2, 3], values: [0, -1, -2, 1, 0, -1] });
    expect(z!.values).toEqual([1, 1, 1, 1, 2, 2]);
  });
});

describe('arithmetic on shapes leaves no layer', () => {
  it('Shape, Gather, Mul, Concat, Reshape', () => {
    const graph = importOnnx(
      onnxFile({
        inputs: { x: float(['batch', 'seq', 8]) },
        initializers: [
          tensor('zero', 'int64', [], [0]),
          tensor('one', 'int64', [], [1]),
          ints('axis', [0]),
          ints('rest', [-1]),
        ],
        nodes: [
          node('s = Shape(x)'),
          node('b = Gather(s, zero)', { axis: 0 }),
          node('q = Gather(s, one)', { axis: 0 }),
          node('bq = Mul(b, q)'),
          node('list = Unsqueeze(bq, axis)'),
          node('to = Concat(list, rest)', { axis: 0 }),
          node('y = Reshape(x, to)'),
        ],
      }),
    );
    expect(print(graph).split('\n').slice(2, 4).join('\n')).toMatch(
      /shuffle\(%0\) reshape=\[batch\*seq, 8\] +float32\[batch\*seq, 8\]/,
    );
  });
  it('but a size that is an output is computed', async () => {
    const parts: Parts = {
      inputs: { x: float(['n', 2]) },
      initializers: [ints('two', [2])],
      nodes: [node('s = Shape(x)'), node('t = Mul(s, two)'), node('y = Cast(t)', { to: 1 })],
      outputs: ['t', 'y'],
    };
    expect(await results(parts, { x: { shape: [3, 2] } })).toEqual([
      { shape: [2], values: [6, 4] },
      { shape: [2], values: [6, 4] },
    ]);
  });
  it('Range over a named size', async () => {
    const parts: Parts = {
      inputs: { x: float(['n']) },
      initializers: [tensor('zero', 'int64', [], [0]), tensor('one', 'int64', [], [1])],
      nodes: [node('s = Shape(x)'), node('n = Squeeze(s)'), node('y = Range(zero, n, one)')],
    };
    expect(await results(parts, { x: { shape: [4] } })).toEqual([{ shape: [4], values: [0, 1, 2, 3] }]);
  });
  it.each([
    ['backwards', ['e = Sub(n, one)', 'y = Range(e, minus, minus)'], [3, 2, 1, 0]],
    ['from a named size to another', ['e = Add(n, n)', 'y = Range(n, e, one)'], [4, 5, 6, 7]],
    ['in steps of two', ['e = Add(n, n)', 'y = Range(two, e, two)'], [2, 4, 6]],
    ['of floats', ['e = Cast(n)', 'y = Range(unit, e, unit)'], [1, 2, 3]],
    ['of halves', ['e = Cast(n)', 'y = Range(half, e, unit)'], undefined],
  ])('Range %s', async (_, nodes, wanted) => {
    const parts: Parts = {
      inputs: { x: float(['n']) },
      initializers: [
        ...Object.entries({ minus: -1, one: 1, two: 2 }).map(([name, value]) => tensor(name, 'int64', [], [value])),
        ...Object.entries({ half: 0.5, unit: 1 }).map(([name, value]) => scalar(name, value)),
      ],
      nodes: ['s = Shape(x)', 'n = Squeeze(s)', ...nodes].map((text) =>
        node(text, text.includes('Cast') ? { to: 1 } : {}),
      ),
    };
    const feeds = { x: { shape: [4] } };
    if (wanted) expect(await results(parts, feeds)).toEqual([{ shape: [wanted.length], values: wanted }]);
    else await expect(results(parts, feeds)).rejects.toThrow('a range of float32 from 0.5 in steps of 1 to n');
  });
  it.each([
    ['above the diagonal but one', 1, 1, [0, 2, 3, 0, 0, 6]],
    ['below the diagonal', 0, 0, [1, 0, 0, 4, 5, 0]],
  ])('Trilu %s, of named sizes', async (_, upper, diagonal, wanted) => {
    const parts: Parts = {
      inputs: { x: float(['n', 'm']) },
      initializers: [tensor('k', 'int64', [], [diagonal])],
      nodes: [node('y = Trilu(x, k)', { upper })],
    };
    expect(await results(parts, { x: { shape: [2, 3] } })).toEqual([{ shape: [2, 3], values: wanted }]);
  });
  it('ConstantOfShape, Equal, Where, Expand', async () => {
    const parts: Parts = {
      inputs: { x: float(['n', 1]) },
      initializers: [ints('asked', [-1, 3]), tensor('minus', 'int64', [], [-1]), ints('two', [2])],
      nodes: [
        node('ones = ConstantOfShape(two)', {}),
        node('ones64 = Cast(ones)', { to: 7 }),
        node('free = Equal(asked, minus)'),
        node('s = Shape(x)'),
        node('shape = Where(free, s, asked)'),
        node('e = Expand(x, shape)'),
        node('y = Identity(e)'),
      ],
    };
    expect(await results(parts, { x: { shape: [2, 1] } })).toEqual([{ shape: [2, 3], values: [1, 1, 1, 2, 2, 2] }]);
  });
});

describe('ops', () => {
  it.each<[string, Parts, number[], number[]]>([
    [
      'Gemm',
      {
        inputs: { x: float([1, 2]) },
        initializers: [tensor('w', 'float32', [3, 2], [1, 0, 0, 1, 1, 1]), tensor('b', 'float32', [3], [1, 1, 1])],
        nodes: [node('y = Gemm(x, w, b)', { transB: 1, alpha: { float: 2 }, beta: { float: 3 } })],
      },
      [1, 3],
      [5, 7, 9],
    ],
    [
      'MatMul with a vector',
      { inputs: { x: float([3]), w: float([3, 2]) }, nodes: [node('y = MatMul(x, w)')] },
      [2],
      [22, 28],
    ],
    [
      'MatMul with a transposed weight',
      {
        inputs: { x: float([1, 2]) },
        initializers: [tensor('w', 'float32', [3, 2], [1, 0, 0, 1, 1, 1])],
        nodes: [node('t = Transpose(w)', { perm: [1, 0] }), node('y = MatMul(x, t)')],
      },
      [1, 3],
      [1, 2, 3],
    ],
    [
      'MatMul with the larger rank second',
      { inputs: { x: float([1, 2]), w: float([2, 2, 1]) }, nodes: [node('y = MatMul(x, w)')] },
      [2, 1, 1],
      [5, 11],
    ],
    [
      'Softmax of opset 11 over several axes',
      {
        inputs: { x: float([1, 2, 2]) },
        nodes: [node('z = Sub(x, x)'), node('y = Softmax(z)', { axis: 1 })],
        opset: 11,
      },
      [1, 2, 2],
      [0.25, 0.25, 0.25, 0.25],
    ],
    [
      'ReduceSum with axes as input',
      {
        inputs: { x: float([2, 2]) },
        initializers: [ints('a', [0])],
        nodes: [node('y = ReduceSum(x, a)', { keepdims: 0 })],
      },
      [2],
      [4, 6],
    ],
    ['ReduceMean over everything', { inputs: { x: float([2, 2]) }, nodes: [node('y = ReduceMean(x)')] }, [1, 1], [2.5]],
    ['ReduceL2', { inputs: { x: float([2]) }, nodes: [node('y = ReduceL2(x)', { keepdims: 0 })] }, [], [Math.sqrt(5)]],
    [
      'Clip',
      {
        inputs: { x: float([3]) },
        initializers: [scalar('low', 1.5), scalar('high', 2.5)],
        nodes: [node('y = Clip(x, low, high)')],
      },
      [3],
      [1.5, 2, 2.5],
    ],
    [
      'RMSNormalization',
      {
        inputs: { x: float([2, 2]) },
        initializers: [tensor('g', 'float32', [2], [1, 2])],
        nodes: [node('y = RMSNormalization(x, g)', { epsilon: { float: 0.5 } })],
      },
      [2, 2],
      [1 / 3 ** 0.5, 4 / 3 ** 0.5, 3 / 13 ** 0.5, 8 / 13 ** 0.5],
    ],
    ['Trilu', { inputs: { x: float([2, 2]) }, nodes: [node('y = Trilu(x)', { upper: 0 })] }, [2, 2], [1, 0, 3, 4]],
    [
      'Slice backwards from the end',
      {
        inputs: { x: float([5]) },
        initializers: [ints('s', [-3]), ints('e', [9999999999]), ints('a', [0]), ints('k', [2])],
        nodes: [node('y = Slice(x, s, e, a, k)')],
      },
      [2],
      [3, 5],
    ],
    [
      'Split into equal parts',
      { inputs: { x: float([4]) }, nodes: [node('a, y = Split(x)', { axis: 0 })] },
      [2],
      [3, 4],
    ],
    [
      'Tile',
      { inputs: { x: float([1, 2]) }, initializers: [ints('r', [2, 2])], nodes: [node('y = Tile(x, r)')] },
      [2, 4],
      [1, 2, 1, 2, 1, 2, 1, 2],
    ],
    [
      'Flatten',
      { inputs: { x: float([2, 2, 1]) }, nodes: [node('y = Flatten(x)', { axis: 1 })] },
      [2, 2],
      [1, 2, 3, 4],
    ],
    [
      'Gather from the end',
      { inputs: { x: float([3]) }, initializers: [tensor('i', 'int64', [], [-1])], nodes: [node('y = Gather(x, i)')] },
      [],
      [3],
    ],
    [
      'TopK',
      { inputs: { x: float([3]) }, initializers: [ints('k', [2])], nodes: [node('v, y = TopK(x, k)')] },
      [2],
      [2, 1],
    ],
    ['ArgMax', { inputs: { x: float([2, 2]) }, nodes: [node('y = ArgMax(x)', { axis: 1, keepdims: 0 })] }, [2], [1, 1]],
    [
      'Conv',
      {
        inputs: { x: float([1, 1, 2, 2]), w: float([1, 1, 2, 2]) },
        nodes: [node('y = Conv(x, w)', { pads: [0, 0, 0, 0] })],
      },
      [1, 1, 1, 1],
      [30],
    ],
    [
      'MaxPool',
      { inputs: { x: float([1, 1, 2, 2]) }, nodes: [node('y = MaxPool(x)', { kernel_shape: [2, 2] })] },
      [1, 1, 1, 1],
      [4],
    ],
    [
      'GlobalAveragePool',
      { inputs: { x: float([1, 1, 2, 2]) }, nodes: [node('y = GlobalAveragePool(x)')] },
      [1, 1, 1, 1],
      [2.5],
    ],
    [
      'Pow with an integer exponent',
      { inputs: { x: float([2]) }, initializers: [tensor('e', 'int64', [], [2])], nodes: [node('y = Pow(x, e)')] },
      [2],
      [1, 4],
    ],
    [
      'IsNaN',
      { inputs: { x: float([2]) }, nodes: [node('z = Sub(x, x)'), node('d = Div(z, z)'), node('y = IsNaN(d)')] },
      [2],
      [1, 1],
    ],
    [
      'Dropout, Identity',
      { inputs: { x: float([2]) }, nodes: [node('d = Dropout(x)'), node('y = Identity(d)')] },
      [2],
      [1, 2],
    ],
    [
      'Gelu of com.microsoft',
      { inputs: { x: float([1]) }, nodes: [node('y = Gelu(x)', {}, 'com.microsoft')] },
      [1],
      [0.8413447],
    ],
    [
      'QuantizeLinear, DequantizeLinear',
      {
        inputs: { x: float([3]) },
        initializers: [scalar('s', 0.5), tensor('z', 'int8', [], [0])],
        nodes: [node('q = QuantizeLinear(x, s, z)'), node('y = DequantizeLinear(q, s, z)')],
      },
      [3],
      [1, 2, 3],
    ],
    [
      'Attention of opset 23, heads in the last axis',
      {
        inputs: { q: float([1, 1, 4]), k: float([1, 1, 4]) },
        nodes: [node('y = Attention(q, k, k)', { q_num_heads: 2, kv_num_heads: 2 })],
        opset: 23,
      },
      [1, 1, 4],
      [1, 2, 3, 4],
    ],
    [
      'LayerNormalization without beta',
      {
        inputs: { x: float([1, 2]) },
        initializers: [tensor('g', 'float32', [2], [2, 2])],
        nodes: [node('y = LayerNormalization(x, g)', { epsilon: { float: 0 } })],
      },
      [1, 2],
      [-2, 2],
    ],
  ])('%s', async (_, parts, shape, values) => {
    const all = await results(parts);
    const y = all[0]!;
    expect(y.shape).toEqual(shape);
    y.values.forEach((value, i) => {
      expect(value).toBeCloseTo(values[i]!, 5);
    });
    expect(y.values.length).toBe(values.length);
  });
  it('GatherND over all places of a tensor', async () => {
    const parts: Parts = {
      inputs: { x: float(['a', 'b']) },
      initializers: [
        tensor('zero', 'int64', [], [0]),
        tensor('one', 'int64', [], [1]),
        ints('row', [1, 2]),
        ints('column', [0, 1]),
        ints('last', [-1]),
      ],
      nodes: [
        node('a = Shape(x)', { start: 0, end: 1 }),
        node('b = Shape(x)', { start: 1, end: 2 }),
        node('n = Squeeze(a)'),
        node('m = Squeeze(b)'),
        node('i = Range(zero, n, one)'),
        node('j = Range(zero, m, one)'),
        node('rows = Unsqueeze(i, row)'),
        node('columns = Unsqueeze(j, column)'),
        node('both = Add(rows, columns)'),
        node('shape = Shape(both)'),
        node('r = Expand(rows, shape)'),
        node('c = Expand(columns, shape)'),
        node('ru = Unsqueeze(r, last)'),
        node('cu = Unsqueeze(c, last)'),
        node('index = Concat(ru, cu)', { axis: -1 }),
        node('y = GatherND(x, index)'),
        node('z = Add(both, zero)'),
      ],
      outputs: ['y', 'z'],
    };
    expect(await results(parts, { x: { shape: [2, 3] } })).toEqual([
      { shape: [2, 1, 3], values: [1, 2, 3, 4, 5, 6] },
      { shape: [2, 1, 3], values: [0, 1, 2, 1, 2, 3] },
    ]);
  });
});

describe('what the DSL lacks is named with its node', () => {
  it.each<[string, Parts, RegExp]>([
    ['an op', { inputs: { x: float([2]) }, nodes: [node('y = Sin(x)')] }, /node "n_y" \(Sin\): the DSL has no such op/],
    [
      'an op of another domain',
      { inputs: { x: float([2]) }, nodes: [node('y = SkipLayerNormalization(x)', {}, 'com.microsoft')] },
      /com\.microsoft\.SkipLayerNormalization/,
    ],
    [
      'data-dependent shapes',
      { inputs: { x: float([2]), s: ['int64', [1]] }, nodes: [node('y = Reshape(x, s)')] },
      /n_y.*Reshape.*the shape is computed from data/,
    ],
    [
      'a zero point',
      {
        inputs: { x: float([2]) },
        initializers: [scalar('s', 1), tensor('z', 'int8', [], [3])],
        nodes: [node('y = QuantizeLinear(x, s, z)')],
      },
      /zero point/,
    ],
    ...(['QuantizeLinear', 'DequantizeLinear'] as const).map((op): [string, Parts, RegExp] => [
      `int8's zero point −128 (${op})`,
      {
        inputs: { x: [op === 'QuantizeLinear' ? 'float32' : 'int8', [2]] },
        initializers: [scalar('s', 1), tensor('z', 'int8', [], [-128])],
        nodes: [node(`y = ${op}(x, s, z)`)],
      },
      /a zero point other than 0/,
    ]),
    [
      'float8 that overflows',
      {
        inputs: { x: float([2]) },
        initializers: [scalar('s', 1), tensor('z', 'float8', [], [-0])],
        nodes: [node('y = QuantizeLinear(x, s, z)', { saturate: 0 })],
      },
      /saturate = 0/,
    ],
    [
      'another type than the scale has',
      {
        inputs: { x: ['int8', [2]] },
        initializers: [scalar('s', 1)],
        nodes: [node('y = DequantizeLinear(x, s)', { output_dtype: 10 })],
        opset: 23,
      },
      /it makes float16 by a scale of float32/,
    ],
    [
      'lengths of keys without padding',
      {
        inputs: { q: float([1, 1, 2, 2]), n: ['int64', [1]] },
        nodes: [node('y = Attention(q, q, q, , , , n)')],
        opset: 24,
      },
      /their lengths/,
    ],
    [
      'a window of keys',
      {
        inputs: { q: float([1, 1, 2, 2]) },
        nodes: [node('y = Attention(q, q, q)', { left_window_size: 1 })],
        opset: 25,
      },
      /left_window_size is not in the DSL/,
    ],
    [
      'a cast to float8 that overflows',
      { inputs: { x: float([2]) }, nodes: [node('y = Cast(x)', { to: 17, saturate: 0 })] },
      /saturate = 0/,
    ],
    [
      'training',
      {
        inputs: { x: float([2]) },
        initializers: [scalar('r', 0.5), tensor('t', 'bool', [], [1])],
        nodes: [node('y = Dropout(x, r, t)')],
      },
      /Dropout.*training/,
    ],
    [
      'constants that are not as many as their new shape has',
      {
        inputs: { x: ['int64', [1]] },
        initializers: [ints('a', [1, 2, 3]), ints('to', [2])],
        nodes: [node('b = Reshape(a, to)'), node('y = Add(x, b)')],
      },
      /n_b.*\[3\] does not reshape to \[2\]/,
    ],
    [
      'an int64 computed with that is no number',
      {
        inputs: { x: ['int64', [2]] },
        initializers: [
          ints('a', [2 ** 53]),
          ints('b', [1]),
          { ...ints('c', [0]), rawData: new Uint8Array(8).fill(0x7f) },
        ],
        nodes: [node('d = Concat(b, c)', { axis: 0 }), node('y = Add(x, d)')],
      },
      /an int64 beyond 2\^53/,
    ],
    [
      'shapes that do not go together',
      { inputs: { x: float([2]), w: float([3]) }, nodes: [node('y = Add(x, w)')] },
      /node "n_y" \(Add\).*do(es)? not broadcast/,
    ],
    ['a tensor nobody makes', { inputs: { x: float([2]) }, nodes: [node('y = Add(x, ghost)')] }, /node "n_y".*"ghost"/],
    ['an old opset', { inputs: { x: float([2]) }, nodes: [node('y = Neg(x)')], opset: 8 }, /opset 8/],
    [
      'uneven padding',
      {
        inputs: { x: float([1, 1, 2, 2]) },
        nodes: [node('y = MaxPool(x)', { kernel_shape: [2, 2], pads: [0, 0, 1, 1] })],
      },
      /pads 0,0,1,1/,
    ],
  ])('%s', (_, parts, message) => {
    expect(() => importOnnx(onnxFile(parts))).toThrow(message);
  });
});
