import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { TrtDslError } from '@trt-dsl/dsl';

/** Masked language models looked for, best first. */
const names = ['bert-large-uncased-whole-word-masking', 'bert-base-uncased', 'bert-base-cased'];

/**
 * A masked language model that Hugging Face's tools have put into their cache (`$HF_HOME/hub`).
 * @throws TrtDslError 'file' that says how to get one
 */
export function findMaskedModel(environment: NodeJS.ProcessEnv = process.env): string {
  const home = environment['HF_HOME'] ?? join(homedir(), '.cache', 'huggingface');
  const hub = environment['HF_HUB_CACHE'] ?? join(home, 'hub');
  for (const name of names)
    for (const folder of [`models--${name}`, `models--google-bert--${name}`]) {
      const snapshots = join(hub, folder, 'snapshots');
      for (const snapshot of existsSync(snapshots) ? readdirSync(snapshots) : []) {
        const path = join(snapshots, snapshot);
        if (existsSync(join(path, 'model.safetensors'))) return path;
      }
    }
  throw new TrtDslError(
    'file',
    `no --model is named, and ${hub} has none of ${names.join(', ')}: name a checkpoint, or get one with \`hf download bert-base-uncased\``,
  );
}
