// Asks TensorRT about cases of test/support/legality-cases.ts: legality-probe.js '[[1, 2, 3], [4]]' compiles each group
// of cases as one network, and, where that fails, its halves, down to the cases at fault. One line of JSON each.
import { Network, type TrtDslError } from '@trt-dsl/dsl';
import { legalityCases } from '../support/legality-cases.ts';
import { backend, timingCache } from './support.ts';

const cases = legalityCases(() => new Network('case'));
const say = (line: object): void => {
  process.stdout.write(`${JSON.stringify(line)}\n`);
};

/** Whether the cases build as one network; undefined if so. */
async function refusal(indices: readonly number[]): Promise<string | undefined> {
  const net = new Network('cases');
  for (const index of indices) cases[index]!.build(net.scope(`case${index}`));
  try {
    const options = { verify: false, optimizationLevel: 0, timingCache };
    (await backend.compile(net.graph(), options)).close();
    return undefined;
  } catch (error) {
    return (error as TrtDslError).message;
  }
}

async function probe(indices: readonly number[]): Promise<void> {
  say({ begin: indices });
  const reason = await refusal(indices);
  if (reason === undefined) for (const index of indices) say({ index, works: true });
  else if (indices.length === 1) say({ index: indices[0], works: false, reason });
  else {
    const half = indices.length >> 1;
    await probe(indices.slice(0, half));
    await probe(indices.slice(half));
  }
}

for (const group of JSON.parse(process.argv[2] ?? '[]') as readonly (readonly number[])[]) await probe(group);
