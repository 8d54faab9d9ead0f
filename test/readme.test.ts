import { readFileSync } from 'node:fs';
import { afterEach, expect, test, vi } from 'vitest';

const read = (path: string): string => readFileSync(new URL(path, import.meta.url), 'utf8');
const blocks = [...read('../README.md').matchAll(/^```(\w*)\n(.*?)^```/gms)].map(([, language, text]) => ({
  language: language!,
  text: text!,
}));
/** The block of the README that a line with `words` stands in. */
const block = (language: string, words: string): string =>
  blocks.find((one) => one.language === language && one.text.includes(words))!.text;

afterEach(() => vi.restoreAllMocks());

/** What a program writes on standard output when it is run without arguments. */
async function printed(program: () => Promise<unknown>): Promise<string> {
  const parts: unknown[] = [];
  vi.spyOn(process, 'argv', 'get').mockReturnValue([process.execPath, 'main.js']);
  vi.spyOn(console, 'log').mockImplementation((...words) => void parts.push(`${words.join(' ')}\n`));
  vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => parts.push(chunk) > 0);
  await program();
  vi.restoreAllMocks();
  return parts.join('');
}

test('npm run demo prints the similarities that the README shows', async () => {
  const text = await printed(() => import('../examples/sentence-similarity/src/main.ts'));
  expect(text).toContain(block('', 'Kittens'));
  expect(text).toMatch(/^compile \d+ layers for ONNX Runtime +\d+ ms$/m);
}, 300_000); // the model may have to be fetched

test('npm run mlp prints the listing that the README shows, of the network that it shows', async () => {
  const text = await printed(() => import('../examples/hand-authored-mlp/src/main.ts'));
  expect(text).toContain(block('', 'network mlp'));
  const rows = [...text.matchAll(/^row \d: (.*)$/gm)].map(([, values]) => values!.split(' ').map(Number));
  expect(rows).toHaveLength(2);
  for (const row of rows) expect(row.reduce((a, b) => a + b)).toBeCloseTo(1, 3);

  const source = read('../examples/hand-authored-mlp/src/main.ts');
  const shown = block('ts', "new Network('mlp')").split('\n');
  const network = shown.slice(shown.findIndex((line) => line.startsWith('const net ')));
  const lines = network
    .map((line) => line.replace(/ *\/\/.*/, ''))
    .filter((line) => /^(const (?!result)|using|console)/.test(line));
  expect(lines.length).toBeGreaterThan(7);
  for (const line of lines) expect(source).toContain(line);
});
