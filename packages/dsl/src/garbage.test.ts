import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sample } from '../../../test/support/dsl.ts';
import { dim } from './dim.ts';
import { TrtDslError } from './errors.ts';
import { toJson } from './json.ts';
import * as layers from './layers/index.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';

const methods = [...Object.keys(layers).filter((name) => name.startsWith('add')), 'markOutput', 'scope', 'graph'];
const plugin = definePlugin({
  name: 'P',
  version: '1',
  decompose: (net: Network, [x]: readonly [never]) => net.addReLU(x),
});

/** Things that a JavaScript caller may pass, right ones and wrong ones. */
function things() {
  const { net, x, half, ids, flag, image, table } = sample();
  const stranger = new Network('other').addInput('x', 'float32', [2, 2]);
  const options = fc.dictionary(
    fc.constantFrom(
      'name',
      'axis',
      'axes',
      'shape',
      'reshape',
      'k',
      'dataType',
      'operation',
      'start',
      'size',
      'sizes',
      'window',
      'stride',
      'mask',
      'permutation',
      'inputs',
      'outputs',
    ),
    fc.oneof(
      fc.constantFrom<unknown>(
        0,
        1,
        -1,
        'float16',
        'sum',
        'max',
        null,
        dim('batch'),
        [0],
        [1, 1],
        [0, -1],
        x,
        table,
        Symbol('s'),
      ),
    ),
    { maxKeys: 4 },
  );
  const plain = fc.constantFrom<unknown>(
    undefined,
    null,
    0,
    -1,
    1.5,
    Number.NaN,
    '',
    'y',
    'float32',
    true,
    7n,
    Symbol('s'),
    () => 1,
    {},
    [],
    [0],
    [1, 2],
    Object.create(null),
    new Map(),
    new Date(0),
    new Float32Array(2),
    dim('seq'),
    [dim('batch'), 8],
    plugin,
    [x],
    [x, half],
    x,
    half,
    ids,
    flag,
    image,
    table,
    stranger,
    net,
  );
  return { net, arguments: fc.array(fc.oneof(plain, options), { maxLength: 4 }) };
}

test('whatever is passed, a layer is added or a TrtDslError thrown, and then nothing has changed', () => {
  const { net, arguments: given } = things();
  const state = () =>
    `${toJson(net.body())} ${net
      .body()
      .nodes.map((node) => node.outputs.map(({ id }) => id))
      .join()}`;
  let before = state();
  let thrown = 0;
  fc.assert(
    fc.property(fc.constantFrom(...methods), given, (method, args) => {
      try {
        // biome-ignore lint/suspicious/noExplicitAny: wrong calls
        (net as any)[method](...args);
        before = state();
      } catch (error) {
        thrown++;
        expect(error, `${method}: ${String(error)}`).toBeInstanceOf(TrtDslError);
        expect((error as TrtDslError).message).not.toBe('');
        expect(state()).toBe(before);
      }
    }),
    { numRuns: 3000 },
  );
  expect(thrown).toBeGreaterThan(1000);
}, 120_000);
