import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { arrayOf, type DataType, type Feed, type HostArray, TrtDslError, toNumbers } from '@trt-dsl/dsl';
import { expect, it } from 'vitest';
import { findPython } from '../../../../test/support/python.ts';
import { backend } from '../test-support/run.ts';
import { importedOps, importOnnx } from './import-onnx.ts';

interface Encoded {
  readonly name: string;
  readonly dataType: DataType;
  readonly shape: readonly number[];
  readonly base64: string;
}
interface Case {
  readonly name: string;
  readonly model: string;
  readonly inputs: readonly Encoded[];
  readonly outputs: readonly Encoded[];
}

/** What we compute otherwise, and why. */
const known: Readonly<Record<string, string>> = {
  test_attention_23_boolmask_fullymasked_row_nan_robustness: 'a row that sees nothing averages all values, not none',
};

const bytesOf = (base64: string): Uint8Array => new Uint8Array(Buffer.from(base64, 'base64'));
const dataOf = ({ dataType, base64 }: Encoded): HostArray => arrayOf(dataType, bytesOf(base64));

/** What is wrong with our results of a case; undefined if they are right, 'refused' if the DSL lacks something. */
async function wrongIn({ model, inputs, outputs }: Case): Promise<string | undefined> {
  try {
    const graph = importOnnx(bytesOf(model));
    using engine = await backend.compile(graph);
    const fed = inputs.flatMap((input): [string, Feed][] =>
      engine.inputs.has(input.name) ? [[input.name, { data: dataOf(input), shape: input.shape }]] : [],
    );
    const results = await engine.run(Object.fromEntries(fed));
    for (const output of outputs) {
      const { dataType, shape, data } = results[output.name]!;
      if (dataType !== output.dataType || String(shape) !== String(output.shape))
        return `${dataType}[${shape}] where ${output.dataType}[${output.shape}] is right`;
      const tolerance = dataType === 'float16' ? 2e-3 : 1e-3;
      const right = toNumbers(dataType, dataOf(output));
      const at = toNumbers(dataType, data).findIndex((value, i) => {
        const due = right[i]!;
        return !(Object.is(value, due) || value === due || Math.abs(value - due) <= tolerance * Math.abs(due) + 1e-5);
      });
      if (at >= 0) return `element ${at} is ${toNumbers(dataType, data)[at]}, not ${right[at]}`;
    }
    return undefined;
  } catch (error) {
    if (error instanceof TrtDslError && error.code !== 'backend') return 'refused';
    return String(error);
  }
}

it("imports ONNX's own test models so that they compute what they should, or refuses them", {
  timeout: 300_000,
}, async () => {
  const script = fileURLToPath(new URL('../test-support/node_tests.py', import.meta.url));
  const lines = execFileSync(await findPython(['onnx', 'numpy']), [script, '25', ...importedOps], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const wrong: string[] = [];
  let right = 0;
  for (const line of lines.split('\n').filter(Boolean)) {
    const each = JSON.parse(line) as Case;
    const found = await wrongIn(each);
    if (found === undefined) right++;
    else if (found !== 'refused' && !Object.hasOwn(known, each.name)) wrong.push(`${each.name}: ${found}`);
  }
  expect(wrong).toEqual([]);
  expect(right).toBeGreaterThan(400);
});
