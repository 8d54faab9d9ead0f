import type { Options } from 'yargs';
import { products } from './tensorrt/products.ts';

/** The names of TensorRT's products on the command line. */
export const productNames = Object.keys(products) as (keyof typeof products)[];

/** Options that several commands share, each written once. */
export const json = {
  json: { type: 'boolean', default: false, describe: 'Print one JSON document instead of text' },
} as const satisfies Record<string, Options>;

export const product = {
  product: { choices: productNames, describe: 'Which TensorRT' },
} as const satisfies Record<string, Options>;
