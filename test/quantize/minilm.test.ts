import { openBert, type PretrainedBert } from '@trt-dsl/bert-model';
import {
  calibrate,
  collectChannelRanges,
  findPoints,
  type Graph,
  quantize,
  quantizedTensors,
  smooth,
} from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { cosines, embedBy, fetchMiniLM, readLines, summaryOf, textBatches } from '@trt-dsl/tools';
import { tensorrt } from '@trt-dsl/trt-bindings';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

// bench/results/quantize-minilm.json has all methods and recipes on all sentences; here are some, on every fifth.
const lines = readLines('test/quantize/sentences.txt');
const mask = { mask: 'attention_mask' } as const;
let model: PretrainedBert;
beforeAll(async () => {
  model = openBert(await fetchMiniLM());
});
afterAll(() => model?.close());

describe('all-MiniLM-L6-v2 on ONNX Runtime', () => {
  const backend = onnxBackend();
  let graph: Graph;
  let calibration: ReturnType<typeof textBatches>;
  let batches: ReturnType<typeof textBatches>;
  let truth: readonly Float64Array[];
  beforeAll(async () => {
    graph = model.graph('float32');
    calibration = textBatches(model.tokenizer, lines.slice(0, 16));
    batches = textBatches(
      model.tokenizer,
      lines.slice(30).filter((_, i) => i % 5 === 0),
      64,
    );
    truth = await embedBy(backend, graph, batches);
  });
  const cosine = async (quantized: Graph) => summaryOf(cosines(await embedBy(backend, quantized, batches), truth));

  it('FP8 keeps a mean cosine of 0.995', async () => {
    const ranges = await calibrate(graph, backend, calibration, { ...mask, recipe: 'gemm', method: 'min-max' });
    const { mean, worst } = await cosine(quantize(graph, { dataType: 'float8', ranges }));
    expect(mean).toBeGreaterThan(0.995);
    expect(worst).toBeGreaterThan(0.99);
  });

  it('INT8 keeps 0.99 without the second product of each feed-forward block', async () => {
    const ranges = await calibrate(graph, backend, calibration, { ...mask, recipe: 'gemm' });
    const { mean } = await cosine(quantize(graph, { dataType: 'int8', recipe: 'accurate', ranges }));
    expect(mean).toBeGreaterThan(0.99);
    expect((await cosine(quantize(graph, { dataType: 'int8', ranges }))).mean).toBeLessThan(mean);
  });

  it('has the same ranges, and as exact embeddings, with the sequence in front of the batch', async () => {
    const turned = model.graph('float32', { sequenceFirst: true });
    const options = { ...mask, recipe: 'gemm', method: 'min-max' } as const;
    const [due, ranges] = [
      await calibrate(graph, backend, calibration, options),
      await calibrate(turned, backend, calibration, options),
    ];
    expect([...ranges.keys()]).toEqual([...due.keys()]);
    for (const [name, range] of ranges) expect(range / due.get(name)!).toBeCloseTo(1, 4);
    const [straight, other] = [graph, turned].map((each) => cosine(quantize(each, { dataType: 'int8', ranges: due })));
    expect((await other!).mean).toBeCloseTo((await straight!).mean, 3);
  });

  it('INT8 keeps 0.99 in all linear layers if what follows LayerNorm is smoothed', async () => {
    const smoothed = smooth(graph, { ranges: await collectChannelRanges(graph, backend, calibration, mask) });
    const ranges = await calibrate(smoothed, backend, calibration, { ...mask, recipe: 'gemm', method: 'percentile' });
    expect((await cosine(quantize(smoothed, { dataType: 'int8', ranges }))).mean).toBeGreaterThan(0.99);
  });
});

describe('all-MiniLM-L6-v2 by TensorRT-RTX', () => {
  const backend = tensorrt({ product: 'rtx' });
  /** Weights of the linear layers, and of those behind a GELU. */
  const [hidden, inner, layers] = [384, 1536, 6];
  const behindGelu = layers * hidden * inner;
  const linear = layers * 4 * hidden * hidden + 2 * behindGelu;
  let graph: Graph;
  let plain: number;
  const sizeOf = async (of: Graph): Promise<number> => {
    using engine = await backend.compile(of, {
      profiles: [{ batch: [1, 8, 32], seq: [16, 64, 128] }],
      computeCapabilities: ['SM89'],
    });
    return engine.serialize().byteLength;
  };
  beforeAll(async () => {
    graph = model.graph('float16');
    plain = await sizeOf(graph);
  });

  it.each([
    ['int8', 'gemm', linear],
    ['int8', 'accurate', linear - behindGelu],
    ['int8', 'full', linear],
    ['float8', 'gemm', linear],
    ['float8', 'full', linear],
  ] as const)('%s %s: a byte less for each weight that is quantized', async (dataType, recipe, saved) => {
    const names = quantizedTensors(findPoints(graph, { recipe })).keys();
    const ranges = new Map([...names].map((name) => [name, 4]));
    const size = await sizeOf(quantize(graph, { dataType, recipe, ranges }));
    // the rest is kernels' code: in full precision attention is one kernel, between Q/DQ layers several
    expect(size).toBeLessThan(plain - 0.8 * saved);
    expect(size).toBeGreaterThan(plain - 1.05 * saved);
  });
});
