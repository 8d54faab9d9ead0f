import { type DataType, type Dim, dim, Network, print, Tensor, TrtDslError, toJson, Weights } from '@trt-dsl/dsl';
import { expect } from 'vitest';

/** The listing of what `build` adds to a new network, without its first line; what it returns becomes the outputs. */
export function listing(build: (net: Network) => Tensor | readonly Tensor[]): string {
  const net = new Network('test');
  const made = build(net);
  (made instanceof Tensor ? [made] : made).forEach((tensor, i) => {
    net.markOutput(tensor, `out${i}`);
  });
  return print(net.graph()).split('\n').slice(1).join('\n').trimEnd();
}

/** A network with an output and an input of each kind that wrong calls need; `of` adds another. */
export function sample() {
  const net = new Network('test');
  const [batch, seq] = [dim('batch'), dim('seq')];
  const x = net.addInput('x', 'float32', [batch, seq, 8]);
  const half = net.addInput('half', 'float16', [batch, seq, 8]);
  const ids = net.addInput('ids', 'int32', [batch, seq]);
  const flag = net.addInput('flag', 'bool', [batch, seq]);
  const image = net.addInput('image', 'float32', [batch, 3, 8, 8]);
  const table = Weights.fromNumbers('float32', [4, 8], new Array(32).fill(1), 'table');
  let added = 0;
  const of = (dataType: DataType, shape: readonly Dim[]) => net.addInput(`input${added++}`, dataType, shape);
  net.markOutput(x, 'x');
  return { net, x, half, ids, flag, image, table, of };
}

/** `code: message` of the TrtDslError that `run` throws. */
export function failure(run: () => unknown): string {
  let thrown: unknown;
  try {
    run();
  } catch (error) {
    thrown = error;
  }
  expect(thrown).toBeInstanceOf(TrtDslError);
  const error = thrown as TrtDslError;
  return `${error.code}: ${error.message}`;
}

/**
 * `code: message` of the TrtDslError with which a method of a network refuses its arguments. The error's stack begins at
 * the line that called, and the network is afterwards as it was before.
 */
export function refused(net: Network, method: keyof Network, ...args: readonly unknown[]): string {
  const before = snapshot(net);
  const message = failure(() => {
    try {
      // biome-ignore lint/suspicious/noExplicitAny: calls that the types refuse
      (net as any)[method](...args);
    } catch (error) {
      const [frame] = /^\s+at .*$/m.exec((error as Error).stack ?? '') ?? [];
      expect(frame).toContain('/test/support/dsl.ts');
      throw error;
    }
  });
  expect(snapshot(net)).toBe(before);
  return message;
}

/** Everything a network holds, as text, and the name and number that its next tensor would get. */
function snapshot(net: Network): string {
  const { nodes } = net.body();
  const tensors = nodes.flatMap((node) => node.outputs.map(({ id, name }) => `${id} ${name}`));
  return `${toJson(net.body())}${tensors.join('\n')}`;
}
