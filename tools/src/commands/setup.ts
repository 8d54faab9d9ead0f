import { defineCommand } from '../command.ts';
import { productNames } from '../options.ts';

export const setup = defineCommand({
  command: 'setup',
  describe: 'Find or fetch what TensorRT needs (headers, libraries), and build the addons',
  options: {
    product: {
      choices: productNames,
      array: true,
      default: ['tensorrt-rtx'] as const,
      describe: 'Whose libraries to find or fetch: tensorrt-rtx 95 MB, tensorrt-10 1.1 GB, tensorrt-11 0.6 GB',
    },
    libraries: { type: 'boolean', default: true, describe: '--no-libraries: leave the libraries alone' },
    addons: { type: 'boolean', default: true, describe: '--no-addons: build nothing' },
    fetch: { type: 'boolean', default: false, describe: 'Fetch even where a TensorRT of your own was found' },
    verify: { type: 'boolean', default: false, describe: 'Read all files again and compare their checksums' },
    pytorch: {
      type: 'boolean',
      default: false,
      describe: "Install the tests' Python and PyTorch as well (in a checkout)",
    },
  },
  examples: [
    ['$0 setup', 'headers, TensorRT-RTX and the three addons'],
    ['$0 setup --product tensorrt-10', 'the full TensorRT 10 libraries instead of RTX'],
    ['TENSORRT_ROOT=/opt/tensorrt $0 setup', 'build on your own TensorRT; fetch only what it lacks'],
  ],
  run: async (args, context) => (await import('../setup/setup.ts')).setup(args, context),
});
