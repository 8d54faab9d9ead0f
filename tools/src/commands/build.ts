import { defineCommand } from '../command.ts';
import { backendNames, place, several, weightsFile } from '../engines/engine-options.ts';

export const build = defineCommand({
  command: 'build <model>',
  describe: "Compile a graph's JSON or an ONNX file to an engine",
  positionals: { model: { type: 'string', demandOption: true, describe: "A graph's JSON (toJson) or an ONNX file" } },
  options: {
    backend: { choices: backendNames, default: 'tensorrt-rtx' as const, describe: 'What compiles it' },
    out: {
      type: 'string',
      alias: 'o',
      describe: "The engine's file; by default the model's name with .plan (or .engine.onnx)",
    },
    min: {
      ...several,
      describe: 'Least size of each named dim, batch=1,seq=8; --opt where not said. Again: a second profile',
    },
    opt: { ...several, describe: 'The size to be fastest at; --max where not said' },
    max: { ...several, describe: 'Largest size of each named dim; --opt where not said' },
    ...weightsFile,
    ...place,
    'timing-cache': { type: 'string', describe: 'A file of tactic timings: read if it is there, written after' },
    workspace: { type: 'number', describe: 'Scratch memory that a tactic may use, in MiB' },
    'optimization-level': { type: 'number', describe: '0 (fast build) to 5 (fast engine)' },
    tf32: { type: 'boolean', default: false, describe: 'Let float32 products run in TF32' },
    'compute-capability': { ...several, describe: 'TensorRT-RTX: a GPU that the engine is for, SM120 (repeatable)' },
    'version-compatible': {
      type: 'boolean',
      default: false,
      describe: 'TensorRT 10 and 11: let later versions of the same major load it (--host-code); needs libnvinfer_lean',
    },
    'hardware-compatibility': {
      choices: ['AMPERE_PLUS', 'SAME_COMPUTE_CAPABILITY'] as const,
      describe: 'TensorRT 10 and 11: other GPUs that shall run the engine too',
    },
    refittable: {
      type: 'boolean',
      default: false,
      describe: 'Let weights be replaced later; TensorRT-RTX builds it on a GPU only',
    },
    'strip-weights': { type: 'boolean', default: false, describe: 'Leave the weights out; refit before running' },
  },
  examples: [
    [
      '$0 build bert.onnx --min batch=1,seq=8 --opt batch=8,seq=128 --max batch=32,seq=384',
      'one profile, TensorRT-RTX',
    ],
    ['$0 build bert.json --max batch=1,seq=128 --max batch=32,seq=128 --backend tensorrt-10', 'two fixed profiles'],
    ['$0 build graph.json --weights model.safetensors -o graph.plan', 'weights that lie beside the graph'],
  ],
  run: async (args, context) => (await import('../engines/build.ts')).buildEngine(args, context),
});
