/**
 * The three TensorRTs: how the binding calls each, the library that is opened, Python's package of libraries, and the
 * headers its addon is built from.
 */
export const products = {
  'tensorrt-rtx': {
    addon: 'rtx',
    library: 'libtensorrt_rtx.so.1',
    python: 'tensorrt_rtx_libs',
    headers: 'TRT-RTX-1.7',
  },
  'tensorrt-10': {
    addon: 'trt10',
    library: 'libnvinfer.so.10',
    python: 'tensorrt_libs',
    headers: 'TRT-Enterprise-10.16',
  },
  'tensorrt-11': {
    addon: 'trt11',
    library: 'libnvinfer.so.11',
    python: 'tensorrt_libs',
    headers: 'TRT-Enterprise-11.4',
  },
} as const;

export type Product = keyof typeof products;
