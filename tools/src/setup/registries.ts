import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CommandContext } from '../command.ts';
import { findPython } from '../python.ts';
import type { HeaderArtifact, LibraryArtifact } from './artifacts.ts';
import { runProcess } from './run-process.ts';

const own = 'or install TensorRT yourself and set TENSORRT_ROOT to its folder';

/** Vendors a Rust crate with cargo and returns its folder. No Rust is compiled. */
export async function fetchCrate(crate: HeaderArtifact['crate'], folder: string, { progress, signal }: CommandContext) {
  const { name, version } = crate;
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'lib.rs'), '');
  await writeFile(
    join(folder, 'Cargo.toml'),
    `[package]\nname = "stub"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n` +
      `[dependencies]\n${name} = { version = "=${version}", default-features = false }\n`,
  );
  await watching(
    folder,
    (bytes) => progress.bytes(`cargo vendor ${name} ${version}`, bytes),
    () =>
      runProcess('cargo', ['vendor', '--quiet', 'vendor'], {
        cwd: folder,
        signal,
        remedy:
          'the TensorRT headers come as a Rust crate: install cargo (https://rustup.rs) and run `npx trt-dsl setup` again',
      }),
  );
  return join(folder, 'vendor', name);
}

/** Downloads the archive of a product's libraries into a folder and returns its path. */
export async function fetchArchive(
  artifact: LibraryArtifact,
  folder: string,
  context: CommandContext,
): Promise<string> {
  const { source, archive, product } = artifact;
  const { progress, signal } = context;
  const show = (bytes: number) => progress.bytes(`${product} ${artifact.version}`, bytes, archive.bytes);
  if (source.registry === 'pypi') {
    const python = await findPython(['pip']);
    const wanted = `${source.package}==${source.version}`;
    const platform = ['--only-binary=:all:', '--platform', source.platform];
    const args = ['-m', 'pip', 'download', '--quiet', '--no-input', '--disable-pip-version-check', '--no-deps'];
    await watching(folder, show, () =>
      runProcess(python, [...args, ...platform, '--dest', folder, wanted], {
        env: { ...process.env, TMPDIR: folder }, // where pip writes while it downloads
        signal,
        remedy: `check that pip reaches its package index, ${own}`,
      }),
    );
    return join(folder, archive.name);
  }
  const repository = join(folder, 'repository'); // of its own: a gigabyte fewer in ~/.m2, and nothing left when interrupted
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:get';
  const artifactArgs = [`-Dartifact=${source.coordinates}`, '-Dtransitive=false'];
  await watching(repository, show, () =>
    runProcess('mvn', ['--batch-mode', '--quiet', `-Dmaven.repo.local=${repository}`, goal, ...artifactArgs], {
      cwd: folder,
      signal,
      remedy: `the libraries come as a Maven artifact: install Maven (apt-get install maven), ${own}`,
    }),
  );
  const [group, name, version] = source.coordinates.split(':') as [string, string, string];
  return join(repository, ...group.split('.'), name, version, archive.name);
}

/** Tells every half second how many bytes lie in a folder, while `work` goes on and not a moment longer. */
async function watching<T>(folder: string, onBytes: (bytes: number) => void, work: () => Promise<T>): Promise<T> {
  let ended = false;
  const tell = (bytes: number) => {
    if (!ended) onBytes(bytes);
  };
  const timer = setInterval(() => void folderBytes(folder).then(tell), 500);
  try {
    return await work();
  } finally {
    clearInterval(timer);
    ended = true;
  }
}

/** The bytes of all files of a folder; 0 where there is no folder. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const files = entries.filter((entry) => entry.isFile());
  const sizes = files.map((entry) =>
    stat(join(entry.parentPath, entry.name))
      .then(({ size }) => size)
      .catch(() => 0),
  );
  return (await Promise.all(sizes)).reduce((a, b) => a + b, 0);
}
