// Makes the folder that minilm.ts and all.sh take: node minilm-folder.js MINILM
// all-MiniLM-L6-v2, fetched once as by `npm run demo`, and ids.json, the token ids of test/minilm/texts.ts by our tokenizer.
import { cpSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBert } from '@trt-dsl/bert-model';
import { messageOf } from '@trt-dsl/dsl';
import { fetchMiniLM } from '@trt-dsl/tools';
import { texts } from '../minilm/texts.ts';

/** The longest sequence that sentence-transformers gives this model, and the largest of minilm.ts's profile. */
const maxLength = 256;

/** Fills a folder; returns how many tokens each text has. */
async function fill(folder: string): Promise<number[]> {
  const fetched = await fetchMiniLM();
  mkdirSync(folder, { recursive: true });
  cpSync(fetched, folder, { recursive: true });
  using model = openBert(folder);
  const rows = texts.map((text) => model.tokenizer.encode(text, undefined, { maxLength }).ids);
  writeFileSync(join(folder, 'ids.json'), `[\n${rows.map((row) => JSON.stringify(row)).join(',\n')}\n]\n`);
  return rows.map(({ length }) => length);
}

const [folder, ...rest] = process.argv.slice(2);
if (!folder || folder.startsWith('-') || rest.length > 0) {
  process.stderr.write('node minilm-folder.js MINILM: puts all-MiniLM-L6-v2 and ids.json into the folder MINILM\n');
  process.exitCode = 2;
} else {
  try {
    const lengths = await fill(folder);
    process.stdout.write(`${folder}: all-MiniLM-L6-v2, ${lengths.length} texts of ${lengths.join(', ')} tokens\n`);
  } catch (error) {
    process.stderr.write(`minilm-folder: ${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}
