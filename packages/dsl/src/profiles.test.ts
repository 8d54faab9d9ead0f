import { expect, test } from 'vitest';
import { failure } from '../../../test/support/dsl.ts';
import type { Profile } from './backend.ts';
import { difference, dim, sum } from './dim.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';
import { checkProfiles, checkSizes } from './profiles.ts';
import type { Tensor } from './tensor.ts';

const [batch, seq] = [dim('batch'), dim('seq')];

function graph() {
  const net = new Network('bert');
  const x = net.addInput('x', 'float32', [batch, seq, 8]);
  net.markOutput(net.addSlice(x, { start: [0, 2, 0], size: [batch, 1, 8], name: 'third' }), 'y');
  return net.graph();
}

test('ranges', () => {
  expect(checkProfiles(graph(), [{ batch: 4, seq: [3, 64, 128] }])).toEqual([
    { min: { batch: 4, seq: 3 }, opt: { batch: 4, seq: 64 }, max: { batch: 4, seq: 128 } },
  ]);
  expect(checkProfiles(graph(), [{ batch: [0, 1, 1], seq: 8 }]).length).toBe(1);
  const fixed = new Network('fixed');
  fixed.markOutput(fixed.addInput('x', 'float32', [2]), 'y');
  expect(checkProfiles(fixed.graph(), undefined)).toEqual([]);
});

test('errors', () => {
  const wrong = (...profiles: unknown[]) => failure(() => checkProfiles(graph(), profiles as Profile[]));
  expect(failure(() => checkProfiles(graph(), undefined))).toBe(
    'argument: graph "bert" has sizes known at run time only: give profiles for batch, seq',
  );
  expect(failure(() => checkProfiles(graph(), { batch: 1 } as never))).toMatch(/^argument: profiles are no list/);
  expect(wrong()).toMatch(/give profiles/);
  expect(wrong(null)).toBe('argument: profile 0: null is no object of name and range');
  expect(wrong({ batch: 1, seq: 4, heads: 2 })).toBe(
    'name: profile 0: the graph has no dimension "heads"; it has batch, seq',
  );
  expect(wrong({ batch: 1 })).toMatch(/^argument: profile 0: "seq" needs a number or \[min, opt, max\]/);
  for (const seq of [[4, 3, 5], [3, 5, 4], [0, 0, 4], [1, 2], [1, 2, 3, 4], -1, 1.5, '4', null, {}])
    expect(wrong({ batch: 1, seq: 8 }, { batch: 1, seq })).toMatch(/^argument: profile 1: "seq" needs/);
  expect(wrong({ batch: [1, 1, 2 ** 31], seq: 8 })).toBe(
    'argument: profile 0: "batch" may be 2147483648, and 2147483647 is the most',
  );
  expect(wrong({ batch: 1, seq: [2, 4, 8] })).toBe(
    'shape: third: slice(float32[batch, seq, 8]) with batch = 1, seq = 2: element 2 along axis 1 lies outside [1, 2, 8]',
  );
});

test('what only the sizes can tell', () => {
  const net = new Network('late');
  const x = net.addInput('x', 'float32', [1, 2, seq, seq]);
  const kernel = net.addInput('k', 'float32', [2, 2, 3, 3]);
  net.addTopK(net.addInput('scores', 'float32', [1, seq]), { k: 5, axis: 1, name: 'best' });
  const y = net.addConv2d(x, kernel, undefined, { name: 'conv' });
  net.markOutput(y, 'y');
  net.addSlice(y, { start: [0, 0, 0, 0], size: [1, 2, difference(seq, 6), 1], name: 'part' });
  const late = net.graph();
  const at = (size: number) => failure(() => checkSizes(late, { seq: size }));
  expect(at(2)).toMatch(/^shape: best: topK\(float32\[1, seq\]\) with seq = 2: k 5 exceeds the axis's size 2$/);
  expect(at(5)).toMatch(/^shape: part: slice\(.*\) with seq = 5: size \[1, 2, -1, 1\] is no list of sizes/);
  checkSizes(late, { seq: 6 });
  expect(failure(() => checkSizes(late, {}))).toMatch(/no size is known for the dimension "seq"/);
});

test('in the decomposition of a plugin too', () => {
  const first = definePlugin({
    name: 'First',
    version: '1',
    decompose: (net: Network, [x]: readonly [Tensor<'float32', 1>], _: Record<string, never>) =>
      net.addSlice(x, { start: [3], size: [1] }),
  });
  const net = new Network('test');
  const x = net.addInput('x', 'float32', [seq]);
  net.addInput('y', 'float32', [sum(seq, 1)]);
  net.markOutput(first(net, [x], {}), 'z');
  checkSizes(net.graph(), { seq: 4 });
  expect(failure(() => checkSizes(net.graph(), { seq: 3 }))).toMatch(/^shape: First: plugin\(.*element 3 along axis 0/);
});
