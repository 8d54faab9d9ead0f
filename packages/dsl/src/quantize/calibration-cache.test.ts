import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrtDslError } from '../errors.ts';
import { readCalibrationCache, writeCalibrationCache } from './calibration-cache.ts';

const old = [
  'TRT-7103-EntropyCalibration2',
  'input_ids: 3c010a14',
  '(Unnamed Layer* 5) [Shuffle]_output: 3d8b2c55',
  'bert/encoder: layer_0: 0',
  '',
].join('\n');

describe('calibration caches', () => {
  it('reads what TensorRT wrote', () => {
    const { header, ranges } = readCalibrationCache(old);
    expect(header).toBe('TRT-7103-EntropyCalibration2');
    expect([...ranges.keys()]).toEqual(['input_ids', '(Unnamed Layer* 5) [Shuffle]_output', 'bert/encoder: layer_0']);
    // 3c010a14 = 2^-7 · (1 + 0x010a14 / 2^23)
    expect(ranges.get('input_ids')).toBe(127 * 2 ** -7 * (1 + 0x010a14 / 2 ** 23));
    expect(ranges.get('bert/encoder: layer_0')).toBe(0);
    expect(writeCalibrationCache({ header, ranges })).toBe(old);
  });

  it('writes back every cache byte for byte', () => {
    const name = fc.string({ minLength: 1, unit: 'binary' }).filter((text) => !/[\r\n\u2028\u2029]/.test(text));
    const bits = fc.integer({ min: 0, max: 0x7f7fffff }).map((value) => value.toString(16));
    const lines = fc.uniqueArray(fc.tuple(name, bits), { selector: ([text]) => text });
    fc.assert(
      fc.property(fc.nat(), lines, (version, entries) => {
        const text = `TRT-${version}-EntropyCalibration2\n${entries.map((entry) => `${entry.join(': ')}\n`).join('')}`;
        expect(writeCalibrationCache(readCalibrationCache(text))).toBe(text);
      }),
    );
  });

  it.each([
    ['', /line 1: expected "TRT-/],
    ['TRT-EntropyCalibration2\n', /line 1/],
    ['TRT-1-EntropyCalibration2', /truncated/],
    ['TRT-1-EntropyCalibration2\nx: 3c010a14', /line 2: the file is truncated/],
    ['TRT-1-EntropyCalibration2\nx 3c010a14\n', /line 2: expected "name: /],
    ['TRT-1-EntropyCalibration2\nx: 3c010a14\nx: 3c010a14\n', /line 3: "x" is there twice/],
    ['TRT-1-EntropyCalibration2\nx: 7f800000\n', /line 2: the scale of "x" is Infinity/],
    ['TRT-1-EntropyCalibration2\nx: bc010a14\n', /line 2: the scale of "x" is -/],
    ['TRT-1-EntropyCalibration2\nx: 7fc00000\n', /line 2: the scale of "x" is NaN/],
  ])('refuses %j', (text, message) => {
    const read = () => readCalibrationCache(text, 'old.cache');
    expect(read).toThrow(TrtDslError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^old\.cache/);
  });

  it('refuses to write a name that breaks the line', () => {
    const write = () => writeCalibrationCache({ header: 'TRT-1-X', ranges: new Map([['a\nb', 1]]) });
    expect(write).toThrow(/breaks the line/);
  });
});
