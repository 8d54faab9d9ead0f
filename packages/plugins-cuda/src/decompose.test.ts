import { dim, Network, TrtDslError } from '@trt-dsl/dsl';
import { describe, expect, test } from 'vitest';
import { embLayerNorm, layerNorm, qkvToContext, skipLayerNorm } from './index.ts';
import { decomposed, type Given, type Job, normal, pytorch } from './test-support/run.ts';

/** One rounding to the type, and what float32 (or a half type's attention on ONNX Runtime) adds. */
const tolerance: Readonly<Record<string, number>> = { float32: 2e-6, float16: 2 ** -10, bfloat16: 2 ** -7 };

async function expectSame(plugin: Parameters<typeof decomposed>[0], jobs: readonly Job[]): Promise<void> {
  const wanted = await pytorch(jobs);
  for (const [i, job] of jobs.entries()) {
    const got = await decomposed(plugin, job);
    const type = job.inputs.find((input) => !input.type.startsWith('int'))!.type;
    expect(got.length).toBe(wanted[i]!.length);
    got.forEach((values, output) => {
      expect(values.length).toBe(wanted[i]![output]!.length);
      const worst = values.reduce((most, value, k) => {
        const right = wanted[i]![output]![k]!;
        return Math.max(most, Math.abs(value - right) / (1 + Math.abs(right)));
      }, 0);
      expect(worst, `${job.op} ${type} ${JSON.stringify(job.fields)} output ${output}`).toBeLessThan(tolerance[type]!);
    });
  }
}

const integers = (shape: readonly number[], values: readonly number[], dims?: Given['dims']): Given => ({
  type: 'int32',
  shape,
  values,
  ...(dims && { dims }),
});
const counting = (shape: readonly number[], below: number, dims?: Given['dims']): Given =>
  integers(
    shape,
    Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => (i * 7 + 3) % below),
    dims,
  );
const [batch, seq, total, starts] = [dim('batch'), dim('seq'), dim('total'), dim('starts')];
const floats = ['float32', 'float16', 'bfloat16'] as const;
const halves = ['float16', 'bfloat16'] as const;

test('layerNorm decomposes to PyTorch’s', () =>
  expectSame(
    layerNorm,
    floats.flatMap((type) =>
      (['float32', type] as const).map((parameters) => ({
        op: 'layer_norm',
        inputs: [
          normal(1, type, [2, 3, 40], [batch, seq, 40]),
          normal(2, parameters, [40]),
          normal(3, parameters, [40]),
        ],
        fields: { epsilon: 1e-5 },
      })),
    ),
  ));

test('skipLayerNorm decomposes to PyTorch’s, with and without bias and sum', () =>
  expectSame(
    skipLayerNorm,
    floats.flatMap((type) =>
      [{}, { bias: true }, { sum: true }, { bias: true, sum: true }].map((fields) => ({
        op: 'skip_layer_norm',
        inputs: [
          ...[normal(4, type, [5, 24], [total, 24]), normal(5, type, [5, 24], [total, 24])],
          ...[normal(6, 'float32', [24]), normal(7, 'float32', [24])],
          ...('bias' in fields ? [normal(8, type, [24])] : []),
        ],
        fields: { epsilon: 1e-12, ...fields },
      })),
    ),
  ));

test('embLayerNorm decomposes to PyTorch’s, for every source of positions', () => {
  const tables = (type: (typeof floats)[number]): readonly Given[] => [
    ...[normal(9, type, [20, 16]), normal(10, type, [9, 16]), normal(11, type, [2, 16])],
    ...[normal(12, 'float32', [16]), normal(13, 'float32', [16])],
  ];
  const padded = [counting([2, 7], 20, [batch, seq]), counting([2, 7], 2, [batch, seq])];
  const packed = [counting([13], 20, [total]), counting([13], 2, [total])];
  return expectSame(
    embLayerNorm,
    floats.flatMap((type) => [
      { op: 'emb_layer_norm', inputs: [...padded, ...tables(type)], fields: { epsilon: 1e-12 } },
      {
        op: 'emb_layer_norm',
        inputs: [...padded, ...tables(type), counting([2, 7], 9, [batch, seq])],
        fields: { epsilon: 1e-12, positions: 'position_ids' },
      },
      {
        op: 'emb_layer_norm',
        inputs: [...packed, ...tables(type), integers([5], [0, 4, 4, 5, 11], [starts])],
        fields: { epsilon: 1e-12, positions: 'cu_seqlens' },
      },
    ]),
  );
});

test('qkvToContext decomposes to PyTorch’s, for every mask', () =>
  expectSame(
    qkvToContext,
    halves.flatMap((type) => {
      const qkv = normal(14, type, [3, 6, 192], [batch, seq, 192]);
      const op = 'qkv_to_context';
      return [
        { op, inputs: [qkv], fields: { heads: 2 } },
        { op, inputs: [qkv], fields: { heads: 1, scale: 0.3 } },
        { op, inputs: [normal(16, type, [2, 5, 288], [batch, seq, 288])], fields: { heads: 1 } },
        { op, inputs: [normal(17, type, [2, 5, 384], [batch, seq, 384])], fields: { heads: 1 } },
        { op, inputs: [qkv, integers([3], [6, 0, 2], [batch])], fields: { heads: 2, mask: 'lengths' } },
        {
          op,
          inputs: [qkv, integers([3, 6], [0, 1, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 7, 1, 1, 1, 1, -1], [batch, seq])],
          fields: { heads: 2, mask: 'mask' },
        },
        {
          op,
          inputs: [normal(15, type, [12, 192], [total, 192]), integers([5], [0, 3, 3, 4, 10], [starts])],
          fields: { heads: 2, mask: 'cu_seqlens' },
        },
      ];
    }),
  ));

/** What the kernels refuse, by `check` and `accepts` of their plugin.cc; the decompositions must not take it either. */
describe('wrong inputs and fields are refused by name', () => {
  type Kind = Given['type'];
  const given = (type: Kind, ...shape: (number | typeof batch)[]) => [type, shape] as const;
  const eps = { epsilon: 1e-12 };
  const [v32, x] = [given('float32', 32), given('float16', batch, 32)];
  const tables = (kind: Kind = 'float16', width = 16) => [
    given('float16', 20, 16),
    given(kind, 9, width),
    given('float16', 2, 16),
  ];
  const ends = [given('float32', 16), given('float32', 16)];
  const ids = given('int32', batch, seq);
  const qkv = given('float16', batch, seq, 192);

  test.each([
    [
      'a bias that the fields do not announce',
      skipLayerNorm,
      [x, x, v32, v32, given('float16', 32)],
      eps,
      /found a bias/,
    ],
    [
      'no bias, though the fields announce one',
      skipLayerNorm,
      [x, x, v32, v32],
      { ...eps, bias: true },
      /found no bias/,
    ],
    [
      'a skip to be broadcast',
      skipLayerNorm,
      [x, given('float16', 1, 32), v32, v32],
      eps,
      /skip is \[1, 32\]; expected \[batch, 32\]/,
    ],
    [
      'a skip of another type',
      skipLayerNorm,
      [x, given('float32', batch, 32), v32, v32],
      eps,
      /skip is float32; expected float16/,
    ],
    [
      'a bias to be broadcast',
      skipLayerNorm,
      [x, x, v32, v32, given('float16', 1)],
      { ...eps, bias: true },
      /bias is \[1\]; expected \[32\]/,
    ],
    [
      'a bias of another type',
      skipLayerNorm,
      [x, x, v32, v32, v32],
      { ...eps, bias: true },
      /bias is float32; expected float16/,
    ],
    [
      'integers',
      layerNorm,
      [given('int32', batch, 32), v32, v32],
      eps,
      /x is int32; expected float32 or float16 or bfloat16/,
    ],
    [
      'gamma of another type',
      layerNorm,
      [x, given('bfloat16', 32), v32],
      eps,
      /gamma is bfloat16; expected float32 or float16/,
    ],
    [
      'beta of another type than gamma',
      layerNorm,
      [x, v32, given('float16', 32)],
      eps,
      /beta is float16; expected float32/,
    ],
    ['gamma to be broadcast', layerNorm, [x, given('float32', 1), v32], eps, /gamma is \[1\]; expected \[32\]/],
    ['no epsilon', layerNorm, [x, v32, v32], {}, /epsilon is undefined; expected a number from 0/],
    ['a negative epsilon', skipLayerNorm, [x, x, v32, v32], { epsilon: -1 }, /epsilon is -1/],
    [
      'an unknown source of positions',
      embLayerNorm,
      [ids, ids, ...tables(), ...ends, ids],
      { ...eps, positions: 'row' },
      /positions is "row"; expected column, cu_seqlens, position_ids/,
    ],
    ['positions that are not announced', embLayerNorm, [ids, ids, ...tables(), ...ends, ids], eps, /no eighth input/],
    [
      'float ids',
      embLayerNorm,
      [given('float16', batch, seq), ids, ...tables(), ...ends],
      eps,
      /ids is float16; expected int32 or int64/,
    ],
    [
      'token types unlike ids',
      embLayerNorm,
      [ids, given('int64', batch, seq), ...tables(), ...ends],
      eps,
      /token types is int64; expected int32/,
    ],
    [
      'token types to be broadcast',
      embLayerNorm,
      [ids, given('int32', 1, seq), ...tables(), ...ends],
      eps,
      /token types is \[1, seq\]; expected \[batch, seq\]/,
    ],
    [
      'positions to be broadcast',
      embLayerNorm,
      [ids, ids, ...tables(), ...ends, given('int32', 1, seq)],
      { ...eps, positions: 'position_ids' },
      /position_ids is \[1, seq\]/,
    ],
    [
      'tables of several types',
      embLayerNorm,
      [ids, ids, ...tables('float32'), ...ends],
      eps,
      /the position table is float32; expected float16/,
    ],
    [
      'tables of several widths',
      embLayerNorm,
      [ids, ids, ...tables('float16', 1), ...ends],
      eps,
      /the position table is \[9, 1\]; expected \[9, 16\]/,
    ],
    [
      'more columns than positions',
      embLayerNorm,
      [given('int32', 2, 10), given('int32', 2, 10), ...tables(), ...ends],
      eps,
      /slice/,
    ],
    [
      'a head size the kernel has not',
      qkvToContext,
      [given('float16', batch, seq, 240)],
      { heads: 1 },
      /head size 80; expected 32, 64, 96 or 128/,
    ],
    [
      'half a head',
      qkvToContext,
      [given('float16', batch, seq, 288)],
      { heads: 1.5 },
      /heads is 1.5; expected a whole number from 1/,
    ],
    [
      'float32',
      qkvToContext,
      [given('float32', batch, seq, 192)],
      { heads: 1 },
      /qkv is float32; expected float16 or bfloat16/,
    ],
    ['a scale below 0', qkvToContext, [qkv], { heads: 1, scale: -1 }, /scale is -1; expected a number above 0/],
    [
      'an unknown mask',
      qkvToContext,
      [qkv, given('int32', batch)],
      { heads: 1, mask: 'all' },
      /mask is "all"; expected none, lengths/,
    ],
    ['a mask without its input', qkvToContext, [qkv], { heads: 1, mask: 'lengths' }, /lengths as second input/],
    [
      'a float mask',
      qkvToContext,
      [qkv, given('float16', batch, seq)],
      { heads: 1, mask: 'mask' },
      /mask is float16; expected int32/,
    ],
    [
      'a mask to be broadcast',
      qkvToContext,
      [qkv, given('int32', 1, seq)],
      { heads: 1, mask: 'mask' },
      /mask is \[1, seq\]; expected \[batch, seq\]/,
    ],
    [
      'lengths of another batch',
      qkvToContext,
      [qkv, given('int32', 1)],
      { heads: 1, mask: 'lengths' },
      /lengths is \[1\]; expected \[batch\]/,
    ],
    [
      'packed sequences of rank 3',
      qkvToContext,
      [qkv, given('int32', 3)],
      { heads: 1, mask: 'cu_seqlens' },
      /\[total, 3 \* hidden\]/,
    ],
    [
      'more tokens than the kernel takes',
      qkvToContext,
      [given('float16', batch, 4097, 192)],
      { heads: 1 },
      /sequence is 4097; at most 4096/,
    ],
    [
      'more sentences',
      qkvToContext,
      [given('float16', 65536, seq, 192)],
      { heads: 1 },
      /batch is 65536; at most 65535/,
    ],
  ] as const)('%s', (_, plugin, inputs, fields, message) => {
    const net = new Network('test');
    const tensors = inputs.map(([type, shape], i) => net.addInput(`in${i}`, type, shape as never));
    const build = (): unknown => (plugin as unknown as (...args: unknown[]) => unknown)(net, tensors, fields);
    expect(build).toThrow(TrtDslError);
    expect(build).toThrow(message);
  });
});

test('the fields reach the graph, and two outputs come back with sum', () => {
  const net = new Network('test');
  const x = net.addInput('x', 'float16', [4, 32]);
  const v = net.addInput('v', 'float32', [32]);
  const [y, s] = skipLayerNorm(net, [x, x, v, v], { epsilon: 1e-12, sum: true });
  expect([y.dataType, s.shape]).toEqual(['float16', [4, 32]]);
  net.markOutput(y, 'y');
  const node = net.graph().nodes.find(({ op }) => op === 'plugin')!;
  expect(node.attributes).toMatchObject({
    plugin: 'TrtDslSkipLayerNorm',
    version: '1',
    fields: { epsilon: 1e-12, sum: true },
  });
});
