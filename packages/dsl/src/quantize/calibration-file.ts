import type { QuantizedType } from '../data-type.ts';
import { messageOf, TrtDslError } from '../errors.ts';
import type { Calibration } from './calibration.ts';
import { cacheHeaders, readCalibrationCache, writeCalibrationCache } from './calibration-cache.ts';
import { largestQuantized } from './ranges.ts';
import type { ScaleMethod } from './scale-methods.ts';

const format = 'trt-dsl calibration 1';

/**
 * How a calibration is written: as JSON with all there is, or in TensorRT's own text format, which has the ranges, and of
 * the rest the calibrator's name alone.
 */
export const calibrationFormats = ['trt-dsl', 'tensorrt'] as const;
export type CalibrationFormat = (typeof calibrationFormats)[number];

/**
 * Writes a calibration. A file of trt-dsl's format that `readCalibration` read is written as it was, byte for byte.
 * @throws TrtDslError 'argument' in TensorRT's format for a name with a line break, and for a smoothed graph: the format has
 *   no place for the channels' ranges
 */
export function writeCalibration(calibration: Calibration, as: CalibrationFormat = 'trt-dsl'): string {
  const { weights, calibrator, dataType, ranges, channels } = calibration;
  if (as === 'tensorrt') {
    if (channels)
      throw new TrtDslError(
        'argument',
        "TensorRT's format of calibration caches has no place for what the graph was smoothed by; write trt-dsl's",
      );
    return writeCalibrationCache({ header: headerOf(calibrator), ranges });
  }
  const lines = (pairs: Iterable<readonly [string, unknown]>): string =>
    `[${[...pairs].map((pair) => `\n  ${JSON.stringify(pair)}`).join(',')}\n ]`;
  const fields = Object.entries({
    format: JSON.stringify(format),
    weights: JSON.stringify(weights),
    calibrator: JSON.stringify(calibrator),
    dataType: JSON.stringify(dataType),
    ranges: lines(ranges),
    channels: channels ? lines([...channels].map(([name, values]) => [name, [...values]])) : 'null',
  });
  return `{\n${fields.map(([key, value]) => ` "${key}": ${value}`).join(',\n')}\n}\n`;
}

/**
 * Reads a calibration in either format; which one, the text says.
 * @param where the file, for errors
 * @throws TrtDslError 'file' that names the key, or the line
 */
export function readCalibration(text: string, where = 'calibration cache'): Calibration {
  if (!text.trimStart().startsWith('{')) {
    const { header, ranges } = readCalibrationCache(text, where);
    return { weights: null, calibrator: calibratorOf(header), dataType: 'int8', ranges, channels: null };
  }
  const refuse = (key: string, expected: string): never => {
    throw new TrtDslError('file', `${where}: "${key}" is not ${expected}; calibrate again`);
  };
  const json = parsed(text, where);
  if (json['format'] !== format) refuse('format', `"${format}"`);
  const { weights, calibrator, dataType } = json;
  if (weights !== null && typeof weights !== 'string') return refuse('weights', 'a checksum or null');
  if (typeof calibrator !== 'string') return refuse('calibrator', 'a name');
  if (typeof dataType !== 'string' || !Object.hasOwn(largestQuantized, dataType))
    return refuse('dataType', Object.keys(largestQuantized).join(' or '));
  const magnitude = (value: unknown): value is number => typeof value === 'number' && value >= 0 && value < Infinity;
  const pairs = <T>(key: string, isValue: (value: unknown) => value is T, what: string): Map<string, T> => {
    const list: unknown = json[key];
    const isPair = (pair: unknown): pair is [string, T] =>
      Array.isArray(pair) && pair.length === 2 && typeof pair[0] === 'string' && isValue(pair[1]);
    if (!Array.isArray(list) || !list.every(isPair)) return refuse(key, `a list of pairs of a name and ${what}`);
    const map = new Map(list);
    return map.size === list.length ? map : refuse(key, 'free of names that are there twice');
  };
  const ranges = pairs('ranges', magnitude, 'a magnitude');
  const isList = (value: unknown): value is number[] => Array.isArray(value) && value.every(magnitude);
  const channels = json['channels'] === null ? null : pairs('channels', isList, 'magnitudes');
  return {
    weights,
    calibrator,
    dataType: dataType as QuantizedType,
    ranges,
    channels: channels && new Map([...channels].map(([name, values]) => [name, Float64Array.from(values)])),
  };
}

function parsed(text: string, where: string): Readonly<Record<string, unknown>> {
  try {
    return JSON.parse(text) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new TrtDslError('file', `${where}: is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

const named = /^TRT-\d+-(\w+)$/;
const wordOf = (header: string): string => named.exec(header)![1]!;

/** The method that a cache's first line means; the line itself where it is none of ours. */
const calibratorOf = (header: string): string =>
  Object.entries(cacheHeaders).find(([, ours]) => wordOf(ours) === wordOf(header))?.[0] ?? header;

const headerOf = (calibrator: string): string =>
  cacheHeaders[calibrator as ScaleMethod] ?? (named.test(calibrator) ? calibrator : `TRT-100600-${calibrator}`);
