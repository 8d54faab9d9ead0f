import { describe, expect, it } from 'vitest';
import { dim } from '../dim.ts';
import { Network } from '../network.ts';
import { count, histogramBins, largestMagnitude } from './histogram.ts';
import { paddingMask, spansOf } from './mask.ts';

const net = new Network('mask');
const [batch, seq] = [dim('batch'), dim('seq')];
const mask = net.addInput('mask', 'int32', [batch, seq]);
const hidden = net.addInput('hidden', 'float32', [batch, seq, 2]);
const heads = net.addInput('heads', 'float32', [batch, 2, seq, 1]);
const turned = net.addInput('turned', 'float32', [seq, batch, 2]);
const pooled = net.addInput('pooled', 'float32', [batch, 2]);
net.markOutput(net.addCast(hidden, { dataType: 'float16' }), 'y');
const graph = net.graph();

/** Positions that count. */
const positions = (...[tensor, sizes]: [Parameters<typeof spansOf>[0], readonly number[]]): number[] =>
  spansOf(tensor, sizes, paddingMask(graph, 'mask'), Int32Array.of(1, 1, 0, 1, 0, 0)).flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, i) => from + i),
  );

describe('padding', () => {
  it('is left out where a tensor has the mask’s axes', () => {
    expect(positions(mask, [2, 3])).toEqual([0, 1, 3]);
    expect(positions(hidden, [2, 3, 2])).toEqual([0, 1, 2, 3, 6, 7]);
    expect(positions(heads, [2, 2, 3, 1])).toEqual([0, 1, 3, 4, 6, 9]);
    expect(positions(turned, [3, 2, 2])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(positions(pooled, [2, 2])).toEqual([0, 1, 2, 3]);
  });

  it('needs an input with two named axes', () => {
    expect(() => paddingMask(graph, 'hidden')).toThrow(/the mask "hidden" is no input with two named axes/);
    expect(() => paddingMask(graph, 'none')).toThrow(/"none"/);
  });
});

describe('histograms', () => {
  it('count magnitudes where they lie, the largest in the last bin', () => {
    const histogram = { amax: 2048, counts: new Float64Array(histogramBins) };
    count(histogram, Float32Array.of(0, -0.5, 1, -1.5, 2048, 9999), [[0, 5]]);
    expect([histogram.counts[0], histogram.counts[1], histogram.counts[2047]]).toEqual([2, 2, 1]);
    expect(histogram.counts.reduce((a, b) => a + b)).toBe(5);
  });

  it('refuse what no scale can represent', () => {
    const values = Float32Array.of(1, -3, Number.NaN);
    expect(largestMagnitude(values, [[0, 2]], 2, 't')).toBe(3);
    expect(() => largestMagnitude(values, [[0, 3]], 2, 't')).toThrow(/element 2 of tensor "t" is NaN/);
    expect(() => largestMagnitude(Float32Array.of(-1 / 0), [[0, 1]], 0, 't')).toThrow(/is -Infinity/);
  });
});
