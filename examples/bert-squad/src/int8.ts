import { existsSync, readFileSync } from 'node:fs';
import { type BertFeeds, type Feature, feedsOf, readSquad, squadFeatures, type Tokenizer } from '@trt-dsl/bert-model';
import {
  type CalibrationCache,
  cacheHeaders,
  calibrate,
  type Graph,
  quantize,
  readCalibrationCache,
  TrtDslError,
  writeCalibrationCache,
} from '@trt-dsl/dsl';
import type { CommandContext } from '@trt-dsl/tools';
import { type EngineTask, type Quantization, writeWhole } from './engine-file.ts';
import type { Model, Precision } from './model.ts';

/** What INT8 ranges come from. */
export interface CalibrationArgs {
  /** a SQuAD file, whose windows the float network reads */
  readonly 'squad-json'?: string | undefined;
  /** how many windows */
  readonly 'calib-num': number;
  /** a calibration cache: read if it is there, else written */
  readonly 'calib-path'?: string | undefined;
}

/** Every linear layer but the one behind GELU, whose input has outliers; the head's logits stay float. */
const recipe = 'accurate';
const excluded: Readonly<Record<EngineTask, string>> = { 'question-answering': 'cls', pooled: 'pooler' };
/** Windows that run at once while calibrating. */
const batchSize = 8;

/**
 * The network with INT8 Q/DQ layers around its products, calibrated on the CPU.
 * @param seq tokens of a window
 * @throws TrtDslError 'argument' if there is neither data nor a cache
 */
export async function int8Graph(
  model: Model,
  { precision, task, seq }: { readonly precision: Precision; readonly task: EngineTask; readonly seq: number },
  args: CalibrationArgs,
  context: CommandContext,
): Promise<{ readonly graph: Graph; readonly quantization: Quantization }> {
  const { 'calib-path': cache } = args;
  const known = cache !== undefined && existsSync(cache);
  const { ranges } = known
    ? readCalibrationCache(readFileSync(cache, 'utf8'), cache)
    : await calibrated(model, task, seq, args, context);
  const graph = quantize(model.graph(precision, task), { dataType: 'int8', recipe, ranges, exclude: [excluded[task]] });
  return { graph, quantization: { dataType: 'int8', recipe, ranges: known ? cache : (args['squad-json'] ?? '') } };
}

async function calibrated(
  model: Model,
  task: EngineTask,
  seq: number,
  { 'squad-json': file, 'calib-num': count, 'calib-path': cache }: CalibrationArgs,
  { progress, signal }: CommandContext,
): Promise<CalibrationCache> {
  const tokenizer = model.tokenizer();
  if (file === undefined || !tokenizer)
    throw new TrtDslError(
      'argument',
      `--int8 needs ${file === undefined ? '--squad-json' : '--vocab-file'} to calibrate with`,
    );
  const batches = windowsOf(file, tokenizer, seq, count);
  const { onnxBackend } = await import('@trt-dsl/onnx-backend');
  const ranges = await calibrate(model.graph('fp32', task), onnxBackend(), batches, {
    mask: 'attention_mask',
    recipe,
    signal,
    onProgress: (pass, done) => progress.share(`calibrating (${pass})`, done / batches.length),
  });
  const calibration = { header: cacheHeaders.mse, ranges };
  if (cache !== undefined) await writeWhole(cache, writeCalibrationCache(calibration));
  return calibration;
}

/** The first windows of a SQuAD file, in batches. */
function windowsOf(file: string, tokenizer: Tokenizer, seq: number, count: number): BertFeeds[] {
  const windows: Feature[] = [];
  for (const example of readSquad(file).examples) {
    windows.push(...squadFeatures(example, tokenizer, { maxSequenceLength: seq }));
    if (windows.length >= count) break;
  }
  if (windows.length === 0) throw new TrtDslError('file', `${file}: holds no question`);
  const padded = windows.slice(0, count).map(({ encoding }) => tokenizer.pad(encoding, seq));
  return Array.from({ length: Math.ceil(padded.length / batchSize) }, (_, i) =>
    feedsOf(padded.slice(i * batchSize, (i + 1) * batchSize)),
  );
}
