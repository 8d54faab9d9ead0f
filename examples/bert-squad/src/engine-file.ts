import { createHash } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import type { BertConfig, Tokenizer } from '@trt-dsl/bert-model';
import { type Engine, messageOf, TrtDslError } from '@trt-dsl/dsl';
import { version, writeFileWhole } from '@trt-dsl/tools';
import { type BackendVersion, backendNames, formatBackend, type OpenBackend, openBackend } from './backends.ts';
import {
  fitting,
  type ModelArgs,
  type TokenizerData,
  tokenizerFrom,
  vocabularyAt,
  type WeightsOrigin,
} from './model.ts';
import type { NetworkSettings } from './network.ts';
import { libraryFor } from './plugins.ts';
import type { BertProfile } from './profiles.ts';

const format = 'bert-squad engine 2';

/** The networks that engines are built for. */
export const engineTasks = ['question-answering', 'pooled'] as const;
export type EngineTask = (typeof engineTasks)[number];

/** What TensorRT was told of how to build; null for what it chose itself. */
export interface BuilderSettings {
  /** MiB of scratch memory a tactic may use */
  readonly workspace: number | null;
  readonly optimizationLevel: number | null;
}

/** What stands in the JSON beside an engine: all that the other commands need to know. */
export interface EngineDescription extends NetworkSettings {
  readonly format: string;
  readonly task: EngineTask;
  readonly tf32: boolean;
  readonly builder: BuilderSettings;
  readonly profiles: readonly BertProfile[];
  readonly backend: BackendVersion;
  readonly versions: { readonly bertSquad: string; readonly node: string };
  /** `sha256:…` of the engine's bytes */
  readonly checksum: string;
  readonly bytes: number;
  readonly origin: WeightsOrigin;
  readonly config: BertConfig;
  readonly tokenizer: TokenizerData | null;
}

/** Where the description of an engine lies. */
export const descriptionPath = (engine: string): string => `${engine}.json`;

/** `sha256:…` of bytes, or of a text's UTF-8. */
export const checksumOf = (content: Uint8Array | string): string =>
  `sha256:${createHash('sha256').update(content).digest('hex')}`;

/**
 * Writes an engine and its description. Each file appears when it is whole, the description last.
 * @throws TrtDslError 'file'
 */
export async function writeEngine(
  path: string,
  engine: Pick<Engine, 'serialize'>,
  about: Omit<EngineDescription, 'format' | 'versions' | 'checksum' | 'bytes'>,
): Promise<EngineDescription> {
  const bytes = engine.serialize();
  const description: EngineDescription = {
    format,
    task: about.task,
    precision: about.precision,
    quantization: about.quantization,
    calibration: about.calibration,
    plugins: about.plugins,
    tf32: about.tf32,
    builder: about.builder,
    profiles: about.profiles,
    backend: about.backend,
    versions: { bertSquad: version, node: process.versions.node },
    checksum: checksumOf(bytes),
    bytes: bytes.byteLength,
    origin: about.origin,
    config: about.config,
    tokenizer: about.tokenizer,
  };
  writeFileWhole(path, bytes);
  writeFileWhole(descriptionPath(path), lineByKey(description));
  return description;
}

/** JSON with a line for each key: thirty thousand tokens need no line each. */
const lineByKey = (object: object): string =>
  `{\n${Object.entries(object)
    .map(([key, value]) => ` ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
    .join(',\n')}\n}\n`;

/**
 * The description of an engine.
 * @throws TrtDslError 'file' if it is missing, malformed or of another version
 */
export async function readDescription(engine: string): Promise<EngineDescription> {
  const path = descriptionPath(engine);
  if (!existsSync(engine))
    throw new TrtDslError('file', `${engine}: there is no such engine; \`bert-squad build\` makes one`);
  if (statSync(engine).isDirectory())
    throw new TrtDslError('file', `${engine}: is a folder; name the engine's file in it`);
  if (!existsSync(path))
    throw new TrtDslError('file', `${engine}: no ${path} beside it, which \`bert-squad build\` writes; build it again`);
  let json: EngineDescription;
  try {
    json = JSON.parse(await readFile(path, 'utf8')) as EngineDescription;
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be read as JSON: ${messageOf(error)}`, { cause: error });
  }
  if (json?.format !== format)
    throw new TrtDslError(
      'file',
      `${path}: "format" is ${JSON.stringify(json?.format)}, expected "${format}": another version wrote it; build the engine again`,
    );
  const broken = (['profiles', 'backend', 'config', 'precision', 'task', 'checksum'] as const).find(
    (key) => json[key] === undefined,
  );
  if (
    broken ||
    !backendNames.includes(json.backend.name) ||
    !Array.isArray(json.profiles) ||
    json.profiles.length === 0
  )
    throw new TrtDslError('file', `${path}: "${broken ?? 'profiles'}" is missing or malformed; build the engine again`);
  // What descriptions did not have from the beginning.
  const { quantization = null, plugins = null, builder = { workspace: null, optimizationLevel: null } } = json;
  return {
    ...json,
    plugins,
    builder,
    quantization: quantization && { ...quantization, sequenceFirst: quantization.sequenceFirst ?? false },
  };
}

/** An engine from a file, ready to run. */
export interface OpenEngine extends Disposable {
  readonly path: string;
  readonly about: EngineDescription;
  readonly engine: Engine;
  readonly backend: OpenBackend;
}

/**
 * Loads an engine, the library of its plugins, and its description.
 * @throws TrtDslError 'file' if the bytes are not those described; 'unsupported' if the library of its plugins is
 * missing; 'backend' if another version of TensorRT built it
 */
export async function openEngine(path: string, options: { readonly cudaGraph?: boolean } = {}): Promise<OpenEngine> {
  const about = await readDescription(path);
  const bytes = await readFile(path);
  const found = checksumOf(bytes);
  if (found !== about.checksum)
    throw new TrtDslError(
      'file',
      `${path}: its ${bytes.length} bytes have ${found}, its description says ${about.checksum} (${about.bytes} bytes): copy both files again, or build`,
    );
  const pluginLibrary = libraryFor(path, about.plugins);
  const backend = await openBackend(about.backend.name, about.backend.product);
  if (backend.about.version !== about.backend.version)
    throw new TrtDslError(
      'backend',
      `${path}: built by ${formatBackend(about.backend)}, but here is ${formatBackend(backend.about)}: build it again here`,
    );
  requireGpu(path, backend);
  const engine = await backend.load(bytes, { ...options, pluginLibrary });
  return { path, about, engine, backend, [Symbol.dispose]: () => engine.close() };
}

/** TensorRT builds in some places where it cannot run. @throws TrtDslError 'backend' */
function requireGpu(path: string, { tensorrt, about }: OpenBackend): void {
  if (!tensorrt) return;
  let reason = 'the driver knows of none';
  try {
    if (tensorrt.tensorrt.cuda().devices.length > 0) return;
  } catch (error) {
    reason = messageOf(error).split('\n')[0]!;
  }
  throw new TrtDslError(
    'backend',
    `${path}: ${formatBackend(about)} runs on an NVIDIA GPU, and here is none (${reason})`,
  );
}

/**
 * The tokenizer that a command names, or that an engine was built with.
 * @throws TrtDslError 'argument' if there is none, or it is another model's
 */
export function tokenizerOf(
  { path, about }: Pick<OpenEngine, 'path' | 'about'>,
  { 'vocab-file': named, cased }: Pick<ModelArgs, 'vocab-file' | 'cased'>,
): Tokenizer {
  if (named !== undefined) return fitting(vocabularyAt(named, cased), about.config);
  if (about.tokenizer) return tokenizerFrom(about.tokenizer, descriptionPath(path));
  throw new TrtDslError('argument', `${path}: was built without a vocabulary; name one with --vocab-file`);
}
