import type { Backend, Tensors } from '../backend.ts';
import type { QuantizedType } from '../data-type.ts';
import type { Graph } from '../graph.ts';
import { type CalibrationData, calibrate, type ObserveOptions } from './calibrate.ts';
import type { Selection } from './points.ts';
import { quantize } from './quantize.ts';
import type { Ranges } from './ranges.ts';
import type { ScaleMethod, ScaleOptions } from './scale-methods.ts';
import { type ChannelRanges, collectChannelRanges, smooth } from './smooth.ts';
import { weightsChecksum } from './weights-checksum.ts';

/** All that running a graph over data gave: with it, the graph can be quantized without data. */
export interface Calibration {
  /** `weightsChecksum` of the graph that ran; null where a file does not say */
  readonly weights: string | null;
  /** how the ranges were chosen: a method of `scaleMethods`, or what another program calls its own */
  readonly calibrator: string;
  /** the type that they were chosen for; only `mse` depends on it */
  readonly dataType: QuantizedType;
  readonly ranges: Ranges;
  /** what the graph was smoothed by before the ranges were taken; null where it was not */
  readonly channels: ChannelRanges | null;
}

/** How `collectCalibration` runs. */
export interface CalibrationRun extends Pick<ObserveOptions, 'mask' | 'compile' | 'signal'>, ScaleOptions {
  readonly method?: ScaleMethod;
  /** move outliers into the kernels first, see `smooth` */
  readonly smooth?: boolean;
  /** called after each batch of each pass, of which there are two, or three with `smooth` */
  readonly onProgress?: (pass: 'channels' | 'ranges' | 'histograms', batches: number) => void;
}

/**
 * Calibrates a float graph for every recipe, by `calibrate`, smoothed before if wanted.
 * @throws as `calibrate`
 */
export async function collectCalibration(
  graph: Graph,
  backend: Backend,
  data: CalibrationData,
  { smooth: smoothing = false, method = 'mse', dataType = 'int8', onProgress, ...options }: CalibrationRun = {},
): Promise<Calibration> {
  const told = { ...options, ...(onProgress && { onProgress }) };
  const channels = smoothing
    ? await collectChannelRanges(graph, backend, data, {
        ...told,
        ...(onProgress && { onProgress: (_, batches) => onProgress('channels', batches) }),
      })
    : null;
  const smoothed = channels ? smooth(graph, { ranges: channels }) : graph;
  const ranges = await calibrate(smoothed, backend, data, { ...told, method, dataType });
  return { weights: weightsChecksum(graph), calibrator: method, dataType, ranges, channels };
}

/**
 * The graph quantized by a calibration, smoothed before if that was: of the graph that was calibrated, or of the same
 * model in another float type.
 * @throws TrtDslError as `quantize`: where the calibration is another graph's, it lists the tensors without a range
 */
export function quantizeCalibrated<I extends Tensors, O extends Tensors>(
  graph: Graph<I, O>,
  { ranges, channels }: Pick<Calibration, 'ranges' | 'channels'>,
  options: Selection & { readonly dataType: QuantizedType },
): Graph<I, O> {
  return quantize(channels ? smooth(graph, { ranges: channels }) : graph, { ...options, ranges });
}
