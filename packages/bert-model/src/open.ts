import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FloatType, TrtDslError } from '@trt-dsl/dsl';
import { openWeights, type Pattern, WeightStore, type WeightsFile } from '@trt-dsl/weights';
import { type BertConfig, readConfig } from './config.ts';
import { type BertGraph, type BertOptions, type BertTask, bert } from './model.ts';
import { detectNaming, heads } from './names.ts';
import { hasTokenizer, readTokenizer, type Tokenizer } from './tokenizer/index.ts';

/** Where the parts of a pretrained BERT lie. */
export interface BertSource {
  /**
   * whatever openWeights reads: a Hugging Face folder, a TensorFlow checkpoint, .npz, a folder of .npy; or a file that is
   * open already, as weightsOf(openOnnxWeights(path), path) is, which stays its owner's to close
   */
  readonly weights: string | WeightsFile;
  /** config.json or bert_config.json, or a folder that has one; by default beside the weights */
  readonly config?: string;
  /** the folder of vocab.txt or tokenizer.json; by default that of the config, or of the weights */
  readonly tokenizer?: string;
}

/** A pretrained BERT, opened: nothing of its weights has been read yet. */
export interface PretrainedBert extends Disposable {
  readonly config: BertConfig;
  readonly file: WeightsFile;
  /** what kind of names the weights have */
  readonly naming: string;
  /** The tokenizer of the source; read when it is first asked for. */
  readonly tokenizer: Tokenizer;
  /**
   * The network for a task, in a data type, with these weights.
   * @throws WeightsError that lists together what is missing, of another shape, and unused
   */
  graph<D extends FloatType, T extends BertTask = 'hidden'>(dataType: D, options?: BertGraphOptions<T>): BertGraph<T>;
  close(): void;
}

/** How `PretrainedBert.graph` builds. */
export interface BertGraphOptions<T extends BertTask = BertTask> extends BertOptions<T> {
  /** keys of the file that may be left over, by the file's names; those of other heads may in any case */
  readonly allowUnused?: readonly Pattern[];
}

/**
 * Opens a pretrained BERT.
 * @param source a folder in Hugging Face's layout; a checkpoint with config and vocabulary beside it; or where each part lies
 * @throws TrtDslError 'file' or 'weights' that names the file
 */
export function openBert(source: string | BertSource): PretrainedBert {
  const parts = typeof source === 'string' ? { weights: source } : source;
  const { weights } = parts;
  const path = typeof weights === 'string' ? weights : weights.path;
  if (typeof weights === 'string') refuseOnnx(weights);
  const folder = parts.config ?? path;
  // What is no checkpoint is told as such, not by the config that it lacks.
  const file = typeof weights === 'string' ? openWeights(weights) : weights;
  const close = (): void => {
    if (file !== weights) file.close();
  };
  const { configPath, config, naming } = orClose(close, () => {
    const configPath = configFile(folder);
    return { configPath, config: readConfig(configPath), naming: detectNaming(file.keys(), path) };
  });
  let tokenizer: Tokenizer | undefined;
  return {
    config,
    file,
    naming: naming.name,
    get tokenizer() {
      tokenizer ??= readTokenizer(parts.tokenizer ?? tokenizerFolder(folder, configPath, path));
      return tokenizer;
    },
    graph(dataType, { allowUnused = [], ...options } = {}) {
      const store = WeightStore.of(file, dataType, { naming });
      return store.strict((weights) => bert(weights, config, options), { allowUnused: [...heads, ...allowUnused] });
    },
    close,
    [Symbol.dispose]: close,
  };
}

/** What `read` gives; where it throws, `close` is called before. */
function orClose<T>(close: () => void, read: () => T): T {
  try {
    return read();
  } catch (error) {
    close();
    throw error;
  }
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/** An ONNX file has a network of its own, and this package does not read it: says what does. */
function refuseOnnx(path: string): void {
  const names = isFolder(path) ? readdirSync(path) : [];
  const onnx = path.endsWith('.onnx') ? path : names.find((name) => name.endsWith('.onnx'));
  if (onnx === undefined || names.some((name) => /\.(safetensors|npz|npy|index|index\.json)$/.test(name))) return;
  const file = isFolder(path) ? join(path, onnx) : onnx;
  throw new TrtDslError(
    'file',
    `${file} is an ONNX model, which has its network inside: importOnnx('${file}') of @trt-dsl/onnx-backend is its graph; ` +
      `to build this package's network from its weights, open them: openBert({ weights: ` +
      `weightsOf(openOnnxWeights('${file}'), '${file}'), config }), weightsOf being of @trt-dsl/weights`,
  );
}

/** The first of some folders, or of those that files lie in, that has a vocabulary; the first of all if none has. */
function tokenizerFolder(...paths: readonly string[]): string {
  const folders = paths.map((path) => (isFolder(path) ? path : dirname(path)));
  return folders.find(hasTokenizer) ?? folders[0]!;
}

/** The config file: `path` itself, or the one in it or beside it. */
function configFile(path: string): string {
  if (path.endsWith('.json') && !path.endsWith('.index.json')) return path;
  const folders = [path, join(path, '..')];
  const found = folders
    .flatMap((folder) => ['config.json', 'bert_config.json'].map((name) => join(folder, name)))
    .find(existsSync);
  if (found) return found;
  throw new TrtDslError('file', `${path}: neither config.json nor bert_config.json is in it or beside it; name one`);
}
