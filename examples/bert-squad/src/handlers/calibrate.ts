import { largestQuantized, TrtDslError, writeCalibration } from '@trt-dsl/dsl';
import { type CommandContext, type Report, requirePlace, writeFileWhole } from '@trt-dsl/tools';
import { runCalibration } from '../calibration.ts';
import type { calibrateOptions } from '../commands/calibrate.ts';
import { checksumOf } from '../engine-file.ts';
import { openModel, quantizedTypeOf } from '../model.ts';
import type { Args } from '../options.ts';
import { textTable } from '../table.ts';
import { requirePositions } from './build.ts';

/** `bert-squad calibrate` */
export async function calibrateModel(args: Args<typeof calibrateOptions>, context: CommandContext): Promise<Report> {
  using model = openModel(args);
  const { maxPositions } = model.config;
  const seq = args['sequence-length'] ?? Math.min(128, maxPositions);
  requirePositions(seq, maxPositions);
  const { output, format, precision, task } = args;
  if (format === 'tensorrt' && args.smooth)
    throw new TrtDslError('argument', '--format tensorrt has no place for what --smooth does; write trt-dsl');
  requirePlace(output);
  const dataType = quantizedTypeOf[precision];
  const subject = { model, task, dataType };
  const { calibration, data, backend } = await runCalibration(subject, args['calibration-data'], seq, args, context);
  const text = writeCalibration(calibration, format);
  writeFileWhole(output, text);

  const { calibrator, channels, weights } = calibration;
  const ranges = [...calibration.ranges].map(([name, amax]) => ({
    name,
    amax,
    scale: amax / largestQuantized[dataType],
  }));
  const smooth = channels !== null;
  return {
    json: {
      output,
      format,
      checksum: checksumOf(text),
      origin: model.origin,
      weights,
      precision,
      calibrator,
      smooth,
      backend,
      data: { file: args['calibration-data'], kind: data.kind, sequences: data.sequences, sequenceLength: seq },
      ranges,
    },
    text: [
      textTable(
        ['tensor', 'amax', `${precision} scale`],
        ranges.map(({ name, amax, scale }) => [name, amax.toPrecision(5), scale.toPrecision(5)]),
      ),
      `${output}: ${ranges.length} ranges by ${calibrator}${smooth ? ', smoothed' : ''}, of ${data.sequences} sequences (${data.kind})`,
    ].join('\n'),
  };
}
