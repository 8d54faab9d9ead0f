import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@trt-dsl/dsl';
import type { IBuilderConfig } from '../types.ts';

/** Gives a build the tactic timings that a file has, or an empty cache where there is none or TensorRT refuses it. */
export function loadTimingCache(config: IBuilderConfig, file: string): void {
  try {
    if (existsSync(file)) {
      config.setTimingCache(config.createTimingCache(readFileSync(file)), false);
      return;
    }
  } catch (error) {
    warn(`timing cache ${file} is not used`, error);
  }
  config.setTimingCache(config.createTimingCache(), false);
}

/** Writes the timings after a build, whole or not at all; a build is not lost for them. */
export function saveTimingCache(config: IBuilderConfig, file: string): void {
  const cache = config.getTimingCache();
  if (!cache) return;
  const partial = `${file}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(partial, cache.serialize());
    renameSync(partial, file);
  } catch (error) {
    rmSync(partial, { force: true });
    warn(`timing cache ${file} is not written`, error);
  }
}

const warn = (what: string, error: unknown): void =>
  process.emitWarning(`${what}: ${messageOf(error)}`, 'TrtDslWarning');
