import { describe, expect, test } from 'vitest';
import { refused, sample } from '../../../test/support/dsl.ts';
import { layerOptions } from './layer-options.ts';
import * as layers from './layers/index.ts';
import { definePlugin } from './plugin.ts';

describe('a layer refuses', () => {
  test.each(Object.keys(layerOptions))('%s: options that it lacks, and the lack of one that it needs', (method) => {
    const { net, x } = sample();
    const own = layerOptions[method as keyof typeof layerOptions] as Readonly<Record<string, string>>;
    expect(method in layers).toBe(true);
    expect(refused(net, method as 'addReLU', x, { epsilom: 1 } as never)).toContain(
      `there is no option "epsilom"; there are ${Object.keys(own).join(', ')}, name`,
    );
    for (const [name, need] of Object.entries(own))
      if (need === 'required') {
        const others = Object.fromEntries(Object.keys(own).map((each) => [each, each === name ? undefined : 1]));
        expect(refused(net, method as 'addReLU', x, others as never)).toContain(`the option ${name} is missing`);
      }
  });

  test('a misspelt name, with the options in a variable, in the path of its scope', () => {
    const { net, x } = sample();
    expect(refused(net.scope('a'), 'addReLU', x, { nam: 'relu' } as never)).toBe(
      'argument: a/: addReLU(float32[batch, seq, 8]): there is no option "nam"; there are name',
    );
  });
});

test("a plugin's fields are no options", () => {
  const { net, x } = sample();
  const twice = definePlugin({
    name: 'Twice',
    version: '1',
    decompose: (inner, [y]: readonly [typeof x], _: { readonly alpha: number }) => inner.addMul(y, 2),
  });
  expect(String(twice(net, [x], { alpha: 1 }))).toBe('float32[batch, seq, 8]');
});
