import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';
import { cacheFolder, checkoutRoot } from '../cache.ts';
import type { CommandContext, Report } from '../command.ts';
import { findTensorRT } from '../tensorrt/find.ts';
import type { Product } from '../tensorrt/products.ts';
import { buildAddon, findAddons } from './addons.ts';
import { headers, libraries } from './artifacts.ts';
import { ensureHeaders, headersFolder } from './headers.ts';
import { hasLibraries, installLibraries, librariesFolder } from './libraries.ts';
import { withLock } from './lock.ts';
import { runProcess } from './run-process.ts';

export interface SetupOptions {
  readonly product: readonly Product[];
  readonly libraries: boolean;
  readonly addons: boolean;
  readonly fetch: boolean;
  readonly verify: boolean;
  readonly pytorch: boolean;
}

/** What became of one thing: it was there, it is the user's own, or it was fetched or built now. */
interface Outcome {
  readonly what: string;
  readonly state: 'present' | 'yours' | 'fetched' | 'built';
  readonly path: string;
  readonly version?: string;
}

/** `trt-dsl setup`: finds or fetches headers and libraries, then builds the addons; each step does only what is missing. */
export async function setup(options: SetupOptions, context: CommandContext): Promise<Report> {
  const cache = cacheFolder();
  const { signal, progress } = context;
  const onWait = (pid: number) => progress.note(`waiting for another trt-dsl setup (process ${pid})`);
  return withLock(join(cache, 'setup.lock'), () => setUpAll(cache, options, context), { signal, onWait });
}

async function setUpAll(cache: string, options: SetupOptions, context: CommandContext): Promise<Report> {
  const outcomes: Outcome[] = [];
  if (options.pytorch) outcomes.push(await installPytorch(cache, context));
  outcomes.push(...(await setUpHeaders(cache, context)));
  if (options.libraries)
    for (const product of options.product) outcomes.push(await setUpLibrary(cache, product, options, context));
  if (options.addons) outcomes.push(...(await setUpAddons(cache, context)));
  return { json: { cache, outcomes }, text: [`cache: ${cache}`, ...outcomes.map(line)].join('\n') };
}

const line = ({ what, state, version, path }: Outcome): string =>
  `${what.padEnd(24)} ${state.padEnd(8)} ${version ? `${version}  ` : ''}${path}`;

async function setUpHeaders(cache: string, context: CommandContext): Promise<Outcome[]> {
  const fetched = await ensureHeaders(cache, context);
  return headers.map(({ product, folder }) => ({
    what: `${product} headers`,
    state: fetched.includes(folder) ? 'fetched' : 'present',
    path: join(headersFolder(cache), folder),
  }));
}

async function setUpLibrary(
  cache: string,
  product: Product,
  options: SetupOptions,
  context: CommandContext,
): Promise<Outcome> {
  const artifact = libraries.find((each) => each.product === product)!;
  const what = `${product} libraries`;
  const path = librariesFolder(cache, artifact);
  const own = options.fetch ? undefined : await findTensorRT(product);
  if (own && own.place !== 'cache') {
    return { what, state: 'yours', path: own.path, ...(own.version && { version: own.version }) };
  }
  if (await hasLibraries(cache, artifact, options.verify))
    return { what, state: 'present', path, version: artifact.version };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new TrtDslError(
      'unsupported',
      `the ${product} libraries can be fetched for linux-x64, this is ${process.platform}-${process.arch}; install TensorRT yourself and set TENSORRT_ROOT to its folder`,
    );
  }
  await installLibraries(cache, artifact, context);
  return { what, state: 'fetched', path, version: artifact.version };
}

async function setUpAddons(cache: string, context: CommandContext): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const addon of await findAddons(cache)) {
    if (addon.state !== 'built') await buildAddon(cache, addon, context);
    const state = addon.state === 'built' ? 'present' : 'built';
    outcomes.push({ what: `${addon.product} addon`, state, path: addon.path });
  }
  return outcomes;
}

async function installPytorch(cache: string, { signal, progress }: CommandContext): Promise<Outcome> {
  const root = checkoutRoot();
  if (!root)
    throw new TrtDslError(
      'unsupported',
      '--pytorch is for a checkout of trt-dsl, whose tests need it; this is an installed package',
    );
  const script = join(root, 'tools', 'scripts', 'install-pytorch.sh');
  const said = await runProcess(script, [], {
    signal,
    remedy: 'or set PYTHON to a Python that has torch, transformers, onnx and safetensors',
  });
  for (const note of said.split('\n').filter(Boolean)) progress.note(note);
  return {
    what: 'PyTorch for the tests',
    state: said ? 'built' : 'present',
    path: join(cache, 'python', 'bin', 'python'),
  };
}
