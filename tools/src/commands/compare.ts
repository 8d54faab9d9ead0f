import { defineCommand } from '../command.ts';
import { backendNames, feeds, place, trust, weightsFile } from '../engines/engine-options.ts';

export const compare = defineCommand({
  command: 'compare <model> <against>',
  describe: 'Run on the same inputs twice, or against saved outputs, and say how far they are apart',
  positionals: {
    model: { type: 'string', demandOption: true, describe: "An engine, a graph's JSON or an ONNX file" },
    against: {
      type: 'string',
      demandOption: true,
      describe: `What is right: a backend (${backendNames.join(', ')}), another model's file, or saved outputs (.npz, .npy folder, …)`,
    },
  },
  options: {
    backend: { choices: backendNames, describe: "What runs the model: onnx unless the engine's file says another" },
    ...feeds,
    'max-abs': { type: 'number', describe: 'Exit with 1 if an output is further away than this anywhere' },
    'max-relative-l2': { type: 'number', describe: 'Exit with 1 if √Σ(a−b)² / √Σb² of an output is larger' },
    ...weightsFile,
    ...place,
    ...trust,
  },
  examples: [
    ['$0 compare bert.plan bert.onnx --size batch=1,seq=16', 'an engine against ONNX Runtime'],
    ['$0 compare bert.json saved --input inputs.npz --max-relative-l2 1e-3', 'against outputs of PyTorch'],
  ],
  run: async (args, context) => (await import('../engines/compare.ts')).compareModels(args, context),
});
