import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Backend } from '@trt-dsl/dsl';
import { importOnnx, onnxBackend, serializeOnnx, toOnnx } from '@trt-dsl/onnx-backend';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPython } from '../support/python.ts';
import { PyTorch } from '../support/pytorch/client.ts';
import { seed as first } from '../support/seed.ts';
import { caseFromJson, caseToJson } from './case-json.ts';
import { expectedFeatures } from './expected-features.ts';
import { explain } from './explain.ts';
import { generate } from './generate/generate.ts';
import { reportToJson } from './report-json.ts';
import seeds from './seeds.json' with { type: 'json' };
import { type Report, runSuite } from './suite.ts';

/**
 * PROPERTY_SEED and PROPERTY_RUNS choose other graphs (`random` for a seed of the hour); PROPERTY_SAVE=1 adds what fails
 * to seeds.json; PROPERTY_RESULT=path writes the report.
 */
const { PROPERTY_RUNS = '1000', PROPERTY_SAVE, PROPERTY_RESULT } = process.env;
const count = Number(PROPERTY_RUNS);

const backend = onnxBackend({ threads: 1 });
let torch: PyTorch;
let report: Report;

beforeAll(async () => {
  torch = await PyTorch.start(await findPython());
});
afterAll(() => torch?.close());

/** Shrinks what failed and throws it, as code; seeds.json gets it if asked. */
async function requireAgreement(found: Report): Promise<void> {
  if (found.failures.length === 0) return;
  const explained = await explain(backend, found, { torch });
  if (PROPERTY_SAVE) {
    const all = [...seeds, ...explained.map((one) => caseToJson(one.case, one.failure.message))];
    writeFileSync(fileURLToPath(new URL('./seeds.json', import.meta.url)), `${JSON.stringify(all, undefined, 1)}\n`);
  }
  const summary = `${found.cases - found.agreed} of ${found.cases} graphs disagree (seeds from ${first})`;
  throw new Error(`${summary}\n\n${explained.map(({ text }) => text).join('\n')}`);
}

describe('ONNX Runtime equals PyTorch', () => {
  it.skipIf(seeds.length === 0)('on graphs that once failed', async () => {
    await requireAgreement(await runSuite(backend, seeds.map(caseFromJson), { torch }));
  });

  it(`on ${count} random graphs, seeds ${first} to ${first + count - 1}`, { timeout: 300_000 }, async () => {
    report = await runSuite(
      backend,
      Array.from({ length: count }, (_, i) => generate(first + i)),
      { torch },
    );
    if (PROPERTY_RESULT) writeFileSync(PROPERTY_RESULT, reportToJson(report, { first, device: 'CPU' }));
    await requireAgreement(report);
  });

  it.skipIf(first !== 1 || count < 1000)('and these show every op and attribute at least 30 times', () => {
    const rare = expectedFeatures.filter((feature) => (report.coverage.get(feature) ?? 0) < 30);
    expect(rare.map((feature) => `${feature}: ${report.coverage.get(feature) ?? 0}`)).toEqual([]);
    expect([...report.coverage.keys()].filter((feature) => !expectedFeatures.includes(feature))).toEqual([]);
  });
});

/** Graphs on their way through an ONNX file, as other tools would read it. */
const throughOnnx: Backend = {
  name: 'onnx after a round trip',
  compile: ((graph, options) =>
    backend.compile(importOnnx(serializeOnnx(toOnnx(graph))), options)) as Backend['compile'],
  load: (bytes) => backend.load(bytes),
};

describe('graphs written as ONNX and read again', () => {
  it('still equal PyTorch', async () => {
    const cases = Array.from({ length: 200 }, (_, i) => generate(5000 + i));
    const found = await runSuite(throughOnnx, cases, { torch });
    const explained = await explain(throughOnnx, found, { torch });
    expect(explained.map(({ text }) => text).join('\n')).toBe('');
  });
});
