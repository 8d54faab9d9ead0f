import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { TrtDslError } from '@trt-dsl/dsl';
import { cacheFolder } from './cache.ts';

/** The Pythons looked at, best first: the one asked for, the one `install-pytorch.sh` made, the system's, the shell's. */
export const pythonCandidates = (): readonly string[] => [
  ...(process.env['PYTHON'] ? [process.env['PYTHON']] : []),
  join(cacheFolder(), 'python', 'bin', 'python'),
  '/usr/bin/python3',
  'python3',
];

const lookForModules = `
import sys
from importlib.util import find_spec
missing = [name for name in sys.argv[1:] if find_spec(name) is None]
print(' '.join(missing) if missing else sys.executable)
sys.exit(1 if missing else 0)
`;

const found = new Map<string, Promise<string>>();

/**
 * The path of a Python that has the given modules (PyTorch unless told otherwise; `transformers`, `onnx`, `safetensors`
 * and `numpy` are there too once `tools/scripts/install-pytorch.sh` ran, which `npm test` does).
 *
 * @throws {TrtDslError} `unsupported`: no Python at hand has them; the message says what each lacks and how to install it.
 */
export function findPython(modules: readonly string[] = ['torch']): Promise<string> {
  const key = modules.join(' ');
  const python = found.get(key) ?? search(modules);
  found.set(key, python);
  return python;
}

async function search(modules: readonly string[]): Promise<string> {
  const tried: string[] = [];
  for (const python of pythonCandidates()) {
    try {
      const { stdout } = await promisify(execFile)(python, ['-c', lookForModules, ...modules]);
      return stdout.trim();
    } catch (error) {
      const { stdout = '' } = error as { stdout?: string };
      tried.push(`${python} ${stdout.trim() ? `lacks ${stdout.trim()}` : 'does not run'}`);
    }
  }
  throw new TrtDslError(
    'unsupported',
    `found no Python with ${modules.join(', ')} (${tried.join('; ')}); run \`npx trt-dsl setup --pytorch\`, or set PYTHON to the path of one that has them`,
  );
}
