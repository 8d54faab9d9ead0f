import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The root of the checkout this file belongs to, where it belongs to one and not to an installed package. */
export function checkoutRoot(): string | undefined {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const manifest = join(root, 'package.json');
  return existsSync(manifest) && JSON.parse(readFileSync(manifest, 'utf8')).name === 'trt-dsl' ? root : undefined;
}

/**
 * Where everything fetched or built lies: `$TRT_DSL_CACHE` if set, `.cache` in a checkout, else `$XDG_CACHE_HOME/trt-dsl`
 * (`~/.cache/trt-dsl`). Under it `tensorrt/headers` and `tensorrt/lib`.
 */
export function cacheFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { TRT_DSL_CACHE: chosen, XDG_CACHE_HOME: caches } = environment;
  if (chosen) return chosen;
  const checkout = checkoutRoot();
  return checkout ? join(checkout, '.cache') : join(caches || join(homedir(), '.cache'), 'trt-dsl');
}
