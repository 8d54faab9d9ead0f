import { defineCommand } from '../command.ts';

export const doctor = defineCommand({
  command: 'doctor',
  describe: 'Say what was found on this machine, and the command that repairs each gap',
  options: {
    require: {
      type: 'string',
      array: true,
      default: [] as string[],
      describe: 'Exit with 1 if this is not in order (repeatable): any name in the first column, e.g. tensorrt-10, gpu',
    },
  },
  examples: [
    ['$0 doctor', 'everything, for people'],
    ['$0 doctor --require tensorrt-10 --require gpu', 'for a script: can TensorRT 10 engines run here?'],
    ['$0 doctor --json', 'everything, for programs'],
  ],
  run: async (args, context) => (await import('../doctor/doctor.ts')).doctor(args, context),
});
