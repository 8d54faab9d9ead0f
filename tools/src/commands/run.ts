import { defineCommand } from '../command.ts';
import { backendNames, feeds, place, trust, weightsFile } from '../engines/engine-options.ts';

export const run = defineCommand({
  command: 'run <model>',
  describe: 'Run an engine, a graph or an ONNX file; print shapes, norms and times',
  positionals: { model: { type: 'string', demandOption: true, describe: "An engine, a graph's JSON or an ONNX file" } },
  options: {
    backend: { choices: backendNames, describe: "What runs it: onnx unless the engine's file says another" },
    ...feeds,
    runs: { type: 'number', default: 10, describe: 'How often it runs, for the times' },
    'warm-up': { type: 'number', default: 2, describe: 'Runs before those' },
    'cuda-graph': { type: 'boolean', default: false, describe: 'TensorRT: launch a captured CUDA graph' },
    out: { type: 'string', alias: 'o', describe: 'A new folder for the outputs, as .npy' },
    ...weightsFile,
    ...place,
    ...trust,
  },
  examples: [
    ['$0 run bert.onnx --size batch=1,seq=16 --range input_ids=0:30522', 'made-up inputs'],
    ['$0 run bert.plan --input ids.npz --out outputs', 'inputs from a file, outputs as .npy'],
    ["$0 run mlp.json --input 'x=[[1, 2, 3]]' --json", 'inputs in place, the report for programs'],
  ],
  run: async (args, context) => (await import('../engines/run.ts')).runModel(args, context),
});
