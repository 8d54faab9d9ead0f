import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import type { CommandContext } from '../command.ts';
import { packageFolder } from '../package-folder.ts';
import { type Product, products } from '../tensorrt/products.ts';
import { headers } from './artifacts.ts';
import { headersFolder } from './headers.ts';

/** What `scripts/build.mjs` of the binding exports: one addon a product, compiled by cmake-js. */
interface BuildScript {
  addonPath(product: string): string;
  buildAddon(
    product: string,
    options: { readonly headers: string; readonly log: (text: string) => void },
  ): Promise<string>;
}

const bindingFolder = (): string => packageFolder('@trt-dsl/trt-bindings');

const buildScript = (): Promise<BuildScript> =>
  import(pathToFileURL(join(bindingFolder(), 'scripts', 'build.mjs')).href);

export interface Addon {
  readonly product: Product;
  readonly path: string;
  /** `stale`: built, but a source or header is newer. */
  readonly state: 'built' | 'stale' | 'missing';
}

/** The addon of each product, built or not. */
export async function findAddons(cache: string): Promise<readonly Addon[]> {
  const { addonPath } = await buildScript();
  const sources = await newest(join(bindingFolder(), 'native'));
  return Promise.all(
    headers.map(async ({ product, folder }): Promise<Addon> => {
      const path = addonPath(products[product].addon);
      const built = await modified(path);
      const changed = Math.max(sources, await newest(join(headersFolder(cache), folder)));
      return { product, path, state: built === 0 ? 'missing' : built < changed ? 'stale' : 'built' };
    }),
  );
}

/** @throws {TrtDslError} `backend`: it does not compile; the message ends with what the compiler said */
export async function buildAddon(cache: string, { product }: Addon, { progress }: CommandContext): Promise<void> {
  progress.note(`compiling the ${product} addon`);
  const { buildAddon: build } = await buildScript();
  try {
    await build(products[product].addon, { headers: headersFolder(cache), log: () => {} });
  } catch (error) {
    const said = messageOf(error).trim().split('\n');
    const errors = [...new Set(said.filter((line) => /error|not found|cannot/i.test(line)))].slice(0, 3);
    throw new TrtDslError(
      'backend',
      `the ${product} addon does not compile (${(errors.length > 0 ? errors : said.slice(-3)).join('; ')}); it needs cmake, make and g++ 12 or newer: apt-get install cmake g++ make`,
      { cause: error },
    );
  }
}

const modified = async (path: string): Promise<number> => (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;

/** When the youngest file of a folder was written, in milliseconds; 0 where there is none. */
async function newest(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  return Math.max(0, ...(await Promise.all(files.map((entry) => modified(join(entry.parentPath, entry.name))))));
}
