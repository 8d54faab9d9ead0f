import { readFileSync } from 'node:fs';
import { dim, Network, Weights } from '@trt-dsl/dsl';
import { expect, test } from 'vitest';
import { Block } from './block.ts';
import { WeightStore } from './weight-store.ts';
import { weightsOf } from './weights-file.ts';

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
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, lines] = /\/\/ README\n([\s\S]*?) {2}\/\/ end of README/.exec(source)!;
  expect(readFileSync(new URL('../README.md', import.meta.url), 'utf8')).toContain(lines!.replaceAll(/^ {2}/gm, ''));
});
