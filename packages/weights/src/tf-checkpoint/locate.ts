import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, isAbsolute, join } from 'node:path';
import { FileBytes, fileError } from '../file-bytes.ts';
import { isTable } from './table.ts';

/** The text file that tf.train.Saver keeps beside checkpoints: `model_checkpoint_path: "model.ckpt-3"`. */
const stateFile = 'checkpoint';
const index = '.index';

const isFile = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** The prefix that a `checkpoint` file names as the latest. */
function latest(folder: string): string {
  const path = join(folder, stateFile);
  const text = readFileSync(path, 'utf8');
  const [, name] = /^\s*model_checkpoint_path:\s*"((?:[^"\\]|\\.)*)"/m.exec(text) ?? [];
  if (!name || name.includes('\0')) throw fileError(path, 0, 'has no line `model_checkpoint_path: "…"`');
  const written = name.replaceAll(/\\(.)/g, '$1');
  const candidates = [isAbsolute(written) ? written : join(folder, written), join(folder, basename(written))];
  const prefix = candidates.find((candidate) => isFile(candidate + index));
  if (prefix === undefined) {
    const old = candidates.find((candidate) => isFile(candidate));
    if (old !== undefined) refuseV1(old);
    throw fileError(path, 0, `names "${written}", but there is no ${basename(written)}${index} there`);
  }
  return prefix;
}

/**
 * The prefix of the checkpoint that a path means: a prefix, an `.index` or `.data-…` file, a SavedModel, a folder with a `checkpoint`
 * file (which names the latest) or with one `.index`; undefined if the path means no checkpoint.
 * @throws TrtDslError 'file' for a folder of several checkpoints without a `checkpoint` file, and for V1 checkpoints
 */
export function checkpointPrefix(path: string): string | undefined {
  if (isFile(path + index)) return path;
  const status = statSync(path, { throwIfNoEntry: false });
  if (status === undefined) return undefined;
  if (!status.isDirectory()) {
    const prefix = path.replace(/\.index$|\.data-\d{5}-of-\d{5}$/, '');
    if (prefix !== path) return prefix;
    if (endsAsTable(path)) refuseV1(path);
    return undefined;
  }
  if (existsSync(join(path, stateFile))) return latest(path);
  const variables = join(path, 'variables', 'variables');
  if (isFile(variables + index)) return variables;
  const found = readdirSync(path).filter((name) => name.endsWith(index));
  if (found.length > 1)
    throw fileError(
      path,
      undefined,
      `holds several checkpoints (${found.sort().join(', ')}) and no \`checkpoint\` file; name one of them`,
    );
  return found.length === 1 ? join(path, found[0]!.slice(0, -index.length)) : undefined;
}

function endsAsTable(path: string): boolean {
  const file = new FileBytes(path);
  try {
    return isTable(file);
  } finally {
    file.close();
  }
}

function refuseV1(path: string): never {
  throw fileError(
    path,
    undefined,
    'is a TensorFlow V1 checkpoint (one file, no .index), which is not read. Convert it once in Python: restore it in a ' +
      'tf.compat.v1.Session with Saver.restore and save it with tf.compat.v1.train.Saver(write_version=2)',
  );
}
