import { type Weights as AnyWeights, Weights } from '@trt-dsl/dsl';
import { describe, expect, expectTypeOf, it } from 'vitest';
import { matches, WeightsError } from './accounting.ts';
import type { Parameters } from './block.ts';
import { type Naming, WeightStore } from './weight-store.ts';
import { weightsOf } from './weights-file.ts';

const ones = (name: string, shape: readonly number[]): readonly [string, AnyWeights] => {
  const size = shape.reduce((a, b) => a * b, 1);
  const weights = Weights.fromNumbers(
    'float32',
    shape,
    Array.from({ length: size }, (_, i) => i),
    name,
  );
  return [name, weights as AnyWeights];
};
const file = weightsOf(
  [
    ones('encoder/layer_0/output/dense/kernel', [4, 3]),
    ones('encoder/layer_0/output/dense/bias', [3]),
    ones('encoder/layer_0/output/LayerNorm/gamma', [3]),
    ones('cls/predictions/bias', [5]),
    ['ids', Weights.fromNumbers('int64', [2], [7, 8], 'ids')],
    ones('cls/predictions/bias/adam_m', [5]),
  ],
  'model.ckpt',
);

describe('looking up', () => {
  const store = WeightStore.of(file, 'float32');

  it('follows scopes and checks shapes; rank and type are in the type', () => {
    const dense = store.scope('encoder').scope('layer_0/output').scope('dense');
    const kernel = dense.get('kernel', [4, 3]);
    expectTypeOf(kernel).toEqualTypeOf<Weights<'float32', 2>>();
    expectTypeOf(store).toExtend<Parameters<'float32'>>();
    expect([kernel.name, String(kernel), dense.path]).toEqual([
      'encoder/layer_0/output/dense/kernel',
      'float32[4, 3]',
      'encoder/layer_0/output/dense',
    ]);
    expect([...kernel.array()].slice(0, 3)).toEqual([0, 1, 2]);
    expect([dense.has('bias'), dense.has('beta')]).toEqual([true, false]);
    const ids = store.getAs('ids', [2], 'int32');
    expectTypeOf(ids).toEqualTypeOf<Weights<'int32', 1>>();
    expect([...ids.array()]).toEqual([7, 8]);
  });

  it('hands out one and the same weights each time', () => {
    expect(store.get('cls/predictions/bias', [5])).toBe(store.scope('cls').get('predictions/bias', [5]));
  });

  it.each([
    [
      () => store.get('encoder/layer_0/output/dense/weight', [4, 3]),
      'no weight "encoder/layer_0/output/dense/weight" (wanted as float32[4, 3]) in model.ckpt; under "encoder/layer_0/output/dense/" there is …/bias, …/kernel',
    ],
    [
      () => store.get('cls/predictions/bias', [6]),
      'weights "cls/predictions/bias": wanted float32[6], model.ckpt has float32[5]',
    ],
    [
      () => store.get('encoder/layer_0/output/dense/kernel', [3, 4]),
      'weights "encoder/layer_0/output/dense/kernel": wanted float32[3, 4], model.ckpt has float32[4, 3]; the file holds the transpose, which a naming has to declare',
    ],
    [() => store.get('ids', [2]), 'weights "ids": wanted float32[2], model.ckpt has int64[2]'],
  ])('says what is wrong: %#', (look, message) => {
    expect(look).toThrow(message);
  });
});

describe('names as data', () => {
  const naming: Naming = {
    name: 'PyTorch',
    ignore: [/\.position_ids$/],
    rename: (path) => {
      if (path.startsWith('attention/')) {
        const index = ['query', 'key', 'value'].indexOf(path.split('/')[1]!);
        return index < 0 ? undefined : { key: 'qkv', part: { axis: 0, index, of: 3 }, transpose: true };
      }
      const dotted = path.replaceAll('/', '.');
      return ['bert.', ''].map((prefix) => ({ key: prefix + dotted, transpose: path.endsWith('kernel') }));
    },
  };
  const torch = weightsOf(
    [ones('qkv', [6, 3]), ones('bert.dense.kernel', [2, 3]), ones('pooler.bias', [3]), ones('a.position_ids', [1])],
    'pytorch.safetensors',
  );

  it('transposes and cuts as the naming declares, and tries its places in order', () => {
    const store = WeightStore.of(torch, 'float32', { naming });
    expect([...store.get('dense/kernel', [3, 2]).array()]).toEqual([0, 3, 1, 4, 2, 5]);
    expect([...store.get('pooler/bias', [3]).array()]).toEqual([0, 1, 2]);
    expect([...store.get('attention/key', [3, 2]).array()]).toEqual([6, 9, 7, 10, 8, 11]);
    expect(store.unused()).toEqual([]);
  });

  it('tells under which names it sought', () => {
    const store = WeightStore.of(torch, 'float32', { naming });
    expect(() => store.get('pooler/weight', [3])).toThrow(
      'no weight "pooler/weight" (wanted as float32[3]; sought as "bert.pooler.weight", "pooler.weight") in pytorch.safetensors',
    );
    expect(() => store.get('attention/output', [3])).toThrow('weights named PyTorch have none');
  });

  it('refuses a transpose or part that the stored shape does not allow', () => {
    const bad = (place: object) =>
      WeightStore.of(torch, 'float32', { naming: { name: 'bad', rename: () => ({ key: 'pooler.bias', ...place }) } });
    expect(() => bad({ transpose: true }).get('x', [3])).toThrow(
      /weights "x": wanted float32\[3\], but .* has no two axes/,
    );
    expect(() => bad({ part: { axis: 0, index: 0, of: 2 } }).get('x', [3])).toThrow(/has no piece 0 of 2/);
  });
});

describe('strict', () => {
  it('returns what was built where everything fits', () => {
    const store = WeightStore.of(file, 'float32', { ignore: ['*/adam_m'] });
    const built = store.strict((weights) => [weights.scope('cls/predictions').get('bias', [5])], {
      allowUnused: ['encoder/*', /^ids$/],
    });
    expect(String(built[0])).toBe('float32[5]');
  });

  it('reports missing, mismatched and unused together and builds on meanwhile', () => {
    const store = WeightStore.of(file, 'float32', { ignore: ['*/adam_m'] });
    let after: AnyWeights | undefined;
    const error = (() => {
      try {
        store.strict(
          (weights) => {
            const dense = weights.scope('encoder/layer_0/output/dense');
            after = dense.get('weight', [4, 3]);
            dense.get('bias', [4]);
            weights.get('ids', [2]);
          },
          { allowUnused: ['cls/*'] },
        );
      } catch (thrown) {
        return thrown as WeightsError;
      }
      throw new Error('nothing was thrown');
    })();
    expect(error).toBeInstanceOf(WeightsError);
    expect(error.code).toBe('weights');
    expect(error.missing).toEqual(['encoder/layer_0/output/dense/weight']);
    expect(error.mismatched).toEqual(['encoder/layer_0/output/dense/bias', 'ids']);
    expect(error.unused).toEqual(['encoder/layer_0/output/LayerNorm/gamma', 'encoder/layer_0/output/dense/kernel']);
    expect(error.message).toBe(
      [
        'model.ckpt does not fit the model: 1 missing, 2 of another shape or type, 2 unused',
        'missing:',
        '  no weight "encoder/layer_0/output/dense/weight" (wanted as float32[4, 3]) in model.ckpt; under "encoder/layer_0/output/dense/" there is …/bias, …/kernel',
        'another shape or type:',
        '  weights "encoder/layer_0/output/dense/bias": wanted float32[4], model.ckpt has float32[3]',
        '  weights "ids": wanted float32[2], model.ckpt has int64[2]',
        'unused (let them be with allowUnused):',
        '  encoder/layer_0/output/LayerNorm/gamma',
        '  encoder/layer_0/output/dense/kernel',
      ].join('\n'),
    );
    expect(String(after)).toBe('float32[4, 3]');
    expect(() => after!.bytes()).toThrow(/no weight/);
  });

  it('lets other errors through, or tells of missing weights with them as the cause', () => {
    const store = WeightStore.of(file, 'float32');
    const boom = new Error('boom');
    const fail = (name?: string) => () =>
      store.strict((weights) => {
        if (name) weights.get(name, [1]);
        throw boom;
      });
    expect(fail()).toThrow(boom);
    expect(fail('nothing')).toThrow(expect.objectContaining({ cause: boom, missing: ['nothing'] }));
  });

  it('refuses to wait for what builds asynchronously, whatever becomes of it', () => {
    const store = WeightStore.of(file, 'float32');
    const late = () => store.strict(async (weights) => weights.get('nothing', [1]).bytes());
    expect(late).toThrow('strict: build is asynchronous; what it waits for belongs in front of strict');
  });
});

describe('conversion', () => {
  it('counts what each tensor lost, once, under the model’s name', () => {
    const values = [70000, 1e-6, 1, -1e9, 0, 65504];
    const store = WeightStore.of(weightsOf([['w', Weights.fromNumbers('float32', [6], values)]]), 'float16');
    const weights = store.get('w', [6]);
    expect(store.losses()).toEqual([]);
    weights.bytes();
    weights.bytes();
    expect(store.losses()).toEqual([{ name: 'w', to: 'float16', count: 6, overflowed: 2, underflowed: 1 }]);
    expect([...weights.array()].map((bits) => bits & 0x7fff).slice(0, 3)).toEqual([0x7c00, 17, 0x3c00]);
  });
});

it('patterns: * is anything, the rest is literal', () => {
  expect(['cls/a', 'cls/a/b', 'xcls/a', 'cls.a'].map((key) => matches('cls/*', key))).toEqual([
    true,
    true,
    false,
    false,
  ]);
  expect(matches('a.b', 'axb')).toBe(false);
  expect([matches(/b/g, 'abc'), matches(/b/g, 'abc')]).toEqual([true, true]);
});
