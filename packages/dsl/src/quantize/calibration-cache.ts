import { TrtDslError } from '../errors.ts';
import type { Ranges } from './ranges.ts';

/** A calibration cache, in TensorRT's own text format. */
export interface CalibrationCache {
  /** the first line: `TRT-100600-EntropyCalibration2` */
  readonly header: string;
  /** amax = 127 × the scale that the file has */
  readonly ranges: Ranges;
}

/** The first line of a cache, as TensorRT 10.6's calibrators write it. */
export const cacheHeaders = {
  entropy: 'TRT-100600-EntropyCalibration2',
  'min-max': 'TRT-100600-MinMaxCalibration',
  percentile: 'TRT-100600-LegacyCalibration',
  mse: 'TRT-100600-MseCalibration',
} as const;

/**
 * Writes a calibration cache: a line `TRT-<version>-<calibrator>`, then for each tensor `<name>: <bits>`, the bits of the
 * float32 scale amax / 127 in hexadecimal. What `readCalibrationCache` read is written as it was, byte for byte.
 * @throws TrtDslError 'argument' for a name with a line break
 */
export function writeCalibrationCache({ header, ranges }: CalibrationCache): string {
  const lines = [...ranges].map(([name, amax]) => {
    if (/[\r\n]/.test(name)) throw new TrtDslError('argument', `the name ${JSON.stringify(name)} breaks the line`);
    return `${name}: ${bitsOf(amax / 127)}\n`;
  });
  return `${header}\n${lines.join('')}`;
}

/**
 * Reads a calibration cache, of this project or of TensorRT's calibrators (any version).
 * @param where the file, for errors
 * @throws TrtDslError 'file' that names the line
 */
export function readCalibrationCache(text: string, where = 'calibration cache'): CalibrationCache {
  const [header = '', ...lines] = text.split('\n');
  const wrong = (line: number, what: string): never => {
    throw new TrtDslError('file', `${where}, line ${line}: ${what}`);
  };
  if (!/^TRT-\d+-\w+\r?$/.test(header))
    wrong(1, `expected "TRT-<version>-EntropyCalibration2" or alike, found ${JSON.stringify(header.slice(0, 60))}`);
  if (lines.pop() !== '') wrong(lines.length + 2, 'the file is truncated: its last line has no end');
  const ranges = new Map<string, number>();
  for (const [i, line] of lines.entries()) {
    const [, name, bits] = /^(.+): ([0-9a-fA-F]{1,8})\r?$/.exec(line) ?? [];
    if (name === undefined || bits === undefined)
      return wrong(i + 2, `expected "name: <scale's bits in hexadecimal>", found ${JSON.stringify(line.slice(0, 80))}`);
    const scale = scaleOf(bits);
    if (!(scale >= 0 && scale < Number.POSITIVE_INFINITY)) wrong(i + 2, `the scale of "${name}" is ${scale}`);
    if (ranges.has(name)) wrong(i + 2, `"${name}" is there twice`);
    ranges.set(name, scale * 127);
  }
  return { header: header.trimEnd(), ranges };
}

const word = new DataView(new ArrayBuffer(4));

function bitsOf(scale: number): string {
  word.setFloat32(0, scale);
  return word.getUint32(0).toString(16);
}

function scaleOf(bits: string): number {
  word.setUint32(0, Number.parseInt(bits, 16));
  return word.getFloat32(0);
}
