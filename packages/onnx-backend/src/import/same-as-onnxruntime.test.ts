import { type DataType, type Feed, fromNumbers, type HostArray, toNumbers } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import { runtime } from '../backend/runtime.ts';
import { node, onnxFile, tensor } from '../test-support/onnx-file.ts';
import { backend } from '../test-support/run.ts';
import { importOnnx } from './import-onnx.ts';

type Parts = Parameters<typeof onnxFile>[0];
type Fed = Readonly<Record<string, { readonly shape: readonly number[]; readonly values?: readonly number[] }>>;
type Result = { readonly shape: readonly number[]; readonly values: readonly number[] };

const f = (shape: readonly (number | string)[]): readonly [DataType, readonly (number | string)[]] => [
  'float32',
  shape,
];
const i64 = (shape: readonly (number | string)[]): readonly [DataType, readonly (number | string)[]] => [
  'int64',
  shape,
];
const i32 = (shape: readonly (number | string)[]): readonly [DataType, readonly (number | string)[]] => [
  'int32',
  shape,
];
const ints = (name: string, values: readonly number[]) => tensor(name, 'int64', [values.length], values);
const s = (name: string, value: number) => tensor(name, 'float32', [], [value]);
const si = (name: string, value: number) => tensor(name, 'int64', [], [value]);
const N = Number.NaN;

/** Corners of ONNX's specification; inputs are 1, 2, 3, … unless given. */
const cases: readonly (readonly [name: string, parts: Parts, feeds?: Fed])[] = [
  [
    'LessOrEqual NaN',
    { inputs: { x: f([3]), z: f([3]) }, nodes: [node('y = LessOrEqual(x, z)')] },
    { x: { shape: [3], values: [1, N, 3] }, z: { shape: [3], values: [N, 1, 3] } },
  ],
  [
    'GreaterOrEqual NaN',
    { inputs: { x: f([3]), z: f([3]) }, nodes: [node('y = GreaterOrEqual(x, z)')] },
    { x: { shape: [3], values: [1, N, 3] }, z: { shape: [3], values: [N, 1, 3] } },
  ],
  [
    'ReduceSum of no axes, axes left out',
    { inputs: { x: f([2, 3]) }, nodes: [node('y = ReduceSum(x)', { noop_with_empty_axes: 1 })] },
  ],
  [
    'ReduceSum of no axes',
    {
      inputs: { x: f([2, 3]) },
      initializers: [ints('a', [])],
      nodes: [node('y = ReduceSum(x, a)', { noop_with_empty_axes: 1 })],
    },
  ],
  [
    'ReduceSumSquare of no axes',
    {
      inputs: { x: f([2, 3]) },
      initializers: [ints('a', [])],
      nodes: [node('y = ReduceSumSquare(x, a)', { noop_with_empty_axes: 1 })],
    },
  ],
  [
    'ReduceL1 of no axes',
    { inputs: { x: f([2, 3]) }, nodes: [node('y = ReduceL1(x)', { noop_with_empty_axes: 1 })] },
    { x: { shape: [2, 3], values: [-1, 2, -3, 4, 5, 6] } },
  ],
  [
    'Mod fmod',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [-7]), ints('b', [3])],
      nodes: [node('m = Mod(a, b)', { fmod: 1 }), node('y = Add(x, m)')],
    },
  ],
  [
    'Mod',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [-7]), ints('b', [3])],
      nodes: [node('m = Mod(a, b)'), node('y = Add(x, m)')],
    },
  ],
  [
    'Mod neg divisor',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [7]), ints('b', [-3])],
      nodes: [node('m = Mod(a, b)'), node('y = Add(x, m)')],
    },
  ],
  [
    'Div ints neg',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [-7]), ints('b', [2])],
      nodes: [node('m = Div(a, b)'), node('y = Add(x, m)')],
    },
  ],
  [
    'LN of scalar gamma',
    {
      inputs: { x: f([2, 4]) },
      initializers: [s('g', 2), s('bta', 1), s('eps', 1e-5), s('two', 2)],
      nodes: [
        node('m = ReduceMean(x)', { axes: [-1] }),
        node('d = Sub(x, m)'),
        node('p = Pow(d, two)'),
        node('v = ReduceMean(p)', { axes: [-1] }),
        node('ve = Add(v, eps)'),
        node('sd = Sqrt(ve)'),
        node('n = Div(d, sd)'),
        node('ng = Mul(n, g)'),
        node('y = Add(ng, bta)'),
      ],
      opset: 13,
    },
  ],
  [
    'slice to INT64 max concat',
    {
      inputs: { x: f([5]) },
      initializers: [ints('st', [1]), tensor('en', 'int64', [1], [2 ** 63 - 1024])],
      nodes: [node('y = Slice(x, st, en)')],
    },
  ],
  ['softmax 11 axis 1', { inputs: { x: f([2, 2, 2]) }, nodes: [node('y = Softmax(x)')], opset: 11 }],
  ['softmax 11 axis 0', { inputs: { x: f([2, 2]) }, nodes: [node('y = Softmax(x)', { axis: 0 })], opset: 11 }],
  ['clip no bounds', { inputs: { x: f([3]) }, nodes: [node('y = Clip(x)')] }],
  ['clip only max', { inputs: { x: f([3]) }, initializers: [s('mx', 2)], nodes: [node('y = Clip(x, , mx)')] }],
  [
    'clip min>max',
    { inputs: { x: f([3]) }, initializers: [s('mn', 5), s('mx', 2)], nodes: [node('y = Clip(x, mn, mx)')] },
  ],
  ['clip int64', { inputs: { x: i64([3]) }, initializers: [si('mx', 2)], nodes: [node('y = Clip(x, , mx)')] }],
  ['split uneven', { inputs: { x: f([5]) }, nodes: [node('a, b, y = Split(x)', { num_outputs: 3 })] }],
  ['split ten/4', { inputs: { x: f([10]) }, nodes: [node('a, b, c, y = Split(x)', { num_outputs: 4 })] }],
  [
    'gather neg index runtime',
    { inputs: { x: f([4, 2]), k: i64([2]) }, nodes: [node('y = Gather(x, k)', { axis: 0 })] },
    { k: { shape: [2], values: [-1, 1] } },
  ],
  [
    'gather neg index const',
    { inputs: { x: f([4, 2]) }, initializers: [ints('k', [-1, 1])], nodes: [node('y = Gather(x, k)', { axis: 0 })] },
  ],
  [
    'slice neg start over',
    { inputs: { x: f([4]) }, initializers: [ints('a', [-10]), ints('b', [3])], nodes: [node('y = Slice(x, a, b)')] },
  ],
  [
    'slice start beyond',
    { inputs: { x: f([4]) }, initializers: [ints('a', [10]), ints('b', [20])], nodes: [node('y = Slice(x, a, b)')] },
  ],
  [
    'slice step 3',
    {
      inputs: { x: f([8]) },
      initializers: [ints('a', [1]), ints('b', [8]), ints('c', [0]), ints('d', [3])],
      nodes: [node('y = Slice(x, a, b, c, d)')],
    },
  ],
  [
    'reshape 0 -1',
    { inputs: { x: f([2, 3, 4]) }, initializers: [ints('a', [0, -1])], nodes: [node('y = Reshape(x, a)')] },
  ],
  [
    'reshape allowzero',
    {
      inputs: { x: f([0, 3]) },
      initializers: [ints('a', [3, 0])],
      nodes: [node('y = Reshape(x, a)', { allowzero: 1 })],
    },
  ],
  [
    'expand less',
    { inputs: { x: f([3, 1]) }, initializers: [ints('a', [2, 1, 6])], nodes: [node('y = Expand(x, a)')] },
  ],
  ['expand to lower', { inputs: { x: f([3, 2]) }, initializers: [ints('a', [1])], nodes: [node('y = Expand(x, a)')] }],
  [
    'constantofshape default',
    {
      inputs: { x: f([2]) },
      initializers: [ints('a', [2])],
      nodes: [node('c = ConstantOfShape(a)'), node('y = Add(x, c)')],
    },
  ],
  [
    'cast f->i trunc',
    { inputs: { x: f([4]) }, nodes: [node('y = Cast(x)', { to: 6 })] },
    { x: { shape: [4], values: [1.9, -1.9, 0.5, -0.5] } },
  ],
  [
    'cast f->bool',
    { inputs: { x: f([4]) }, nodes: [node('y = Cast(x)', { to: 9 })] },
    { x: { shape: [4], values: [0.5, -0.0, N, 0] } },
  ],
  [
    'cast const to int8 wrap',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [300])],
      nodes: [node('b = Cast(a)', { to: 3 }), node('c = Cast(b)', { to: 7 }), node('y = Add(x, c)')],
    },
  ],
  [
    'cast const to int32 wrap',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [2 ** 32 + 5])],
      nodes: [node('b = Cast(a)', { to: 6 }), node('c = Cast(b)', { to: 7 }), node('y = Add(x, c)')],
    },
  ],
  [
    'cast f16 weights back',
    {
      inputs: { x: f([20]) },
      initializers: [
        tensor(
          'a',
          'float32',
          [20],
          Array.from({ length: 20 }, (_, k) => k + 0.12345),
        ),
      ],
      nodes: [node('b = Cast(a)', { to: 10 }), node('c = Cast(b)', { to: 1 }), node('y = Sub(c, x)')],
    },
  ],
  [
    'where bcast',
    {
      inputs: { x: f([2, 1]), z: f([1, 3]) },
      initializers: [tensor('c', 'bool', [2, 3], [1, 0, 1, 0, 1, 0])],
      nodes: [node('y = Where(c, x, z)')],
    },
  ],
  ['tile', { inputs: { x: f([2, 1]) }, initializers: [ints('r', [2, 3])], nodes: [node('y = Tile(x, r)')] }],
  ['argmax keepdims', { inputs: { x: f([2, 3]) }, nodes: [node('y = ArgMax(x)', { axis: 1 })] }],
  ['argmin no keep', { inputs: { x: f([2, 3]) }, nodes: [node('y = ArgMin(x)', { axis: -1, keepdims: 0 })] }],
  [
    'topk smallest',
    { inputs: { x: f([4]) }, initializers: [ints('k', [2])], nodes: [node('y, i = TopK(x, k)', { largest: 0 })] },
    { x: { shape: [4], values: [3, 1, 2, 0] } },
  ],
  ['flatten neg', { inputs: { x: f([2, 3, 4]) }, nodes: [node('y = Flatten(x)', { axis: -1 })] }],
  ['flatten 0', { inputs: { x: f([2, 3]) }, nodes: [node('y = Flatten(x)', { axis: 0 })] }],
  [
    'trilu k',
    { inputs: { x: f([3, 3]) }, initializers: [si('k', -1)], nodes: [node('y = Trilu(x, k)', { upper: 0 })] },
  ],
  [
    'range float',
    {
      inputs: { x: f([1]) },
      initializers: [s('a', 0), s('b', 1), s('c', 0.3)],
      nodes: [node('r = Range(a, b, c)'), node('y = Add(x, r)')],
    },
  ],
  [
    'range neg',
    {
      inputs: { x: i64([1]) },
      initializers: [si('a', 5), si('b', 0), si('c', -2)],
      nodes: [node('r = Range(a, b, c)'), node('y = Add(x, r)')],
    },
  ],
  ['shape clamp', { inputs: { x: f([2, 3]) }, nodes: [node('y = Shape(x)', { start: -5, end: 10 })] }],
  ['shape empty', { inputs: { x: f([2, 3]) }, nodes: [node('y = Shape(x)', { start: 2, end: 1 })] }],
  ['size', { inputs: { x: f(['n', 3]) }, nodes: [node('y = Size(x)')] }, { x: { shape: [2, 3] } }],
  [
    'gemm 1d C',
    { inputs: { a: f([2, 3]), b: f([2, 2]), c: f([1]) }, nodes: [node('y = Gemm(a, b, c)', { transA: 1 })] },
  ],
  ['matmul vec vec', { inputs: { a: f([3]), b: f([3]) }, nodes: [node('y = MatMul(a, b)')] }],
  ['matmul 1,3d', { inputs: { a: f([3]), b: f([2, 3, 2]) }, nodes: [node('y = MatMul(a, b)')] }],
  ['matmul 3d,1', { inputs: { a: f([2, 2, 3]), b: f([3]) }, nodes: [node('y = MatMul(a, b)')] }],
  [
    'avgpool pad',
    {
      inputs: { x: f([1, 1, 3, 3]) },
      nodes: [node('y = AveragePool(x)', { kernel_shape: [2, 2], pads: [1, 1, 1, 1] })],
    },
  ],
  [
    'avgpool pad count',
    {
      inputs: { x: f([1, 1, 3, 3]) },
      nodes: [node('y = AveragePool(x)', { kernel_shape: [2, 2], pads: [1, 1, 1, 1], count_include_pad: 1 })],
    },
  ],
  [
    'reduce max axes int32',
    {
      inputs: { x: i32([2, 3]) },
      initializers: [ints('a', [-1])],
      nodes: [node('y = ReduceMax(x, a)', { keepdims: 0 })],
    },
  ],
  ['reduce prod all', { inputs: { x: f([2, 3]) }, nodes: [node('y = ReduceProd(x)', { keepdims: 0 })] }],
  ['l2', { inputs: { x: f([2, 3]) }, initializers: [ints('a', [1])], nodes: [node('y = ReduceL2(x, a)')] }],
  ['sum of 3', { inputs: { a: f([3]), b: f([1]), c: f([2, 1]) }, nodes: [node('y = Sum(a, b, c)')] }],
  ['max of 3 bcast', { inputs: { a: f([3]), b: f([2, 1]), c: f([1]) }, nodes: [node('y = Max(a, b, c)')] }],
  [
    'pow int exp',
    { inputs: { a: f([3]), b: i64([1]) }, nodes: [node('y = Pow(a, b)')] },
    { b: { shape: [1], values: [2] } },
  ],
  ['squeeze all', { inputs: { x: f([1, 2, 1]) }, nodes: [node('y = Squeeze(x)')] }],
  [
    'unsqueeze neg',
    { inputs: { x: f([2]) }, initializers: [ints('a', [-1, 0])], nodes: [node('y = Unsqueeze(x, a)')] },
  ],
  [
    'split of shape',
    {
      inputs: { x: f(['n', 4]) },
      nodes: [
        node('s = Shape(x)'),
        node('a, b = Split(s)', { num_outputs: 2 }),
        node('ab = Concat(b, a)', { axis: 0 }),
        node('y = Reshape(x, ab)'),
      ],
    },
    { x: { shape: [2, 4] } },
  ],
  [
    'where shapes int max',
    {
      inputs: { x: i64([2]) },
      initializers: [tensor('big', 'int64', [2], [2 ** 62, 5]), tensor('c', 'bool', [2], [1, 0])],
      nodes: [node('w = Where(c, big, big)'), node('y = Sub(w, x)')],
    },
  ],
  ['gelu tanh', { inputs: { x: f([3]) }, nodes: [node('y = Gelu(x)', { approximate: 'tanh' })] }],
  [
    'ln bcast gamma',
    {
      inputs: { x: f([2, 4]) },
      initializers: [tensor('g', 'float32', [1], [2])],
      nodes: [node('y = LayerNormalization(x, g)')],
    },
  ],
  ['scalar reduce', { inputs: { x: f([]) }, nodes: [node('y = ReduceSum(x)')] }],
  ['scalar softplus relu', { inputs: { x: f([]) }, nodes: [node('y = Relu(x)')] }],
  ['transposed scalar', { inputs: { x: f([]) }, nodes: [node('y = Transpose(x)')] }],
  [
    'empty reduce',
    { inputs: { x: f([0, 3]) }, initializers: [ints('a', [0])], nodes: [node('y = ReduceSum(x, a)', { keepdims: 0 })] },
  ],
  ['empty concat', { inputs: { x: f([0, 3]), z: f([2, 3]) }, nodes: [node('y = Concat(x, z)', { axis: 0 })] }],
  ['matmul inner 0', { inputs: { x: f([2, 0]), z: f([0, 3]) }, nodes: [node('y = MatMul(x, z)')] }],
  ['identity out', { inputs: { x: f([2]) }, nodes: [node('y = Identity(x)')] }],
  [
    'two outputs same',
    { inputs: { x: f([2]) }, nodes: [node('y = Identity(x)'), node('z = Identity(x)')], outputs: ['y', 'z'] },
  ],
  ['isnan', { inputs: { x: f([2]) }, nodes: [node('y = IsNaN(x)')] }, { x: { shape: [2], values: [N, 1] } }],
  [
    'neg int min fold',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [-5])],
      nodes: [node('b = Abs(a)'), node('c = Neg(b)'), node('y = Add(x, c)')],
    },
  ],
  ['dim names', { inputs: { x: f(['批', '序']) }, nodes: [node('y = Relu(x)')] }, { x: { shape: [2, 3] } }],
  [
    'max nan',
    { inputs: { x: f([2]), z: f([2]) }, nodes: [node('y = Max(x, z)')] },
    { x: { shape: [2], values: [N, 1] }, z: { shape: [2], values: [1, N] } },
  ],
  [
    'dq axis',
    {
      inputs: { x: ['int8', [2, 3]] },
      initializers: [tensor('sc', 'float32', [3], [1, 2, 3])],
      nodes: [node('y = DequantizeLinear(x, sc)')],
    },
  ],
  [
    'q round',
    {
      inputs: { x: f([6]) },
      initializers: [s('sc', 1), tensor('zp', 'int8', [], [0])],
      nodes: [node('y = QuantizeLinear(x, sc, zp)')],
    },
    { x: { shape: [6], values: [0.5, 1.5, 2.5, -0.5, 200, -200] } },
  ],
  [
    'conv valid',
    {
      inputs: { x: f([1, 1, 3, 3]), w: f([1, 1, 2, 2]) },
      nodes: [node('y = Conv(x, w)', { auto_pad: 'VALID', dilations: [2, 2] })],
    },
  ],
  ['globalmaxpool', { inputs: { x: f([1, 2, 3, 3]) }, nodes: [node('y = GlobalMaxPool(x)')] }],
  [
    'big range concat',
    {
      inputs: { x: i64([1]) },
      initializers: [si('a', 0), si('b', 300000), si('c', 1)],
      nodes: [node('r = Range(a, b, c)'), node('r2 = Concat(r, r)', { axis: 0 }), node('y = Add(x, r2)')],
    },
  ],
  ['unnamed dim', { inputs: { x: f(['', 3]) }, nodes: [node('y = Relu(x)')] }, { x: { shape: [2, 3] } }],
  [
    'and const',
    {
      inputs: { x: f([2]), z: ['bool', [2]] },
      initializers: [tensor('t', 'bool', [1, 1], [1])],
      nodes: [node('y = And(z, t)')],
    },
    { z: { shape: [2], values: [1, 0] } },
  ],
  [
    'or const',
    { inputs: { z: ['bool', [2]] }, initializers: [tensor('t', 'bool', [], [0])], nodes: [node('y = Or(t, z)')] },
    { z: { shape: [2], values: [1, 0] } },
  ],
  [
    'min int consts',
    {
      inputs: { x: i64([1]) },
      initializers: [ints('a', [5]), ints('b', [3])],
      nodes: [node('c = Min(a, b)'), node('y = Add(c, x)')],
    },
  ],
  [
    'sqrt of int',
    {
      inputs: { x: f([1]) },
      initializers: [s('a', 2)],
      nodes: [
        node('c = Sqrt(a)'),
        node('d = Reciprocal(c)'),
        node('e = Exp(d)'),
        node('l = Log(e)'),
        node('y = Mul(l, x)'),
      ],
    },
  ],
  [
    'floor neg',
    {
      inputs: { x: f([1]) },
      initializers: [s('a', -2.5)],
      nodes: [node('c = Floor(a)'), node('d = Ceil(a)'), node('e = Sub(c, d)'), node('y = Mul(e, x)')],
    },
  ],
  [
    'float mod fmod',
    {
      inputs: { x: f([1]) },
      initializers: [s('a', -5.5), s('b', 2)],
      nodes: [node('c = Mod(a, b)', { fmod: 1 }), node('y = Mul(c, x)')],
    },
  ],
  [
    'gather 2d idx',
    {
      inputs: { x: f([3, 4]) },
      initializers: [tensor('k', 'int64', [2, 2], [0, 2, 1, -1])],
      nodes: [node('y = Gather(x, k)', { axis: 1 })],
    },
  ],
  [
    'gather scalar idx',
    { inputs: { x: f([3, 4]) }, initializers: [si('k', -1)], nodes: [node('y = Gather(x, k)', { axis: 0 })] },
  ],
  [
    'gather symbolic neg',
    { inputs: { x: f(['n', 2]) }, initializers: [si('k', -1)], nodes: [node('y = Gather(x, k)')] },
    { x: { shape: [3, 2] } },
  ],
  [
    'slice symbolic neg',
    {
      inputs: { x: f(['n']) },
      initializers: [ints('a', [-2]), ints('b', [2 ** 31 - 1])],
      nodes: [node('y = Slice(x, a, b)')],
    },
    { x: { shape: [5] } },
  ],
  [
    'slice empty',
    { inputs: { x: f([4]) }, initializers: [ints('a', [3]), ints('b', [1])], nodes: [node('y = Slice(x, a, b)')] },
  ],
  [
    'slice attr',
    {
      inputs: { x: f([4, 4]) },
      nodes: [node('y = Slice(x)', { starts: [1, 0], ends: [3, -1], axes: [1, 0] })],
      opset: 9,
    },
  ],
  [
    'slice 2 axes',
    {
      inputs: { x: f([4, 6]) },
      initializers: [ints('a', [1, 0]), ints('b', [2 ** 63, -1]), ints('c', [0, -1]), ints('d', [2, 3])],
      nodes: [node('y = Slice(x, a, b, c, d)')],
    },
  ],
  [
    'split given',
    { inputs: { x: f([6]) }, initializers: [ints('sz', [1, 2, 3])], nodes: [node('a, b, y = Split(x, sz)')] },
  ],
  [
    'split attr neg axis',
    { inputs: { x: f([2, 6]) }, nodes: [node('a, y = Split(x)', { split: [2, 4], axis: -1 })], opset: 11 },
  ],
  [
    'reduce mean attr',
    { inputs: { x: f([2, 3]) }, nodes: [node('y = ReduceMean(x)', { axes: [0], keepdims: 0 })], opset: 13 },
  ],
  ['reduce sum attr 11', { inputs: { x: f([2, 3]) }, nodes: [node('y = ReduceSum(x)', { axes: [-1] })], opset: 11 }],
  ['unsqueeze attr', { inputs: { x: f([2]) }, nodes: [node('y = Unsqueeze(x)', { axes: [0, -1] })], opset: 11 }],
  [
    'where scalar x',
    { inputs: { c: ['bool', [2, 2]], z: f([2, 2]) }, initializers: [s('k', 7)], nodes: [node('y = Where(c, k, z)')] },
    { c: { shape: [2, 2], values: [1, 0, 0, 1] } },
  ],
  [
    'where cond lower rank',
    { inputs: { c: ['bool', [2]], z: f([2, 2]) }, initializers: [s('k', 7)], nodes: [node('y = Where(c, z, k)')] },
    { c: { shape: [2], values: [1, 0] } },
  ],
  [
    'where cond higher rank',
    { inputs: { c: ['bool', [2, 1]], z: f([2]) }, initializers: [s('k', 7)], nodes: [node('y = Where(c, z, k)')] },
    { c: { shape: [2, 1], values: [1, 0] } },
  ],
  [
    'matmul weights transposed batch',
    {
      inputs: { x: f([2, 1, 3]) },
      initializers: [tensor('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('y = MatMul(x, t)')],
    },
  ],
  [
    'transposed weights as first',
    {
      inputs: { x: f([2, 3]) },
      initializers: [tensor('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('y = MatMul(t, x)')],
    },
  ],
  [
    'transposed weights reshaped',
    {
      inputs: { x: f([6]) },
      initializers: [tensor('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6]), ints('sh', [6])],
      nodes: [node('t = Transpose(w)'), node('r = Reshape(t, sh)'), node('y = Add(x, r)')],
    },
  ],
  [
    'transposed weights cast',
    {
      inputs: { x: f([3, 2]) },
      initializers: [tensor('w', 'float16', [2, 3], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('r = Cast(t)', { to: 1 }), node('y = Add(x, r)')],
    },
  ],
  [
    'transposed small ints',
    {
      inputs: { x: i64([3, 2]) },
      initializers: [tensor('w', 'int64', [2, 3], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('y = Add(x, t)')],
    },
  ],
  [
    'transposed gather',
    {
      inputs: { k: i64([2]) },
      initializers: [tensor('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('y = Gather(t, k)')],
    },
  ],
  [
    'transposed unsqueeze',
    {
      inputs: { x: f([1, 3, 2]) },
      initializers: [tensor('w', 'float32', [2, 3], [1, 2, 3, 4, 5, 6]), ints('z', [0])],
      nodes: [node('t = Transpose(w)'), node('u = Unsqueeze(t, z)'), node('y = Add(x, u)')],
    },
  ],
  [
    'gemm transB const transposed',
    {
      inputs: { x: f([1, 3]) },
      initializers: [tensor('w', 'float32', [3, 2], [1, 2, 3, 4, 5, 6])],
      nodes: [node('t = Transpose(w)'), node('y = Gemm(x, t)', { transB: 1 })],
    },
  ],
  [
    'constantofshape named add',
    { inputs: { x: f(['n']) }, nodes: [node('s = Shape(x)'), node('c = ConstantOfShape(s)'), node('y = Add(x, c)')] },
    { x: { shape: [3] } },
  ],
  [
    'shape times output',
    { inputs: { x: f(['n', 'm']) }, nodes: [node('s = Shape(x)'), node('y = Mul(s, s)')] },
    { x: { shape: [3, 2] } },
  ],
  [
    'cast bool->float',
    { inputs: { x: ['bool', [2]] }, nodes: [node('y = Cast(x)', { to: 1 })] },
    { x: { shape: [2], values: [1, 0] } },
  ],
  [
    'cast int64->int32',
    { inputs: { x: i64([2]) }, nodes: [node('y = Cast(x)', { to: 6 })] },
    { x: { shape: [2], values: [5, -(2 ** 31)] } },
  ],
  [
    'cast uint8',
    { inputs: { x: ['uint8', [2]] }, nodes: [node('y = Cast(x)', { to: 1 })] },
    { x: { shape: [2], values: [255, 3] } },
  ],
  ['less int', { inputs: { x: i64([3]) }, initializers: [si('k', 2)], nodes: [node('y = LessOrEqual(x, k)')] }],
  [
    'greaterequal int32',
    {
      inputs: { x: i32([3]) },
      initializers: [tensor('k', 'int32', [], [2])],
      nodes: [node('y = GreaterOrEqual(x, k)')],
    },
  ],
  [
    'maxpool stride',
    {
      inputs: { x: f([1, 1, 4, 5]) },
      nodes: [node('y = MaxPool(x)', { kernel_shape: [2, 3], strides: [2, 1], pads: [1, 1, 1, 1] })],
    },
  ],
  [
    'reducemin neg keep',
    { inputs: { x: f([2, 3, 2]) }, initializers: [ints('a', [-2, 0])], nodes: [node('y = ReduceMin(x, a)')] },
  ],
  ['erf', { inputs: { x: f([3]) }, nodes: [node('y = Erf(x)')] }],
  ['softmax neg axis 13', { inputs: { x: f([2, 3, 2]) }, nodes: [node('y = Softmax(x)', { axis: -2 })], opset: 13 }],
  [
    'div f',
    { inputs: { x: f([3]), z: f([3]) }, nodes: [node('y = Div(x, z)')] },
    { z: { shape: [3], values: [0, -0, 2] } },
  ],
  [
    'div int runtime',
    { inputs: { x: i32([4]), z: i32([4]) }, nodes: [node('y = Div(x, z)')] },
    { x: { shape: [4], values: [-7, 7, -7, 7] }, z: { shape: [4], values: [2, -2, -2, -1] } },
  ],
  ['identity of input output', { inputs: { x: f([2]) }, nodes: [node('y = Neg(x)')], outputs: ['y'] }],
];

it.each(cases.map(([name, parts, feeds = {}]) => [name, parts, feeds] as const))(
  'computes what ONNX Runtime makes of the same file: %s',
  async (_, parts, feeds) => {
    const bytes = onnxFile(parts);
    const inputs = Object.entries(parts.inputs).map(([name, [type, dims]]) => {
      const shape = feeds[name]?.shape ?? (dims as readonly number[]);
      const count = shape.reduce((a, b) => a * b, 1);
      const values = feeds[name]?.values ?? Array.from({ length: count }, (_, i) => i + 1);
      return { name, type, shape, data: fromNumbers(type, values) };
    });
    const names = parts.outputs ?? ['y'];
    const [wanted, got] = [await ofOnnxRuntime(bytes, inputs, names), await ofImport(bytes, inputs, names)];
    for (const [i, { shape, values }] of got.entries()) {
      expect(shape).toEqual(wanted[i]!.shape);
      const near = wanted[i]!.values.map((value, at) =>
        Math.abs(value - values[at]!) <= 1e-5 * Math.max(1, Math.abs(value)) ? values[at]! : value,
      );
      expect(values).toEqual(near);
    }
  },
);

type Input = {
  readonly name: string;
  readonly type: DataType;
  readonly shape: readonly number[];
  readonly data: HostArray;
};

async function ofOnnxRuntime(bytes: Uint8Array, inputs: readonly Input[], names: readonly string[]): Promise<Result[]> {
  const { InferenceSession, Tensor } = await runtime();
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 4 });
  const results = await session.run(
    Object.fromEntries(
      inputs.map(({ name, type, shape, data }) => [name, new Tensor(type as 'float32', data as Float32Array, shape)]),
    ),
  );
  const found = names.map((name) => ({
    shape: results[name]!.dims,
    values: Array.from(results[name]!.data as Float32Array | BigInt64Array, Number),
  }));
  await session.release();
  return found;
}

async function ofImport(bytes: Uint8Array, inputs: readonly Input[], names: readonly string[]): Promise<Result[]> {
  using engine = await backend.compile(importOnnx(bytes));
  const feeds = inputs.map(({ name, shape, data }): [string, Feed] => [name, { data, shape }]);
  const results = await engine.run(Object.fromEntries(feeds));
  return names.map((name) => {
    const { dataType, shape, data } = results[name]!;
    return { shape, values: [...toNumbers(dataType, data)] };
  });
}
