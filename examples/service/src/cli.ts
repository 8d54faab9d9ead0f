import { backendNames, precisions } from '@trt-dsl/example-bert-squad';
import { defineCommand, type OptionTable, type Program, runProgram, type Streams } from '@trt-dsl/tools';

export const options = {
  model: {
    alias: 'm',
    type: 'string',
    requiresArg: true,
    describe: 'A BERT for sentences in Hugging Face’s layout; all-MiniLM-L6-v2 by default, fetched once',
  },
  backend: { choices: backendNames, describe: 'What runs it; by default the best of this machine' },
  engine: {
    type: 'string',
    requiresArg: true,
    describe:
      'Engine to load; built and written first if there is none. Remove it when model, precision or limits change',
  },
  precision: { choices: precisions, default: 'fp32', describe: 'Type that the network computes in' },
  host: { type: 'string', requiresArg: true, default: '127.0.0.1', describe: 'Address to listen on' },
  port: { type: 'number', default: 8080, describe: 'Port to listen on; 0 for any that is free' },
  'max-batch': { type: 'number', default: 32, describe: 'Texts that run at once' },
  'max-tokens': { type: 'number', default: 2048, describe: 'Tokens that run at once, padding included' },
  'max-delay': {
    type: 'number',
    default: 0,
    describe: 'Milliseconds that a text may wait for others while nothing runs',
  },
  'max-queue': { type: 'number', default: 1024, describe: 'Texts that may wait; beyond, the answer is 503' },
  'max-length': { type: 'number', default: 256, describe: 'Tokens of a text; what is beyond is cut off' },
  lanes: { type: 'number', default: 1, describe: 'Batches under way at once' },
  processes: { type: 'number', default: 1, describe: 'Processes that share the port, each with an engine of its own' },
  gpus: { type: 'number', requiresArg: true, describe: 'GPUs over which the processes are spread' },
  'metrics-port': {
    type: 'number',
    requiresArg: true,
    describe: 'With several processes: where their metrics are, summed; by default the port behind',
  },
} as const satisfies OptionTable;

const program: Program = {
  name: 'embedding-service',
  describe: 'Answers POST /v1/embeddings in batches',
  commands: [
    defineCommand({
      command: '$0',
      describe: 'Answers POST /v1/embeddings in batches',
      options,
      examples: [
        ['$0', 'all-MiniLM-L6-v2 on http://127.0.0.1:8080'],
        [
          '$0 --backend tensorrt --precision fp16 --lanes 2 --engine minilm.plan',
          'on a GPU; the second start is quick',
        ],
        ['$0 --processes 4 --gpus 4', 'a process for each of four GPUs, on one port'],
      ],
      run: async (args, context) => (await import('./serve.ts')).serve(args, context),
    }),
  ],
};

/** Runs `embedding-service` with the given arguments. @returns the exit code, see `runProgram` */
export const main = (argv: readonly string[], streams: Streams = process): Promise<number> =>
  runProgram(program, argv, streams);
