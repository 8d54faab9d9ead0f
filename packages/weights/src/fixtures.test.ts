import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TrtDslError } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import { openWeights } from './open.ts';
import { storedTypes } from './stored-types.ts';
import { transposed } from './views.ts';

const fixture = (name: string): string => fileURLToPath(new URL(`../fixtures/${name}`, import.meta.url));
type Expected = Record<string, Record<string, { type: string; shape: number[]; sha256: string }>>;
const expected = JSON.parse(readFileSync(fixture('expected.json'), 'utf8')) as Expected;
const digest = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/** Types whose stored bytes are handed over as they are. */
const unchanged = new Set(
  Object.entries(storedTypes).flatMap(([name, info]) =>
    'dataType' in info && info.bytes && !('decode' in info) ? [name] : [],
  ),
);
unchanged.add('bool');

describe('files written by TensorFlow, numpy and safetensors', () => {
  it.each(Object.keys(expected))('%s: every key, type, shape and number', (path) => {
    using file = openWeights(fixture(path));
    const keys = Object.keys(expected[path]!);
    const listed = file.keys().filter((key) => !key.startsWith('_CHECKPOINTABLE') && key !== 'save_counter');
    expect([...listed].sort()).toEqual(keys.sort());
    for (const [key, { type, shape, sha256 }] of Object.entries(expected[path]!)) {
      const info = file.info(key);
      expect({ key, type: info.type, shape: info.shape }).toEqual({ key, type, shape });
      if (unchanged.has(type)) expect(`${key} ${digest(file.get(key).bytes())}`).toBe(`${key} ${sha256}`);
    }
  });

  it('widens the types that TensorRT lacks to the same numbers in every format', () => {
    const paths = ['tensorflow/types', 'npy/folder', 'safetensors/types.safetensors'];
    const [a, b, c] = paths.map((path) => {
      using file = openWeights(fixture(path));
      const prefix = path.startsWith('tensorflow') ? 'types/' : '';
      return ['float64', 'int16', 'uint16', 'uint32', 'uint64'].map((type) => {
        const weights = file.get(prefix + type);
        return [type, String(weights), ...weights.array()];
      });
    });
    expect(a).toEqual(b);
    expect(b).toEqual(c);
    expect(a!.map(([, type]) => type)).toEqual([
      'float32[2, 3]',
      'int32[2, 3]',
      'int32[2, 3]',
      'int64[2, 3]',
      'int64[2, 3]',
    ]);
  });

  it('lists complex numbers and strings but does not read them', () => {
    using file = openWeights(fixture('tensorflow/types'));
    expect(file.info('types/complex64').shape).toEqual([2, 3]);
    expect(() => file.get('types/complex64')).toThrow(
      /"types\/complex64" is of type complex64, which TensorRT does not have/,
    );
    using objects = openWeights(fixture('tensorflow/object'));
    expect(objects.info('_CHECKPOINTABLE_OBJECT_GRAPH').type).toBe('string');
    expect(() => objects.get('_CHECKPOINTABLE_OBJECT_GRAPH')).toThrow(/of type string/);
  });

  it('finds a checkpoint by prefix, index, data file, and folder with or without a `checkpoint` file', () => {
    const prefix = 'bert/tensorflow/model.ckpt-3';
    const paths = [prefix, `${prefix}.index`, `${prefix}.data-00000-of-00001`, 'bert/tensorflow', 'tensorflow/large'];
    for (const path of paths) {
      using file = openWeights(fixture(path));
      expect(file.format).toBe('tensorflow');
      expect(file.path).toMatch(/model\.ckpt-3$/);
      expect(file.has('bert/embeddings/word_embeddings')).toBe(true);
    }
  });

  it('holds one BERT three times: TensorFlow, dictionary, Hugging Face', () => {
    using tensorflow = openWeights(fixture('bert/tensorflow'));
    using demo = openWeights(fixture('bert/demo.npz'));
    using huggingFace = openWeights(fixture('bert/huggingface'));
    const kernel = tensorflow.get('bert/encoder/layer_1/intermediate/dense/kernel');
    expect(demo.get('l1_intermediate_dense_kernel').array()).toEqual(kernel.array());
    const linear = huggingFace.get('bert.encoder.layer.1.intermediate.dense.weight');
    expect(`${linear} ${kernel}`).toBe('float32[32, 8] float32[8, 32]');
    expect(transposed(linear).array()).toEqual(kernel.array());
    expect(huggingFace.metadata).toEqual({ format: 'pt' });
  });
});

describe('files that are refused say why and what to do', () => {
  it.each([
    [
      'npy/refused/big-endian.npy',
      /big-endian\.npy: at byte 10: "big-endian": is big-endian \('>f4'\); save it as little-endian/,
    ],
    ['npy/refused/pickled.npy', /pickled Python objects.*np\.save\(path, array, allow_pickle=False\)/],
    ['npy/refused/structured.npy', /structured array/],
    ['npy/refused/bfloat16.npy', /\.npy has no bfloat16 or float8/],
    ['npy/refused/text.npy', /type '<U2' is none of/],
    ['tensorflow/v1/model.ckpt-3', /is a TensorFlow V1 checkpoint.*write_version=2/],
    ['bert/huggingface/config.json', /begins like no known format; known are/],
    ['npy/refused', /"(.*)": /],
    ['nothing-here', /nothing-here: there is no such file or folder, nor a checkpoint nothing-here\.index/],
    ['tensorflow', /holds no weights/],
  ])('%s', (path, message) => {
    expect(() => openWeights(fixture(path))).toThrow(message);
    expect(() => openWeights(fixture(path))).toThrow(TrtDslError);
  });
});
