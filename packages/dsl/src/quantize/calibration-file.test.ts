import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TrtDslError } from '../errors.ts';
import { Network } from '../network.ts';
import { Weights } from '../weights.ts';
import type { Calibration } from './calibration.ts';
import { readCalibration, writeCalibration } from './calibration-file.ts';
import { scaleMethods } from './scale-methods.ts';
import { weightsChecksum } from './weights-checksum.ts';

const magnitude = fc.double({ min: 0, max: 1e30, noNaN: true }).map(Math.abs);
const named = <T>(value: fc.Arbitrary<T>) =>
  fc
    .uniqueArray(fc.tuple(fc.string({ minLength: 1, unit: 'binary' }), value), { selector: ([name]) => name })
    .map((pairs) => new Map(pairs));
const calibrations: fc.Arbitrary<Calibration> = fc.record({
  weights: fc.option(fc.string()),
  calibrator: fc.constantFrom(...Object.keys(scaleMethods)),
  dataType: fc.constantFrom('int8', 'float8'),
  ranges: named(magnitude),
  channels: fc.option(named(fc.array(magnitude, { maxLength: 5 }).map((values) => Float64Array.from(values)))),
});

describe('calibrations in files', () => {
  it('are read as they were, and written as they were read', () => {
    fc.assert(
      fc.property(calibrations, (calibration) => {
        const text = writeCalibration(calibration);
        const read = readCalibration(text);
        expect(read).toEqual(calibration);
        expect([...read.ranges.keys()]).toEqual([...calibration.ranges.keys()]);
        expect(writeCalibration(read)).toBe(text);
      }),
    );
  });

  it('in TensorRT’s format keep the ranges, to the rounding of float32, and the calibrator', () => {
    for (const calibrator of Object.keys(scaleMethods)) {
      const ranges = new Map([['x', Math.PI]]);
      const text = writeCalibration(
        { weights: 'sha256:0', calibrator, dataType: 'float8', ranges, channels: null },
        'tensorrt',
      );
      const read = readCalibration(text);
      expect(read).toMatchObject({ weights: null, calibrator, dataType: 'int8', channels: null });
      expect(read.ranges.get('x')).toBe(127 * Math.fround(Math.PI / 127));
      expect(writeCalibration(read, 'tensorrt')).toBe(text);
    }
    const foreign = 'TRT-7103-OtherCalibration\nx: 3c010a14\n';
    expect(readCalibration(foreign).calibrator).toBe('TRT-7103-OtherCalibration');
    expect(writeCalibration(readCalibration(foreign), 'tensorrt')).toBe(foreign);
    expect(readCalibration(foreign.replace('Other', 'Entropy').replace('ion\n', 'ion2\n')).calibrator).toBe('entropy');
  });

  const good = writeCalibration({
    weights: null,
    calibrator: 'mse',
    dataType: 'int8',
    ranges: new Map([['x', 1]]),
    channels: new Map([['y', Float64Array.of(1, 2)]]),
  });
  it.each([
    ['{', '[', /line 1: expected "TRT-/],
    ['"format"', '"format', /is not JSON/],
    ['calibration 1', 'calibration 0', /"format" is not "trt-dsl calibration 1"/],
    ['"weights": null', '"weights": 1', /"weights" is not a checksum or null/],
    ['"mse"', 'null', /"calibrator" is not a name/],
    ['"int8"', '"int4"', /"dataType" is not int8 or float8/],
    ['["x",1]', '["x",-1]', /"ranges" is not a list of pairs of a name and a magnitude/],
    ['["x",1]', '["x",1e999]', /"ranges" is not/],
    ['["x",1]', '["x",1],["x",2]', /"ranges" is not free of names that are there twice/],
    ['["x",1]', '["x"]', /"ranges" is not/],
    ['"ranges"', '"range"', /"ranges" is not/],
    ['[1,2]', '[1,null]', /"channels" is not a list of pairs of a name and magnitudes/],
  ])('refuse %j made %j', (from, to, message) => {
    expect(good).toContain(from);
    const read = () => readCalibration(good.replace(from, to), 'ranges.json');
    expect(read).toThrow(TrtDslError);
    expect(read).toThrow(message);
    expect(read).toThrow(/^ranges\.json/);
  });

  it('that were smoothed have no place in TensorRT’s format', () => {
    expect(() => writeCalibration(readCalibration(good), 'tensorrt')).toThrow(
      /no place for what the graph was smoothed/,
    );
  });
});

describe('weightsChecksum', () => {
  const graph = (name: string, value: number, size = 2, activation: 'addReLU' | 'addGELU' = 'addReLU') => {
    const net = new Network('net');
    const x = net.addInput('x', 'float32', [2]);
    const weights = Weights.fromNumbers('float32', [size], Array(size).fill(value), name);
    net.markOutput(net.addAdd(net[activation](x), net.addConstant(weights, { name })), 'y');
    return net.graph();
  };
  it('is of the weights, by name and shape, not of what is done with them', () => {
    const known = weightsChecksum(graph('w', 1));
    expect(known).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(weightsChecksum(graph('w', 1, 2, 'addGELU'))).toBe(known);
    for (const other of [graph('v', 1), graph('w', 2), graph('w', 1, 1)])
      expect(weightsChecksum(other)).not.toBe(known);
  });
});
