import { Network } from '@trt-dsl/dsl';
import { afterEach, expect, test, vi } from 'vitest';
import { everyLayer } from './every-layer.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

test('every add… method appears in it', () => {
  const methods = Object.getOwnPropertyNames(Network.prototype).filter((name) => /^add[A-Z]/.test(name));
  expect(methods.length).toBeGreaterThan(50);
  const spies = methods.map((name) => vi.spyOn(Network.prototype, name as 'addReLU'));
  everyLayer();
  expect(methods.filter((_, i) => spies[i]!.mock.calls.length === 0)).toEqual([]);
});
