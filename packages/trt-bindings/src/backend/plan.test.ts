import { dim, TrtDslError } from '@trt-dsl/dsl';
import { describe, expect, it } from 'vitest';
import type { ICudaEngine, TensorRT } from '../types.ts';
import { notesOf } from './engine.ts';
import { appendNotes, type PlanNotes, splitNotes } from './plan.ts';

const plan = Uint8Array.of(1, 2, 3);
const notes: PlanNotes = {
  product: 'trt10',
  version: '10.6.0',
  inputs: new Map([['x', { dataType: 'float16', shape: [dim('batch'), 4] }]]),
  outputs: new Map([['y', { dataType: 'int64', shape: [] }]]),
  plugins: ['p@1'],
};

describe('notes behind a plan', () => {
  it('come back', () => {
    const whole = appendNotes(plan, notes);
    expect(splitNotes(whole)).toEqual({ plan, notes });
    expect(splitNotes(Buffer.concat([Uint8Array.of(9), whole]).subarray(1))).toEqual({ plan, notes });
    expect(splitNotes(plan)).toEqual({ plan, notes: undefined });
  });

  it.each<[string, object]>([
    ['no plugins', { plugins: undefined }],
    ['plugins that are a text', { plugins: 'p@1' }],
    ['libraries that are numbers', { pluginLibraries: [1] }],
    ['no version', { version: 10 }],
  ])('are refused with %s', (_, wrong) => {
    const damaged = appendNotes(plan, { ...notes, ...wrong } as PlanNotes);
    expect(() => splitNotes(damaged)).toThrow(TrtDslError);
    expect(() => splitNotes(damaged)).toThrow('plan: its notes, ');
  });

  it('are refused with a type that there is not', () => {
    const inputs = new Map([['x', { dataType: 'float12' as 'float16', shape: [] }]]);
    expect(() => splitNotes(appendNotes(plan, { ...notes, inputs }))).toThrow('there is no type float12');
  });
});

it('gives the open sizes of a plan from elsewhere names of their own, whatever its tensors are called', () => {
  const tensors = { '0': [-1, 3], 'a.b': [-1], a_b: [-1], 'y:0': [-1, 3] } as const;
  const names = Object.keys(tensors) as (keyof typeof tensors)[];
  const native: Pick<
    ICudaEngine,
    'getNbIOTensors' | 'getIOTensorName' | 'getTensorIOMode' | 'getTensorDataType' | 'getTensorShape'
  > = {
    getNbIOTensors: () => names.length,
    getIOTensorName: (i) => names[i]!,
    getTensorIOMode: (name) => (name === 'y:0' ? 'OUTPUT' : 'INPUT'),
    getTensorDataType: () => 'FLOAT',
    getTensorShape: (name) => tensors[name as keyof typeof tensors],
  };
  const { inputs, outputs } = notesOf({ product: 'trt10', version: '10.6.0' } as TensorRT, native as ICudaEngine);
  expect([...inputs, ...outputs].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
    '0 _0_0,3',
    'a.b a_b_0_1',
    'a_b a_b_0',
    'y:0 y_0_0,3',
  ]);
});
