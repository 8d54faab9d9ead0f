import { TrtDslError, toJson } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace, writeFileWhole } from '@trt-dsl/tools';
import type { exportOptions } from '../commands/export.ts';
import { describeNetwork } from '../network.ts';
import type { Args } from '../options.ts';
import { sourceOf } from '../source.ts';

type ExportArgs = Args<typeof exportOptions>;

/** `bert-squad export` */
export async function exportNetwork(args: ExportArgs, context: CommandContext): Promise<Report> {
  const format = args.format ?? (/\.(onnx|json)$/.exec(args.output)?.[1] as 'onnx' | 'json' | undefined);
  if (!format)
    throw new TrtDslError('argument', `--output ${args.output}: ends in neither .onnx nor .json; name the --format`);
  requirePlace(args.output);
  const { model, task, settings, graph } = await sourceOf(args, context);
  using _model = model;
  if (format === 'onnx' && settings.plugins)
    context.progress.note(
      `plugins: ${settings.plugins.layers.join(', ')}, of which the ONNX file has the decomposition`,
    );
  const external = args['external-weights'];
  let written: readonly string[] = [args.output];
  if (format === 'json') writeFileWhole(args.output, toJson(graph, { weights: external ? 'reference' : 'inline' }));
  else {
    const { writeOnnx } = await import('@trt-dsl/onnx-backend');
    written = await writeOnnx(graph, args.output, external ? { weights: 'external' } : {});
  }
  return {
    json: {
      format,
      precision: settings.precision,
      plugins: settings.plugins,
      task,
      layers: graph.nodes.length,
      written,
    },
    text: `${written.join(', ')}: ${graph.nodes.length} nodes, ${describeNetwork(settings)}`,
  };
}
