import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { TrtDslError } from '@trt-dsl/dsl';

/**
 * The path of libtrt_dsl_plugins.so, for IPluginRegistry::loadLibrary: $TRT_DSL_PLUGINS, or what `scripts/build.mjs` built.
 * @throws TrtDslError 'unsupported' when it is not there; the message has the command that builds it
 */
export function pluginLibrary(): string {
  const path =
    process.env['TRT_DSL_PLUGINS'] ?? fileURLToPath(new URL('../build/libtrt_dsl_plugins.so', import.meta.url));
  if (!existsSync(path))
    throw new TrtDslError(
      'unsupported',
      `the plugin library ${path} does not exist: build it with "node packages/plugins-cuda/scripts/build.mjs", or set TRT_DSL_PLUGINS`,
    );
  return path;
}
