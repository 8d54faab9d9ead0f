import { defineCommand } from '../command.ts';
import { place, trust, weightsFile } from '../engines/engine-options.ts';
import { productNames } from '../options.ts';

export const inspect = defineCommand({
  command: 'inspect <model>',
  describe: 'Show what a graph, an ONNX file or an engine is made of',
  positionals: { model: { type: 'string', demandOption: true, describe: "An engine, a graph's JSON or an ONNX file" } },
  options: {
    dot: { type: 'boolean', default: false, describe: "A graph in Graphviz's DOT" },
    svg: { type: 'boolean', default: false, describe: 'A graph as a drawing' },
    summary: { type: 'boolean', default: false, describe: 'Leave the list of layers out' },
    product: { choices: productNames, describe: 'Whose engine it is, for one that does not say so' },
    ...weightsFile,
    ...place,
    ...trust,
  },
  examples: [
    ['$0 inspect bert.onnx', 'inputs, outputs, weights, and every layer with its types'],
    ['$0 inspect bert.onnx --svg > bert.svg', 'a drawing'],
    ['$0 inspect bert.plan --json', 'bindings, profiles, layers and tactics of an engine, for programs'],
  ],
  run: async (args) => (await import('../graphs/inspect.ts')).inspectModel(args),
});
