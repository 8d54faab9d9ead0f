import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { IBuilderConfig } from '../types.ts';

/** Gives a build the tactic timings that a file has, or an empty cache where there is none or TensorRT refuses it. */
export function loadTimingCache(config: IBuilderConfig, file: string): void {
  const blob = existsSync(file) ? readFileSync(file) : undefined;
  if (blob) {
    try {
      config.setTimingCache(config.createTimingCache(blob), false);
      return;
    } catch (error) {
      process.emitWarning(`timing cache ${file} is not used: ${(error as Error).message}`, 'TrtDslWarning');
    }
  }
  config.setTimingCache(config.createTimingCache(), false);
}

/** Writes the timings after a build, whole or not at all. */
export function saveTimingCache(config: IBuilderConfig, file: string): void {
  const cache = config.getTimingCache();
  if (!cache) return;
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${process.pid}.tmp`;
  writeFileSync(partial, cache.serialize());
  renameSync(partial, file);
}
