import { defineCommand } from '../command.ts';
import { checkNames } from '../doctor/check.ts';

export const doctor = defineCommand({
  command: 'doctor',
  describe: 'Say what was found on this machine, and the command that repairs each gap',
  options: {
    require: {
      choices: checkNames,
      array: true,
      default: [] as (typeof checkNames)[number][],
      describe: 'Exit with 1 if this is not in order (repeatable)',
    },
  },
  examples: [
    ['$0 doctor', 'everything, for people'],
    ['$0 doctor --require tensorrt-10 --require gpu', 'for a script: can TensorRT 10 engines run here?'],
    ['$0 doctor --json', 'everything, for programs'],
  ],
  run: async (args, context) => (await import('../doctor/doctor.ts')).doctor(args, context),
});
