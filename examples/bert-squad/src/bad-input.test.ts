import { copyFileSync, cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bertSquad, failure, fixture, report, temporaryFolder } from './test-support/bert-squad.ts';

let folder: string;
let engine: string;
const remove: (() => void)[] = [];

beforeAll(async () => {
  folder = temporaryFolder((end) => remove.push(end));
  engine = join(folder, 'tiny.engine');
  await report('build', '-m', fixture('huggingface'), '-o', engine, '-b', '4', '-s', '64', '--backend', 'onnx');
});
afterAll(() => {
  for (const end of remove) end();
});

/** A file with this text; its path. */
function file(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

/** A copy of the engine whose description is changed. */
function changed(name: string, change: (description: Record<string, unknown>) => void): string {
  const path = join(folder, name);
  copyFileSync(engine, path);
  const description = JSON.parse(readFileSync(`${engine}.json`, 'utf8'));
  change(description);
  writeFileSync(`${path}.json`, JSON.stringify(description));
  return path;
}

const passage = ['-p', 'The Eiffel Tower stands in Paris.'];

describe('one clear line for', () => {
  test('an empty passage', async () => {
    expect(await failure('infer', '-e', engine, '-p', ' ', '-q', 'What?')).toContain('the passage is empty');
    const empty = file('empty.txt', '\n');
    expect(await failure('infer', '-e', engine, '-pf', empty, '-q', 'What?')).toContain(
      `${empty}: the passage is empty`,
    );
    const binary = fixture('huggingface/model.safetensors');
    expect(await failure('infer', '-e', engine, '-pf', binary, '-q', 'What?')).toContain('holds binary data');
    expect(await failure('infer', '-e', engine, '-p', '\u200b', '-q', 'What?')).toContain('the passage has no text');
  });

  test('a question longer than allowed', async () => {
    const question = 'what '.repeat(70);
    expect(await failure('infer', '-e', engine, ...passage, '-q', question)).toMatch(
      /the question has \d+ tokens, more than maxQueryLength 64/,
    );
    const args = ['-q', question, '--max-query-length', '62', '--long-question', 'truncate'];
    expect(await failure('infer', '-e', engine, ...passage, ...args)).toContain('leave no room for the passage in 64');
  });

  test('shapes that no profile takes', async () => {
    expect(await failure('infer', '-e', engine, ...passage, '-q', 'What?', '-b', '8')).toBe(
      'bert-squad: no profile of the engine takes batch 8 × sequence 64; it takes batch 1 to 4 × sequence 64',
    );
    expect(await failure('infer', '-e', engine, ...passage, '-q', 'What?', '-s', '96')).toContain(
      'sequence 96; it takes',
    );
    expect(await failure('perf', '-e', engine, '-b', '1', '-s', '128')).toContain('batch 1 × sequence 128; it takes');
    expect(await failure('compare', '-e', engine, '-b', '5')).toContain('batch 5 × sequence 64; it takes');
  });

  test('a folder for an engine, and what is no checkpoint though it has no config either', async () => {
    expect(await failure('infer', '-e', folder, ...passage, '-q', 'What?')).toContain(`${folder}: is a folder`);
    const empty = file('no-checkpoint', '');
    expect(await failure('build', '-m', empty, '-o', join(folder, 'x'))).toContain(`${empty}: at byte 0: begins like`);
  });

  test('an engine from another version', async () => {
    const old = changed('old.engine', (description) => {
      description['format'] = 'bert-squad engine 0';
    });
    expect(await failure('infer', '-e', old, ...passage, '-q', 'What?')).toContain(
      '"format" is "bert-squad engine 0", expected "bert-squad engine 2"',
    );
    const other = changed('other.engine', (description) => {
      description['backend'] = { name: 'onnx', product: '', version: 'opset 3' };
    });
    expect(await failure('infer', '-e', other, ...passage, '-q', 'What?')).toContain(
      'built by ONNX Runtime (opset 3), but here is ONNX Runtime (opset',
    );
    const rtx = changed('rtx.engine', (description) => {
      description['backend'] = { name: 'tensorrt-rtx', product: 'rtx', version: '1.0.0' };
    });
    expect(await failure('infer', '-e', rtx, ...passage, '-q', 'What?')).toContain(
      'built by TensorRT-RTX 1.0.0, but here is TensorRT-RTX 1.',
    );
  });

  test('an engine that is damaged, incomplete or not there', async () => {
    const damaged = changed('damaged.engine', () => {});
    const bytes = readFileSync(damaged);
    bytes[1000]! ^= 1;
    writeFileSync(damaged, bytes);
    expect(await failure('infer', '-e', damaged, ...passage, '-q', 'What?')).toMatch(/its \d+ bytes have sha256:/);
    expect(await failure('perf', '-e', join(folder, 'none'))).toContain('there is no such engine');
    expect(await failure('perf', '-e', file('alone', 'x'))).toContain('no ');
    const broken = changed('broken.engine', (description) => {
      delete description['profiles'];
    });
    expect(await failure('perf', '-e', broken)).toContain('"profiles" is missing');
    writeFileSync(`${broken}.json`, '{');
    expect(await failure('perf', '-e', broken)).toContain('cannot be read as JSON');
  });

  test('malformed SQuAD JSON', async () => {
    const out = ['-o', join(folder, 'p.json')];
    const no = (text: string): Promise<string> => failure('infer', '-e', engine, '-sq', file('bad.json', text), ...out);
    expect(await no('{"data": [')).toContain('bad.json');
    expect(await no('{"data": [{"paragraphs": [{"qas": []}]}]}')).toContain('data[0].paragraphs[0]');
    expect(await no('{"data": [{"paragraphs": [{"context": "", "qas": [{"id": "1", "question": "?"}]}]}]}')).toContain(
      'question "1": the passage has no text',
    );
    const bad = file('bad.json', '[]');
    expect(await failure('evaluate', bad, '-sq', fixture('squad.json'))).toContain('bad.json');
    expect(await failure('evaluate', file('p.json', '{}'), '-sq', fixture('squad-v2.json'))).toContain(
      'no prediction for 15',
    );
  });

  test('a vocabulary that does not fit the embedding', async () => {
    const words = readFileSync(fixture('huggingface/vocab.txt'), 'utf8');
    const large = file('large.txt', `${words}one-more\n`);
    const message = /large.txt has 193 tokens, but the network's embedding 192 rows/;
    expect(await failure('build', '-m', fixture('npy'), '-v', large, '-s', '64', '-o', join(folder, 'x'))).toMatch(
      message,
    );
    expect(await failure('infer', '-e', engine, '-v', large, ...passage, '-q', 'What?')).toMatch(message);
    const foreign = file('foreign.txt', 'a\nb\n');
    expect(await failure('infer', '-e', engine, '-v', foreign, ...passage, '-q', 'What?')).toContain('no [UNK]');
  });

  test('sizes that cannot be built', async () => {
    const build = ['build', '-m', fixture('npy'), '-o', join(folder, 'x'), '--backend', 'onnx'];
    expect(await failure(...build, '-s', '128')).toContain(
      '--sequence-length 128: the network has embeddings for 96 positions',
    );
    expect(await failure(...build, '-b', '0')).toContain('--batch-size "0"');
    expect(await failure(...build, '-b', '8:4:1')).toContain('--batch-size "8:4:1"');
    const { exitCode, stderr } = await bertSquad(...build, '--workspace', 'much');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 2,
      stderr:
        'bert-squad: --workspace is much; expected one whole number from 1; `bert-squad <command> --help` explains\n',
    });
    expect(await failure(...build, '--fp16', '--precision', 'fp32')).toContain('--fp16 contradicts --precision fp32');
  });

  test('weights that are not there, or not named', async () => {
    const out = ['-o', join(folder, 'x'), '--backend', 'onnx'];
    expect(await failure('build', ...out)).toContain('name the model by --weights (-m) or by --random-weights');
    expect(await failure('build', ...out, '-m', fixture('npy'), '--random-weights', 'base')).toContain('one of them');
    expect(await failure('build', ...out, '-m', join(folder, 'nowhere'), '-c', fixture('npy'))).toContain('nowhere');
    expect(await failure('build', ...out, '-m', fixture('npy'), '-c', folder)).toContain('neither config.json');
  });

  test('weights without the head', async () => {
    const headless = join(folder, 'headless');
    cpSync(fixture('npy'), headless, { recursive: true, filter: (path) => !path.includes('cls_squad') });
    const build = ['build', '-m', headless, '-o', join(folder, 'x'), '--backend', 'onnx', '-s', '64'];
    expect(await failure(...build)).toBe(
      `bert-squad: ${headless}: there is no head for question answering in it; --task pooled goes without`,
    );
    await report(...build, '--task', 'pooled');
    rmSync(join(headless, 'l0_output_dense_bias.npy'));
    expect(await failure(...build)).toContain('3 missing');
  });

  test('a place that nothing can be written to, before any work', async () => {
    const [below, made] = [join(file('a-file', ''), 'x.json'), join(folder, 'made', 'p.json')];
    const squad = ['infer', '-e', engine, '-sq', fixture('squad.json'), '-o'];
    for (const command of [
      [...squad, below],
      [...squad, made, '--n-best-file', below],
      [...squad, made, '--null-odds-file', below],
      ['compare', '-m', fixture('npy'), '--with', 'onnxruntime', '--backend', 'onnx', '-o', below],
      ['perf', '-e', engine, '-o', below],
      ['perf', '-m', fixture('npy'), '--backend', 'onnx', '-b', '1', '-s', '32', '--engines', file('kept', '')],
      ['export', '-m', fixture('npy'), '-o', below],
      ['inspect', '-m', fixture('npy'), '-o', below],
    ]) {
      const { exitCode, stderr } = await bertSquad(...command);
      expect({ exitCode, stderr }, command.join(' ')).toEqual({
        exitCode: 1,
        stderr: expect.stringMatching(/(^|\n)bert-squad: .*: cannot be written: E\w+: .*\n$/),
      });
      expect(stderr).not.toContain('the reference');
    }
    expect(existsSync(made)).toBe(false);
    await report(...squad, made);
    expect(existsSync(made)).toBe(true);
  });

  test('options that would change nothing beside an engine', async () => {
    const refused = async (...command: string[]): Promise<string> =>
      /bert-squad: (.*): not beside --engine; the engine stays as it was built$/.exec(await failure(...command))![1]!;
    const beside = (command: string): string[] => [...command.split(' '), '-e', engine];
    expect(await refused(...beside('compare --precision int8 --plugins auto'))).toBe('--precision, --plugins');
    expect(await refused(...beside('compare --with onnxruntime --tf32'))).toBe('--tf32');
    const builder = '--workspace 5 --timing-cache x --optimization-level 5';
    expect(await refused(...beside(`perf ${builder} --backend onnx`))).toBe(
      '--backend, --workspace, --timing-cache, --optimization-level',
    );
    expect(await refused(...beside('perf --engines x -m y'))).toBe('--weights, --engines');
    for (const format of ['layers', 'listing', 'dot'])
      expect(await refused(...beside(`inspect --format ${format} --precision fp16 -m x`))).toBe(
        '--weights, --precision',
      );
    expect(await refused(...beside('export -o x.onnx --rest bf16'))).toBe('--rest');
  });

  test('an engine without a vocabulary, which can be named', async () => {
    const bare = changed('bare', (description) => {
      description['tokenizer'] = null;
    });
    const vocabulary = ['--vocab-file', fixture('huggingface/vocab.txt')];
    for (const command of [
      ['compare', '--with', 'onnxruntime', '--squad-json', fixture('squad.json')],
      ['perf', '-i', '1', '--squad-json', fixture('squad.json')],
      ['infer', '-sq', fixture('squad.json'), '-o', join(folder, 'bare.json')],
    ]) {
      const { stderr } = await bertSquad(...command, '-e', bare);
      expect(stderr).toContain('was built without a vocabulary; name one with --vocab-file');
      await report(...command, '-e', bare, ...vocabulary);
    }
  });

  test('several passages, or none', async () => {
    expect(await failure('infer', '-e', engine, '-q', 'What?')).toContain('name one source');
    expect(await failure('infer', '-e', engine, ...passage, '-pf', fixture('passage.txt'))).toContain(
      'name one source',
    );
    expect(await failure('infer', '-e', engine, '-sq', fixture('squad.json'))).toContain('--squad-json needs --output');
    expect(await failure('infer', '-e', engine, ...passage, '-q', ' ')).toContain('there is no question');
    const twice = await bertSquad('infer', '-e', engine, '-e', engine, ...passage, '-q', 'What?');
    expect(twice.stderr).toContain('--engine is given 2 times; expected once');
  });

  test('layers that cannot be timed, outputs of no known kind', async () => {
    expect(await failure('inspect', '-e', engine, '--profile')).toContain('ONNX Runtime tells no times of layers');
    expect(await failure('export', '-e', engine, '-o', join(folder, 'x.bin'))).toContain('name the --format');
  });
});
