import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cacheFolder, checkoutRoot } from './cache.ts';

describe('cacheFolder', () => {
  it('is .cache at the root of a checkout, whatever XDG says', () => {
    const root = checkoutRoot()!;
    expect(existsSync(join(root, 'packages', 'dsl', 'package.json'))).toBe(true);
    expect(cacheFolder({ XDG_CACHE_HOME: join(homedir(), 'elsewhere') })).toBe(join(root, '.cache'));
  });

  it('is what TRT_DSL_CACHE says, before all else', () => {
    expect(cacheFolder({ TRT_DSL_CACHE: 'here' })).toBe('here');
  });
});
