/** The three TensorRTs by their names on the command line: what the binding calls each, and the headers its addon is built from. */
export const products = {
  'tensorrt-rtx': { addon: 'rtx', headers: 'TRT-RTX-1.7' },
  'tensorrt-10': { addon: 'trt10', headers: 'TRT-Enterprise-10.16' },
  'tensorrt-11': { addon: 'trt11', headers: 'TRT-Enterprise-11.4' },
} as const;

export type Product = keyof typeof products;
