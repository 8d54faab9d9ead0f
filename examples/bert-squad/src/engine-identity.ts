import { isDeepStrictEqual } from 'node:util';
import type { EngineDescription } from './engine-file.ts';

/** What tells engines apart, beside the names of their files. */
const identity = {
  origin: 'weights',
  config: 'config',
  quantization: 'quantization',
  plugins: 'plugins',
  tf32: '--tf32',
  builder: '--workspace or --optimization-level',
  backend: 'backend',
} as const;
type Identity = Pick<EngineDescription, keyof typeof identity>;

/** In what an engine that is kept differs from one that is wanted; where its calibration cache lay does not matter. */
export function differences(kept: Identity, wanted: Identity): string[] {
  const part = (of: Identity, key: keyof Identity): unknown =>
    JSON.parse(JSON.stringify(key === 'quantization' && of[key] ? { ...of[key], ranges: null } : of[key]));
  const keys = Object.keys(identity) as (keyof Identity)[];
  return keys.filter((key) => !isDeepStrictEqual(part(kept, key), part(wanted, key))).map((key) => identity[key]);
}
