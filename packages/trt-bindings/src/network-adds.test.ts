import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fixture, type NetworkFixture, networkAdds } from '../../../test/support/network-adds.ts';
import { type IBuilder, loadTensorRT } from './index.ts';

/** These need what TensorRT-RTX 1.7 without a GPU lacks; each throws TensorRT's own words. */
const refused: Readonly<Record<string, readonly [add: (f: NetworkFixture) => unknown, words: RegExp]>> = {};

const tensorrt = loadTensorRT({ product: 'rtx' });
const cases = networkAdds(tensorrt);
let builder: IBuilder;
beforeAll(() => {
  builder = tensorrt.createInferBuilder();
});
afterAll(() => builder?.close());

describe('INetworkDefinition of TensorRT-RTX', () => {
  it.each(Object.entries(cases))('%s', (method, [add, expected]) => {
    expect(tensorrt.supports('INetworkDefinition', method)).toBe(true);
    using net = builder.createNetworkV2();
    const layer = add(fixture(net));
    const outputs = Array.from({ length: layer.getNbOutputs() }, (_, i) => layer.getOutput(i));
    expect(outputs.map((tensor) => [tensor.getType(), tensor.getDimensions()])).toEqual(expected);
  });

  it.each(Object.entries(refused))('%s is refused by the product', (_, [add, words]) => {
    using net = builder.createNetworkV2();
    expect(() => add(fixture(net))).toThrow(words);
  });

  it('has a case for every add* that is bound', () => {
    using net = builder.createNetworkV2();
    const bound = Object.getOwnPropertyNames(Object.getPrototypeOf(net)).filter((name) => name.startsWith('add'));
    const tested = [...Object.keys(cases), ...Object.keys(refused), 'addInput'];
    expect(bound.filter((name) => !tested.includes(name))).toEqual([]);
  });

  it('gives back the layers and tensors that were added', () => {
    using net = builder.createNetworkV2();
    const x = net.addInput('x', 'FLOAT', [2, 3]);
    net.addSoftMax(x).setName('probabilities');
    const layer = net.getLayer(0);
    expect([layer.getType(), layer.getName(), layer.getInput(0)?.getName()]).toEqual(['SOFTMAX', 'probabilities', 'x']);
    net.markOutput(layer.getOutput(0));
    expect([net.getNbInputs(), net.getNbOutputs(), net.getOutput(0).isNetworkOutput()]).toEqual([1, 1, true]);
  });
});
