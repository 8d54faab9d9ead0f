import { existsSync } from 'node:fs';
import {
  type Calibration,
  collectCalibration,
  type Dim,
  findPoints,
  type Graph,
  type Profile,
  type QuantizedType,
  quantizedTensors,
  readCalibration,
  smooth,
  TrtDslError,
  usualMethods,
  weightsChecksum,
  writeCalibration,
} from '@trt-dsl/dsl';
import { type CommandContext, readBytes, requirePlace, writeFileWhole } from '@trt-dsl/tools';
import {
  type BackendName,
  type BackendVersion,
  formatBackend,
  type OpenBackend,
  openBackend,
  whyNotRun,
} from './backends.ts';
import { type CalibrationSet, readCalibrationData } from './calibration-data.ts';
import type { EngineTask } from './engine-file.ts';
import type { Model } from './model.ts';
import type { Args, calibrationOptions } from './options.ts';

/** The arguments that ranges are found by. */
export type CalibrationArgs = Partial<Args<typeof calibrationOptions>> & {
  readonly 'calibration-cache'?: string | undefined;
};

/** What is calibrated. */
export interface Subject {
  readonly model: Model;
  readonly task: EngineTask;
  readonly dataType: QuantizedType;
}

/** A calibration, and what it is known by. */
export interface FoundCalibration {
  /** the file that it is from: a cache, or data; `null` where random weights got ranges of 1 */
  readonly from: string | null;
  readonly calibration: Calibration;
  /** as a cache has it */
  readonly text: string;
  /** what there is to say of it once it was of use */
  readonly note?: string;
}

const usual = { count: 100, batchSize: 8 } as const;

/**
 * The calibration that a command names: its cache if it exists, else by running its data, which writes the cache.
 * @param seq tokens of a sequence of data
 * @throws TrtDslError 'argument' if there is neither, or the cache is not what the arguments say
 */
export async function calibrationFor(
  subject: Subject,
  seq: number | undefined,
  args: CalibrationArgs,
  context: CommandContext,
): Promise<FoundCalibration> {
  const { 'calibration-cache': cache, 'calibration-data': data } = args;
  if (cache !== undefined && existsSync(cache)) return cached(subject, cache, args);
  if (data !== undefined && seq !== undefined) {
    requirePlace(cache);
    const { calibration } = await runCalibration(subject, data, seq, args, context);
    const text = writeCalibration(calibration);
    if (cache !== undefined) writeFileWhole(cache, text);
    return { from: data, calibration, text };
  }
  if (cache !== undefined)
    throw new TrtDslError('file', `${cache}: there is no such calibration cache; \`bert-squad calibrate\` makes one`);
  if ('random' in subject.model.origin) {
    const calibration = unitCalibration(subject, args.smooth ?? false);
    const note = 'calibration: random weights get ranges of 1, speed being all that they are good for';
    return { from: null, calibration, text: writeCalibration(calibration), note };
  }
  const missing = seq === undefined ? '--calibration-cache' : '--calibration-data, or a --calibration-cache';
  throw new TrtDslError('argument', `int8 and fp8 need ${missing}, which has the ranges of the network's tensors`);
}

/** Runs the network in float32 over data, on the CPU unless told otherwise. */
export async function runCalibration(
  { model, task, dataType }: Subject,
  path: string,
  seq: number,
  args: CalibrationArgs,
  { progress, signal }: CommandContext,
): Promise<{ readonly calibration: Calibration; readonly data: CalibrationSet; readonly backend: BackendVersion }> {
  const { about, backend } = await openCalibrator(args['calibration-backend']);
  const data = readCalibrationData(path, {
    config: model.config,
    tokenizer: () => tokenizerOf(model, path),
    seq,
    count: args['calibration-num'] ?? usual.count,
    batchSize: args['calibration-batch'] ?? usual.batchSize,
  });
  const method = args.calibrator ?? usualMethods[dataType];
  progress.note(
    `calibrating by ${method} with ${data.sequences} sequences of ${path} (${data.kind}) on ${formatBackend(about)}`,
  );
  const calibration = await collectCalibration(model.graph('fp32', task), backend, data.batches, {
    mask: 'attention_mask',
    compile: {
      profiles: [profileOf(data)],
      signal,
      onProgress: (phase, done) => progress.share(`calibrating: ${phase}`, done),
    },
    method,
    dataType,
    smooth: args.smooth ?? false,
    signal,
    onProgress: (pass, done) => progress.share(`calibrating: ${pass}`, done / data.batches.length),
  });
  return { calibration, data, backend: about };
}

/** What runs a network over data. @throws TrtDslError 'backend' if it cannot run here */
async function openCalibrator(name: BackendName = 'onnx'): Promise<OpenBackend> {
  const opened = await openBackend(name);
  const gap = whyNotRun(opened);
  if (gap === undefined) return opened;
  throw new TrtDslError('backend', `--calibration-backend ${name} cannot run here: ${gap}; onnx can`);
}

/** The sizes of the batches, whose axes the network calls batch and seq. */
function profileOf({ batches }: CalibrationSet): Profile {
  const range = (axis: 0 | 1): readonly [number, number, number] => {
    const sizes = batches.map(({ input_ids: { shape } }) => shape[axis]!);
    const most = Math.max(...sizes);
    return [Math.min(...sizes), most, most];
  };
  return { batch: range(0), seq: range(1) };
}

function tokenizerOf(model: Model, path: string) {
  const tokenizer = model.tokenizer();
  if (tokenizer) return tokenizer;
  throw new TrtDslError(
    'argument',
    `${path}: text needs a vocabulary: name it with --vocab-file, or give token arrays`,
  );
}

/** A cache that exists, if it is of this network and as the arguments want it. */
function cached({ model, task, dataType }: Subject, path: string, args: CalibrationArgs): FoundCalibration {
  const text = readBytes(path).toString('utf8');
  const calibration = readCalibration(text, path);
  const { calibrator, channels, ranges, weights } = calibration;
  const refuse = (what: string): never => {
    throw new TrtDslError('argument', `${path}: ${what}; name another --calibration-cache, or calibrate again`);
  };
  if (args.calibrator !== undefined && args.calibrator !== calibrator)
    refuse(`the ranges were chosen by ${calibrator}, not by ${args.calibrator}`);
  if (args.smooth !== undefined && args.smooth !== (channels !== null))
    refuse(`was calibrated ${channels ? 'with' : 'without'} --smooth`);
  if (calibrator === 'mse' && calibration.dataType !== dataType)
    refuse(`mse chose the ranges for ${calibration.dataType}, which are not the best for ${dataType}`);
  if (weights !== null && weights !== weightsChecksum(model.graph('fp32', task)))
    refuse('was made of another network, or for another --task: its weights are others');
  const unread = args['calibration-data'] === undefined ? '' : `; ${args['calibration-data']} is not read`;
  const note = `calibration: ${ranges.size} ranges by ${calibrator} from ${path}, no data is run${unread}`;
  return { from: path, calibration, text, note };
}

/** Ranges of 1 for every tensor, and every channel to smooth by: the network they make has the same layers. */
function unitCalibration({ model, task, dataType }: Subject, smoothing: boolean): Calibration {
  const tensorsOf = (graph: Graph) => [...quantizedTensors(findPoints(graph, { recipe: 'full' }))];
  const float = model.graph('fp32', task);
  const widths = tensorsOf(float).map(([name, { shape }]) => [name, (shape as readonly Dim[]).at(-1)] as const);
  const channels = smoothing
    ? new Map(widths.map(([name, width]) => [name, new Float64Array(typeof width === 'number' ? width : 0).fill(1)]))
    : null;
  const ranges = new Map(tensorsOf(channels ? smooth(float, { ranges: channels }) : float).map(([name]) => [name, 1]));
  return { weights: null, calibrator: 'none', dataType, ranges, channels };
}
