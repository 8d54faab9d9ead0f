import { createRequire } from 'node:module';
import { dirname } from 'node:path';

/** `require` as one of our packages would call it, to reach what it depends on. */
export const requireFrom = (name: string): NodeJS.Require =>
  createRequire(createRequire(import.meta.url).resolve(name));

/** The folder of one of our packages, from its entry point `<folder>/dist/index.js` or `<folder>/src/index.ts`. */
export const packageFolder = (name: string): string => dirname(dirname(createRequire(import.meta.url).resolve(name)));
