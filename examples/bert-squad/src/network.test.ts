import { join } from 'node:path';
import type { Results } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { describe, expect, test } from 'vitest';
import type { BackendVersion } from './backends.ts';
import { wantsSequenceFirst } from './layout.ts';
import { openModel } from './model.ts';
import { graphOf, type NetworkArgs, networkOf } from './network.ts';
import { fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

const weights = fixture('huggingface');
const onTensorRT = (product: string): BackendVersion => ({ name: 'tensorrt', product, version: '10.6.0' });
const none = { layers: [], library: null, notes: [] };
const context = {
  progress: { note: () => {}, bytes: () => {}, share: () => {}, clear: () => {} },
  signal: new AbortController().signal,
};
const [batch, seq] = [2, 24];
const integers = (value: (i: number) => number) =>
  ({
    dataType: 'int32',
    shape: [batch, seq],
    data: Int32Array.from({ length: batch * seq }, (_, i) => value(i)),
  }) as const;
const feeds = {
  input_ids: integers((i) => 5 + ((i * 13) % 60)),
  token_type_ids: integers((i) => Number(i % seq > 9)),
  attention_mask: integers((i) => Number(i < seq + 17)),
};

describe('a quantized network for TensorRT', () => {
  test.each([
    ['int8', []],
    ['int8', ['--smooth']],
    ['fp8', []],
  ] as const)(
    '%s %j has the sequence in front inside, and computes what it computes otherwise',
    async (precision, how) => {
      const cache = join(temporaryFolder(), 'ranges.json');
      const data = ['--calibration-data', fixture('squad.json'), '-n', '8', '-s', '96', '-o', cache];
      await report('calibrate', '-m', weights, ...data, '--precision', precision, ...how);
      using model = openModel({ weights });
      const args: NetworkArgs = { precision, recipe: 'gemm', rest: 'fp32', exclude: [], 'calibration-cache': cache };
      const made = async (backend: BackendVersion | null) =>
        await networkOf(model, 'question-answering', args, context, { backend, plugins: none });
      const run = async ({ graph }: Awaited<ReturnType<typeof made>>): Promise<Results> => {
        using engine = await onnxBackend().compile(graph);
        return await engine.run(feeds);
      };
      const [usual, turned] = [await made(null), await made(onTensorRT('trt10'))];
      const transposes = ({ graph }: typeof usual) =>
        graph.nodes.filter(({ name }) => /encoder\/(sequence|batch)_first$/.test(name)).length;
      expect([usual, turned].map(transposes)).toEqual([0, 2]);
      expect(usual.settings).toEqual({
        ...turned.settings,
        quantization: { ...turned.settings.quantization, sequenceFirst: false },
      });
      const [due, results] = [await run(usual), await run(turned)];
      for (const name of ['start_logits', 'end_logits'])
        for (const [i, value] of due[name]!.data.entries())
          expect(Math.abs(Number(results[name]!.data[i]) - Number(value))).toBeLessThan(1e-4);

      const again = graphOf((float, options) => model.graph(float, 'question-answering', options), turned.settings);
      expect(again.nodes.map(({ name }) => name)).toEqual(turned.graph.nodes.map(({ name }) => name));
    },
  );

  test.each([
    ['trt10', [], true],
    ['trt11', ['skipLayerNorm'], true],
    ['trt10', ['qkvToContext'], false],
    ['rtx', [], false],
    ['', [], false],
  ] as const)('on product %j with plugins %j: %s', (product, plugins, due) => {
    expect(wantsSequenceFirst(onTensorRT(product), plugins)).toBe(due);
  });
});

test.each([true, false])('random weights without data: smoothed %s', async (smooth) => {
  using opened = openModel({ weights });
  const model = { ...opened, origin: { random: 'base' } } as const;
  const args = { precision: 'int8', recipe: 'full', smooth } as NetworkArgs;
  const { graph, settings } = await networkOf(model, 'pooled', args, context, { backend: null, plugins: none });
  expect(settings.quantization).toMatchObject({ smooth, ranges: null });
  expect(graph.nodes.filter(({ name }) => name.endsWith('/smooth'))).toHaveLength(smooth ? 4 : 0);
});
