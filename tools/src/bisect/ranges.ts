import {
  type Backend,
  calibrate,
  type Graph,
  messageOf,
  type QuantizedType,
  quantize,
  type Ranges,
  type RecipeName,
  readCalibration,
  type ScaleMethod,
  smooth,
  TrtDslError,
  usualMethods,
} from '@trt-dsl/dsl';
import type { CommandContext } from '../command.ts';
import { readBytes } from './sentences.ts';
import type { Subject } from './subject.ts';

/** How ranges are had. */
export interface RangeOptions {
  readonly calibrator?: ScaleMethod | undefined;
  readonly calibrationCache?: string | undefined;
}

/** What layers are lowered to, and which. */
interface How {
  readonly recipe: RecipeName;
  readonly dataType: QuantizedType;
}

/** A float graph, smoothed if its calibration was, and the ranges of its tensors. */
export interface Ranged {
  readonly graph: Graph;
  readonly ranges: Ranges;
}

/**
 * The ranges of a graph: of a cache, or by running its data.
 * @throws TrtDslError 'file' for a cache that cannot be read, 'argument' for one of another graph; as `calibrate`
 */
export async function rangedBy(
  { calibrator, calibrationCache: cache }: RangeOptions,
  subject: Subject,
  how: How,
  backend: Backend,
  { progress, signal }: CommandContext,
): Promise<Ranged> {
  const { graph, feeds, mask } = subject;
  if (cache !== undefined) {
    if (calibrator !== undefined)
      throw new TrtDslError('argument', '--calibrator goes without --calibration-cache, whose ranges are chosen');
    return cached(subject, cache, how);
  }
  const ranges = await calibrate(graph, backend, feeds, {
    ...how,
    method: calibrator ?? usualMethods[how.dataType],
    ...(mask !== undefined && { mask }),
    signal,
    onProgress: (pass, batches) => progress.share(`calibrating: ${pass}`, batches / feeds.length),
  });
  return { graph, ranges };
}

function cached({ graph, checksums }: Subject, path: string, how: How): Ranged {
  const { weights, channels, ranges } = readCalibration(readBytes(path).toString('utf8'), path);
  if (weights !== null && !isOne(weights, checksums()))
    throw new TrtDslError('argument', `${path}: was made of another network: its weights are others; calibrate again`);
  try {
    const smoothed = channels ? smooth(graph, { ranges: channels }) : graph;
    quantize(smoothed, { ...how, ranges }); // every tensor has a range
    return { graph: smoothed, ranges };
  } catch (error) {
    throw new TrtDslError('argument', `${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Whether a text is one of some, of which no more are computed than it takes. */
function isOne(text: string, of: Iterable<string>): boolean {
  for (const each of of) if (each === text) return true;
  return false;
}
