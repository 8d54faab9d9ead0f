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

describe('wrong inputs', () => {
  const net = new Network('test');
  const x = net.addInput('x', 'float16', [4, 32]);
  const v = net.addInput('v', 'float32', [32]);
  const refusal = (run: () => unknown): string => {
    try {
      run();
    } catch (error) {
      if (error instanceof TrtDslError) return error.message;
    }
    return 'accepted';
  };
  test('a bias that the fields do not announce, and the other way round', () => {
    expect(refusal(() => skipLayerNorm(net, [x, x, v, v], { epsilon: 0, bias: true }))).toContain('found no bias');
    expect(refusal(() => skipLayerNorm(net, [x, x, v, v, v as never], { epsilon: 0 }))).toContain('found a bias');
  });
  test('a head size the kernel has not', () => {
    const qkv = net.addInput('qkv', 'float16', [2, 8, 240]);
    expect(refusal(() => qkvToContext(net, [qkv], { heads: 1 }))).toContain('head size 80; expected 32, 64, 96 or 128');
  });
  test('a mask without its input, packed sequences of rank 3', () => {
    const qkv = net.addInput('qkv2', 'float16', [2, 8, 192]);
    expect(refusal(() => qkvToContext(net, [qkv], { heads: 1, mask: 'lengths' }))).toContain('lengths as second input');
    const cu = net.addInput('cu', 'int32', [3]);
    expect(refusal(() => qkvToContext(net, [qkv, cu], { heads: 1, mask: 'cu_seqlens' }))).toContain(
      '[total, 3 * hidden]',
    );
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
