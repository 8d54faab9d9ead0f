import { readFileSync } from 'node:fs';
import { dim, Network, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { Block } from './block.ts';
import { type Naming, WeightStore } from './weight-store.ts';
import { weightsOf } from './weights-file.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const source = readFileSync(new URL(import.meta.url), 'utf8');
const blocks = [...source.matchAll(/^ {2}\/\/ README\n([\s\S]*?) {2}\/\/ end of README/gm)];
const shown = (block: number): string => blocks[block]![1]!.replaceAll(/^ {2}/gm, '');

test('the block of the README finds its weights by its scope', () => {
  const named = new Map<string, Weights>([
    ['pooler/dense/kernel', Weights.of('float32', [4, 3], new Float32Array(12))],
    ['pooler/dense/bias', Weights.of('float32', [3], new Float32Array(3))],
  ]);
  const store = WeightStore.of(weightsOf(named, 'README'), 'float32');
  // README
  const graph = store.strict((weights) => {
    const net = new Block(new Network('classifier'), weights);
    const x = net.addInput('x', 'float32', [dim('batch'), 4]);
    const dense = net.scope('pooler').scope('dense'); // layers pooler/dense/…, weights pooler/dense/kernel and …/bias
    const y = dense.addTanh(dense.addLinear(x, dense.get('kernel', [4, 3]), dense.get('bias', [3])));
    return net.graph({ inputs: { x }, outputs: { y } });
  });
  // end of README
  expect(graph.nodes.map(({ name }) => name).filter((name) => !/kernel|bias/.test(name))).toEqual([
    'x',
    'pooler/dense/matmul',
    'pooler/dense/sum',
    'pooler/dense/tanh',
  ]);
  expect(readme).toContain(shown(0));
});

test('the block about PyTorch finds its weights by dotted names', () => {
  const named = new Map<string, Weights>([
    ['head.fc.weight', Weights.of('float32', [3, 4], new Float32Array(12))],
    ['head.fc.bias', Weights.of('float32', [3], new Float32Array(3))],
  ]);
  const file = weightsOf(named, 'README');
  // README
  const naming: Naming = { name: 'PyTorch', rename: (path) => ({ key: path.replaceAll('/', '.') }) };
  const net = new Block(new Network('classifier'), WeightStore.of(file, 'float32', { naming }));
  const x = net.addInput('x', 'float32', [dim('batch'), 4]);
  const fc = net.scope('head').scope('fc'); // weights head.fc.weight and head.fc.bias
  const y = fc.addLinear(x, fc.get('weight', [3, 4]), fc.get('bias', [3]), { transposeKernel: true });
  // end of README
  expect(y.toString()).toBe('float32[batch, 3]');
  expect(readme).toContain(shown(1).replaceAll(/^(?=.)/gm, '  '));
});
