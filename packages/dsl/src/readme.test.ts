import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { dim } from './dim.ts';
import { layerOptions } from './layer-options.ts';
import * as layers from './layers/index.ts';
import { Network } from './network.ts';
import { definePlugin } from './plugin.ts';
import { print } from './print.ts';
import { rewrite, withoutPlugins } from './rewrite.ts';
import type { Tensor } from './tensor.ts';
import { Weights } from './weights.ts';

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const folder = new URL('./layers/', import.meta.url);
const sources = readdirSync(folder)
  .filter((name) => !name.endsWith('.test.ts'))
  .map((name) => readFileSync(new URL(name, folder), 'utf8'));

interface Row {
  readonly method: string;
  readonly options: string;
  readonly types: string;
  readonly native: readonly string[];
}
const rows = [...readme.matchAll(/^\| `(add\w+)\((.*?)\)` \| (.+) \| (.+) \| (.+) \|$/gm)].map(
  ([, method, args, , types, native]): Row => ({
    method: method!,
    options: /\{ (.*) \}/.exec(args!)?.[1] ?? '',
    types: types!,
    native: native!.split(', '),
  }),
);

/** The comment in front of a layer, and that of the first layer of its file, which names nvinfer1's method for all. */
function documentation(method: string): string {
  const source = sources.find((text) => new RegExp(`export (function|const) ${method}\\b`).test(text))!;
  const before = source.slice(0, source.search(new RegExp(`export (function|const) ${method}\\b`)));
  return `${before.slice(before.lastIndexOf('/**'))} ${source.match(/INetworkDefinition::\w+/g)?.join(' ') ?? ''}`;
}

test('the table has every layer once, in words that the text explains', () => {
  const methods = Object.keys(layers).filter((name) => name.startsWith('add'));
  expect(rows.map(({ method }) => method).sort()).toEqual(methods.sort());
  for (const { types } of rows) expect(types).toMatch(/^(any|float|numeric|bool|int8, float8)([,;] .*)?$/);
});

test("the table names the nvinfer1 method that the layer's documentation names", () => {
  for (const { method, native } of rows) {
    const named = [...documentation(method).matchAll(/\badd[A-Z]\w+/g)].map(([name]) => name);
    const composite = ['addScale', 'addArgmax'].includes(method);
    if (!composite) for (const name of native) expect(named, method).toContain(name);
  }
});

test('the table says which types a layer takes', () => {
  const words = { float: 'FloatType', numeric: 'NumericType', bool: "'bool'" } as const;
  for (const { method, types } of rows) {
    const word = /^\w+/.exec(types)![0] as keyof typeof words;
    const declared = sources.join('\n').match(new RegExp(`export (?:function|const) ${method}\\b[^{=]*`))![0];
    if (words[word] === undefined || /Layer<(unknown|GELUOptions)>|Comparison/.test(declared)) continue;
    expect(declared, method).toContain(words[word]);
  }
});

test('the first program prints what stands below it', () => {
  const net = new Network('classifier');
  const x = net.addInput('x', 'float16', [dim('batch'), 768]);
  const kernel = Weights.of('float32', [768, 2], new Float32Array(768 * 2), 'kernel');
  const probs = net.addSoftmax(net.addLinear(x, kernel), { axis: -1 });
  const listing = print(net.graph({ inputs: { x }, outputs: { probs } }));
  expect(readme).toContain(listing.replace(/^(?=.)/gm, '    '));
});

test('the example of plugins and rewriting works', () => {
  // README
  const swish = definePlugin({
    name: 'MySwish',
    version: '1',
    decompose: <R extends number>(
      net: Network,
      [x]: readonly [Tensor<'float32', R>],
      { beta }: { readonly beta: number },
    ) => net.addMul(x, net.addSigmoid(net.addMul(x, beta))),
  });
  const net = new Network('swish');
  const x = net.addInput('x', 'float32', [dim('batch'), 8]);
  const y = swish(net.scope('act'), [x], { beta: 1.5 }); // a layer act/MySwish
  const graph = net.graph({ inputs: { x }, outputs: { y } });

  const plain = withoutPlugins(graph); // act/MySwish/prod, …/sigmoid, …/prod_1
  const tanh = rewrite(plain, (node, [input], to) =>
    node.op === 'activation' ? [to.addTanh(input!.as('float32', 2))] : undefined,
  );
  // end of README
  const names = (of: { readonly nodes: readonly { readonly name: string; readonly op: string }[] }) =>
    of.nodes.filter(({ op }) => op !== 'constant').map(({ name }) => name);
  expect(names(graph)).toEqual(['x', 'act/MySwish']);
  expect(names(plain)).toEqual(['x', 'act/MySwish/prod', 'act/MySwish/sigmoid', 'act/MySwish/prod_1']);
  expect(names(tanh)).toEqual(['x', 'act/MySwish/prod', 'tanh', 'act/MySwish/prod_1']);
  const source = readFileSync(new URL(import.meta.url), 'utf8');
  const [, lines] = /\/\/ README\n([\s\S]*?) {2}\/\/ end of README/.exec(source)!;
  expect(readme).toContain(lines!.replaceAll(/^ {2}/gm, ''));
});

test('the table names the options that a layer takes', () => {
  const named = rows.flatMap(({ method, options }) => (options === '' ? [] : [[method, options]]));
  const held = Object.entries(layerOptions).map(([method, options]) => [
    method,
    Object.entries(options)
      .map(([name, need]) => (need === 'optional' ? `${name}?` : name))
      .join(', '),
  ]);
  expect(Object.fromEntries(named)).toEqual(Object.fromEntries(held));
});

test('the files it names exist', () => {
  const src = new URL('./', import.meta.url);
  const named = [...readme.split('## What else is here')[1]!.matchAll(/`([\w-]+\.ts)`/g)].map(([, name]) => name!);
  expect(named.length).toBeGreaterThan(10);
  for (const name of named) expect(readdirSync(src)).toContain(name);
});
