import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Where engine builds keep their timings, so that a second build is quick: $TIMING_CACHE, or a file in the system's
 * temporary folder that no other user of the machine shares.
 */
export const timingCache =
  process.env['TIMING_CACHE'] ?? join(tmpdir(), `trt-dsl-${process.getuid?.() ?? 'user'}.timings`);
