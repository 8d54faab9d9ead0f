import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BertConfig, BertFeeds } from '@trt-dsl/bert-model';
import { bytesOf, type FloatType, messageOf, TrtDslError, Weights } from '@trt-dsl/dsl';
import { findPython } from '@trt-dsl/tools';
import { openWeights, writeSafetensors } from '@trt-dsl/weights';
import type { EngineTask } from './engine-file.ts';
import type { Model } from './model.ts';

/** Numbers of one output, in row-major order. */
export interface ReferenceOutput {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}
/** Outputs by name. */
export type ReferenceOutputs = ReadonlyMap<string, ReferenceOutput>;

/** What PyTorch computed. */
export interface Reference {
  /** by the type that it computed in; a type that this machine's PyTorch cannot compute in is left out */
  readonly outputs: ReadonlyMap<FloatType | 'float64', ReferenceOutputs>;
  readonly about: Readonly<Record<string, unknown>>;
}

const script = fileURLToPath(new URL('../python/reference.py', import.meta.url));

/** Hugging Face's names of activations. */
const activations = { gelu: 'gelu', gelu_tanh: 'gelu_pytorch_tanh', relu: 'relu' } as const;

const huggingFaceConfig = (config: BertConfig): Readonly<Record<string, unknown>> => ({
  vocab_size: config.vocabSize,
  hidden_size: config.hiddenSize,
  num_hidden_layers: config.layers,
  num_attention_heads: config.heads,
  intermediate_size: config.intermediateSize,
  hidden_act: activations[config.activation],
  max_position_embeddings: config.maxPositions,
  type_vocab_size: config.typeVocabSize,
  layer_norm_eps: config.layerNormEpsilon,
});

/**
 * Runs transformers' BERT with a model's weights. Those of a Hugging Face folder are read by PyTorch itself, others are
 * handed over in a temporary file.
 * @throws TrtDslError 'unsupported' if there is no Python for it, 'backend' if it failed
 */
export async function runPytorch(
  model: Model,
  task: EngineTask,
  feeds: BertFeeds,
  precisions: readonly (FloatType | 'float64')[],
  signal: AbortSignal,
): Promise<Reference> {
  const python = await findPython(['torch', 'transformers', 'safetensors']);
  const folder = await mkdtemp(join(tmpdir(), 'bert-squad-'));
  try {
    const [inputs, output, own] = ['inputs', 'outputs', 'weights'].map((name) =>
      join(folder, `${name}.safetensors`),
    ) as [string, string, string];
    writeSafetensors(
      inputs,
      Object.entries(feeds).map(([name, { data, shape }]) => [
        name,
        Weights.from({ name, dataType: 'int32', shape: [...shape], read: () => bytesOf(data) }),
      ]),
    );
    const weights = huggingFaceFiles(model) ?? [own];
    if (weights[0] === own) writeSafetensors(own, namedWeights(model, task));
    const request = { config: huggingFaceConfig(model.config), weights, task, inputs, precisions, output };
    const about = JSON.parse(await runPython(python, JSON.stringify(request), signal)) as Record<string, unknown>;
    return { outputs: readOutputs(output), about };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** The safetensors of a Hugging Face model; undefined for any other. */
function huggingFaceFiles({ origin }: Model): string[] | undefined {
  if (!('weights' in origin) || !origin.naming.startsWith('Hugging Face')) return undefined;
  const { weights } = origin;
  if (weights.endsWith('.safetensors')) return [weights];
  if (!existsSync(weights) || !statSync(weights).isDirectory()) return undefined;
  const files = readdirSync(weights).filter((name) => name.endsWith('.safetensors'));
  return files.length > 0 ? files.map((name) => join(weights, name)) : undefined;
}

/** The weights that the network uses, by this project's names. */
function namedWeights(model: Model, task: EngineTask): [string, Weights][] {
  const used = model.graph('fp32', task).weights.filter(({ name }) => /^(embeddings|encoder|pooler|cls)\//.test(name));
  return [...new Map(used.map((weights) => [weights.name, weights])).entries()];
}

function runPython(python: string, request: string, signal: AbortSignal): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'pipe'], signal });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
    });
    child.on('error', (error) =>
      reject(new TrtDslError('backend', `${python}: ${messageOf(error)}`, { cause: error })),
    );
    child.on('close', (code) => {
      if (code === 0) return resolve(stdout);
      const last = stderr.trim().split('\n').at(-1) ?? '';
      reject(new TrtDslError('backend', `PyTorch's BERT failed (${python} ended with ${code}): ${last}`));
    });
    child.stdin.on('error', () => {});
    child.stdin.end(request);
  });
}

function readOutputs(path: string): Map<FloatType | 'float64', Map<string, ReferenceOutput>> {
  const outputs = new Map<FloatType | 'float64', Map<string, ReferenceOutput>>();
  const file = openWeights(path);
  try {
    for (const key of file.keys()) {
      const [precision, name] = key.split('/') as [FloatType | 'float64', string];
      const stored = file.get(key);
      const bytes = Uint8Array.from(stored.as('float32').bytes());
      const data = new Float32Array(bytes.buffer, 0, bytes.byteLength / 4);
      const group = outputs.get(precision) ?? new Map<string, ReferenceOutput>();
      outputs.set(precision, group.set(name, { shape: stored.shape as readonly number[], data }));
    }
  } finally {
    file.close();
  }
  return outputs;
}
