// Puts what runs on another machine with the same Node into one folder: compiled packages, the addons, and the
// dependencies that run time needs. `node tools/scripts/bundle.mjs FOLDER [--with-onnxruntime]`
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';

const [target, ...flags] = process.argv.slice(2);
if (!target || flags.some((flag) => flag !== '--with-onnxruntime')) {
  process.stderr.write('node tools/scripts/bundle.mjs FOLDER [--with-onnxruntime]\n');
  process.exit(1);
}
const root = join(import.meta.dirname, '../..');
const left = new Set([
  'cmake-js',
  'node-api-headers',
  'node-addon-api',
  ...(flags.length > 0 ? [] : ['onnxruntime-node']),
]);
const foreign = /bin\/napi-v\d+\/(darwin|win32|linux\/arm64)/;
/** Of a build folder: the addons and the plugins' library, and folders on the way to them. */
const built = /\.(node|so)$|^build\/(rtx|trt1[01])$/;
const unneeded = /\.(d\.[cm]?ts|map|tsbuildinfo)$/;

const manifest = (folder) => JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
const done = new Set();

/** Copies a package and, unless they are there, the packages it depends on. */
function take(folder, own) {
  const { name, dependencies = {} } = manifest(folder);
  if (done.has(name)) return;
  done.add(name);
  const from = realpathSync(folder);
  const parts = own ? ['package.json', 'bin', 'dist', 'build'] : readdirSync(from);
  for (const part of parts)
    if (existsSync(join(from, part)))
      cpSync(join(from, part), join(target, 'node_modules', name, part), {
        recursive: true,
        filter: (path) => {
          const inside = relative(from, path);
          return (
            !foreign.test(path) &&
            !unneeded.test(path) &&
            !(own && inside.startsWith('build/') && !built.test(inside)) &&
            !(inside.startsWith('node_modules') && own)
          );
        },
      });
  for (const dependency of Object.keys(dependencies)) {
    if (left.has(dependency)) continue;
    const nested = join(from, 'node_modules', dependency);
    take(existsSync(nested) ? nested : join(root, 'node_modules', dependency), dependency.startsWith('@trt-dsl/'));
  }
}

rmSync(target, { recursive: true, force: true });
mkdirSync(target, { recursive: true });
for (const parent of ['packages', 'examples', '.'])
  for (const entry of parent === '.' ? ['tools'] : readdirSync(join(root, parent)))
    if (existsSync(join(root, parent, entry, 'package.json'))) take(join(root, parent, entry), true);
for (const [from, to] of [
  ['test/gpu/dist/gpu', 'gpu'],
  ['test/gpu/dist/minilm', 'minilm'],
  ['test/gpu/dist/support', 'support'],
  ['test/properties/dist', 'properties'],
  ['tools/mutation/dist', 'mutation'],
  ['bench/dist', 'bench'],
])
  if (existsSync(join(root, from)))
    cpSync(join(root, from), join(target, to), { recursive: true, filter: (path) => !unneeded.test(path) });
