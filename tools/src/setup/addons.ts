import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** The folder of an installed package of ours, from its entry point `<folder>/dist/index.js` or `<folder>/src/index.ts`. */
const packageFolder = (name: string): string => dirname(dirname(createRequire(import.meta.url).resolve(name)));

interface BuildScript {
  buildAddons(options: {
    readonly products: readonly string[];
    readonly headers: string;
    readonly onProgress: (line: string) => void;
  }): Promise<unknown>;
}

/** The build script of the binding, which compiles one addon a product with cmake-js. */
export async function buildScript(): Promise<BuildScript | undefined> {
  const path = join(packageFolder('@trt-dsl/trt-bindings'), 'scripts', 'build.mjs');
  return existsSync(path) ? ((await import(pathToFileURL(path).href)) as BuildScript) : undefined;
}
