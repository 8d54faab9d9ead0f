import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { messageOf } from '@trt-dsl/dsl';
import type { IBuilderConfig, ITimingCache } from '../types.ts';

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

/**
 * Writes the timings after a build, whole or not at all, with those that other builds have written to the file meanwhile;
 * a build is not lost for them.
 */
export function saveTimingCache(config: IBuilderConfig, file: string): void {
  using cache = config.getTimingCache();
  if (!cache) return;
  const partial = `${file}.${randomUUID()}.tmp`;
  try {
    mkdirSync(dirname(file), { recursive: true });
    combineWith(cache, config, file);
    writeFileSync(partial, cache.serialize());
    renameSync(partial, file);
  } catch (error) {
    if (existsSync(partial)) rmSync(partial);
    warn(`timing cache ${file} is not written`, error);
  }
}

/** Adds the timings that a file has; one that is not there, or that TensorRT refuses, will be replaced. */
function combineWith(cache: ITimingCache, config: IBuilderConfig, file: string): void {
  try {
    if (!existsSync(file)) return;
    using written = config.createTimingCache(readFileSync(file));
    cache.combine(written, false);
  } catch {
    // loadTimingCache said so, or will to the next build
  }
}

const warn = (what: string, error: unknown): void =>
  process.emitWarning(`${what}: ${messageOf(error)}`, 'TrtDslWarning');
