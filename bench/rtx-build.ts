// How long TensorRT-RTX takes to build BERT's engines on a machine without a GPU: npm run bench -- rtx-build [base|large]
import { bert, bertBase, bertLarge, randomParameters } from '@trt-dsl/bert-model';
import { tensorrt } from '@trt-dsl/trt-bindings';
import { report } from './report.ts';

const configs = { base: bertBase, large: bertLarge } as const;
const types = ['float16', 'bfloat16', 'float32'] as const;
const only = process.argv[3];
const backend = tensorrt({ product: 'rtx' });

const builds = [];
for (const [name, config] of Object.entries(configs))
  for (const dataType of only === undefined || only === name ? types : []) {
    const start = performance.now();
    const graph = bert(randomParameters(dataType), config, { task: 'question-answering' });
    const written = performance.now();
    using engine = await backend.compile(graph, { profiles: [{ batch: [1, 8, 32], seq: [8, 128, 384] }] });
    const built = performance.now();
    builds.push({
      model: `BERT-${name}`,
      type: dataType,
      graph_ms: Math.round(written - start),
      build_s: +((built - written) / 1000).toFixed(2),
      plan_MB: +(engine.serialize().length / 1e6).toFixed(1),
      peak_GB: +(process.resourceUsage().maxRSS / 1e6).toFixed(2), // of the process so far
    });
    process.stderr.write(`${JSON.stringify(builds.at(-1))}\n`);
  }
report('rtx-build', {
  backend: `TensorRT-RTX ${backend.tensorrt.version}`,
  graph: 'question answering, batch 1 to 32, sequence 8 to 384, both known at run time only',
  builds,
});
