#!/usr/bin/env node
// Embeds sentences with a pretrained BERT that is written in the DSL, on the CPU. `npm run demo`, or with `--help`.
import { parseArgs } from 'node:util';
import { openBert } from '@trt-dsl/bert-model';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import { onnxBackend } from '@trt-dsl/onnx-backend';
import { fetchMiniLM } from '@trt-dsl/tools';
import { embed, similarity } from './embed.ts';
import { table } from './table.ts';

const help = `Compares sentences by their embeddings.

  npm run --silent sentence-similarity -- [options] "text one" "text two" …

  --json           print { model, sentences: [{ text, ids, embedding }], similarity } instead of a table
  --model DIR      a BERT in Hugging Face's layout; all-MiniLM-L6-v2 by default, fetched once
  --batch-size N   sentences that run at once, 8 by default
  --help           this text

  npm run --silent sentence-similarity -- --json "A cat sat." "A dog ran." | jq .similarity
`;

const samples = [
  'The capital of France contains the Eiffel Tower.',
  'You find the Eiffel Tower in Paris.',
  'A plugin adds a layer of your own to the network.',
  'The network can be extended by custom layers.',
  'Kittens sleep most of the day.',
];

function options() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      model: { type: 'string' },
      'batch-size': { type: 'string', default: '8' },
      help: { type: 'boolean', default: false },
    },
  });
  const batchSize = Number(values['batch-size']);
  if (!Number.isSafeInteger(batchSize) || batchSize < 1)
    throw new TrtDslError('argument', `--batch-size ${values['batch-size']} is no integer above 0`);
  return { ...values, batchSize, texts: positionals.length > 0 ? positionals : samples };
}

async function main(): Promise<void> {
  const { help: asked, json, model: folder, batchSize, texts } = options();
  if (asked) return void process.stdout.write(help);
  const say = (line: string): void => void (json || process.stdout.write(`${line}\n`));
  const timed = async <T>(what: string, work: () => T | Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work();
    say(`${what.padEnd(46)} ${(performance.now() - start).toFixed(0).padStart(6)} ms`);
    return result;
  };

  // 1. The model's files: config, vocabulary, weights. Nothing is read before it is needed.
  const dir = folder ?? (await timed('fetch all-MiniLM-L6-v2 (once)', () => fetchMiniLM({ onProgress: progress })));
  using model = await timed('open config and weights', () => openBert(dir));
  // 2. The network, layer by layer, in the DSL.
  const graph = await timed('write the network', () => model.graph('float32'));
  // 3. Compiled for the CPU.
  using engine = await timed(`compile ${graph.nodes.length} layers for ONNX Runtime`, () =>
    onnxBackend().compile(graph),
  );
  // 4. Text to ids, ids to hidden states, hidden states to one vector a sentence.
  const sentences = await timed(`embed ${texts.length} sentences`, () => embed(model, engine, texts, batchSize));
  const scores = similarity(sentences);
  const name = folder ?? 'all-MiniLM-L6-v2';
  if (json) process.stdout.write(`${JSON.stringify({ model: name, sentences, similarity: scores })}\n`);
  else say(`\n${table(texts, scores)}`);
}

/** One line on the terminal's error stream, rewritten as the download goes on. */
function progress({
  step,
  bytes,
  total,
}: {
  readonly step: string;
  readonly bytes: number;
  readonly total: number;
}): void {
  if (!process.stderr.isTTY) return;
  const megabytes = (n: number): string => `${(n / 1e6).toFixed(0)} MB`;
  process.stderr.write(step === 'done' ? '\r\x1b[K' : `\r\x1b[K${step} ${megabytes(bytes)} of ${megabytes(total)}`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`sentence-similarity: ${messageOf(error)}\n`);
  process.exitCode = 1;
}
