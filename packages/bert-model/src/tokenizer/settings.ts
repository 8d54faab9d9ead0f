import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';
import type { AddedToken } from './added-tokens.ts';
import { Tokenizer, type TokenizerOptions } from './tokenizer.ts';
import { readVocabulary, type SpecialTokenNames, Vocabulary } from './vocabulary.ts';

type Json = Record<string, unknown>;
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

const [tokenizerFile, vocabularyFile] = ['tokenizer.json', 'vocab.txt'] as const;

/** Whether a folder has what `readTokenizer` reads. */
export const hasTokenizer = (folder: string): boolean =>
  [tokenizerFile, vocabularyFile].some((name) => existsSync(join(folder, name)));

/**
 * The tokenizer of a Hugging Face folder: `tokenizer.json` if there is one, else `vocab.txt`; what `tokenizer_config.json`
 * says (`do_lower_case`, `strip_accents`, `tokenize_chinese_chars`, special tokens) stands above both, and `options`
 * above all. Truncation and padding stored in `tokenizer.json` are not applied.
 *
 * @throws TrtDslError (`file`) naming file and key if a file is malformed; (`unsupported`) if it is no BERT tokenizer
 */
export function readTokenizer(folder: string, options: TokenizerOptions = {}): Tokenizer {
  const [tokenizerPath, configPath, vocabPath] = [tokenizerFile, 'tokenizer_config.json', vocabularyFile].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const config = existsSync(configPath) ? configOptions(readJson(configPath), configPath) : {};
  if (existsSync(tokenizerPath)) {
    const { vocabulary, ...stored } = parseTokenizerJson(readJson(tokenizerPath), tokenizerPath);
    return new Tokenizer(vocabulary, merge(stored, config, options));
  }
  if (existsSync(vocabPath)) return new Tokenizer(readVocabulary(vocabPath), merge(config, options));
  throw new TrtDslError(
    'file',
    `${folder}: holds neither ${tokenizerFile} nor ${vocabularyFile}; expected a Hugging Face folder`,
  );
}

function merge(...layers: readonly TokenizerOptions[]): TokenizerOptions {
  const merged: Mutable<TokenizerOptions> = {};
  for (const { specialTokens, addedTokens, ...rest } of layers) {
    Object.assign(merged, rest);
    if (specialTokens) merged.specialTokens = { ...merged.specialTokens, ...specialTokens };
    if (addedTokens) merged.addedTokens = [...(merged.addedTokens ?? []), ...addedTokens];
  }
  return merged;
}

const CONFIG_NAMES: Readonly<Record<string, keyof SpecialTokenNames>> = {
  unk_token: 'unk',
  cls_token: 'cls',
  sep_token: 'sep',
  pad_token: 'pad',
  mask_token: 'mask',
};

/** Options from a `tokenizer_config.json`; `path` is what messages call it. */
function configOptions(json: Json, path: string): TokenizerOptions {
  const at = new Reader(json, path);
  const options: Mutable<TokenizerOptions> = {};
  const lower = at.optional('do_lower_case', 'boolean');
  const chinese = at.optional('tokenize_chinese_chars', 'boolean');
  if (lower !== undefined) options.lowercase = lower;
  if (chinese !== undefined) options.handleChineseChars = chinese;
  if (at.has('strip_accents')) options.stripAccents = at.optional('strip_accents', 'boolean') ?? null;
  const names: Partial<Mutable<SpecialTokenNames>> = {};
  for (const [key, name] of Object.entries(CONFIG_NAMES)) {
    if (!at.has(key)) continue;
    names[name] = typeof json[key] === 'string' ? json[key] : at.child(key).required('content', 'string');
  }
  options.specialTokens = names;
  if (at.has('added_tokens_decoder')) {
    const decoder = at.child('added_tokens_decoder');
    options.addedTokens = decoder.keys().map((id) => addedToken(decoder.child(id), Number(id)));
  }
  return options;
}

/** The vocabulary and options of a `tokenizer.json`; `path` is what messages call it. */
function parseTokenizerJson(json: Json, path: string): TokenizerOptions & { readonly vocabulary: Vocabulary } {
  const root = new Reader(json, path);
  const model = root.child('model');
  model.mustBe('type', 'WordPiece');
  const vocab = model.child('vocab');
  const vocabulary = new Vocabulary(
    vocab.keys().map((token) => [token, vocab.required(token, 'number')]),
    path,
  );
  const options: Mutable<TokenizerOptions> = {};
  const prefix = model.optional('continuing_subword_prefix', 'string');
  const maxChars = model.optional('max_input_chars_per_word', 'number');
  if (prefix !== undefined) options.continuingSubwordPrefix = prefix;
  if (maxChars !== undefined) options.maxInputCharsPerWord = maxChars;
  const unk = model.optional('unk_token', 'string');
  options.specialTokens = { ...(unk !== undefined && { unk }), ...frameNames(root) };

  const normalizer = root.child('normalizer');
  normalizer.mustBe('type', 'BertNormalizer');
  options.cleanText = normalizer.required('clean_text', 'boolean');
  options.handleChineseChars = normalizer.required('handle_chinese_chars', 'boolean');
  options.stripAccents = normalizer.optional('strip_accents', 'boolean') ?? null;
  options.lowercase = normalizer.required('lowercase', 'boolean');

  root.child('pre_tokenizer').mustBe('type', 'BertPreTokenizer');
  if (root.has('added_tokens')) {
    const added = root.child('added_tokens');
    options.addedTokens = added.keys().map((index) => {
      const token = added.child(index);
      return addedToken(token, token.required('id', 'number'));
    });
  }
  return { ...options, vocabulary };
}

/** [CLS] and [SEP] as the post-processor names them; it must frame texts as BERT does. */
function frameNames(root: Reader): Partial<SpecialTokenNames> {
  if (!root.has('post_processor')) return {};
  const processor = root.child('post_processor');
  if (processor.required('type', 'string') === 'BertProcessing') {
    return {
      cls: processor.child('cls').required('0', 'string'),
      sep: processor.child('sep').required('0', 'string'),
    };
  }
  processor.mustBe('type', 'TemplateProcessing');
  const pair = processor.child('pair');
  const pieces = pair.keys().map((index) => {
    const piece = pair.child(index);
    const kind = piece.has('SpecialToken') ? 'SpecialToken' : 'Sequence';
    const part = piece.child(kind);
    return { kind, id: part.required('id', 'string'), typeId: part.required('type_id', 'number') };
  });
  const [cls, , sep] = pieces.map(({ id }) => id);
  const shape = pieces.map(({ kind, id, typeId }) => `${kind === 'Sequence' ? id : ''}${typeId}`).join(' ');
  if (shape === '0 A0 0 B1 1' && pieces[4]?.id === sep) return { cls: cls!, sep: sep! };
  throw new TrtDslError(
    'unsupported',
    `${pair.path}: does not frame a pair as [CLS] A [SEP] B [SEP] with type ids 0 0 0 1 1, which BERT was trained on`,
  );
}

function addedToken(at: Reader, id: number): AddedToken {
  if (!Number.isInteger(id) || id < 0)
    throw new TrtDslError('file', `${at.path}: id ${id} is not a whole number from 0`);
  return {
    content: at.required('content', 'string'),
    id,
    special: at.optional('special', 'boolean') ?? false,
    singleWord: at.optional('single_word', 'boolean') ?? false,
    lstrip: at.optional('lstrip', 'boolean') ?? false,
    rstrip: at.optional('rstrip', 'boolean') ?? false,
    normalized: at.optional('normalized', 'boolean') ?? false,
  };
}

function readJson(path: string): Json {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Json;
  } catch (error) {
    throw new TrtDslError('file', `${path}: cannot be read as JSON: ${messageOf(error)}`, { cause: error });
  }
}

interface Types {
  readonly string: string;
  readonly number: number;
  readonly boolean: boolean;
}

/** Looks values up in JSON; errors name the file and the key path. */
class Reader {
  readonly path: string;
  private readonly json: Json;

  constructor(json: unknown, path: string) {
    if (typeof json !== 'object' || json === null) {
      throw new TrtDslError('file', `${path}: expected an object, found ${describe(json)}`);
    }
    this.json = json as Json;
    this.path = path;
  }

  keys(): string[] {
    return Object.keys(this.json);
  }

  /** Whether a key is there, and not null. */
  has(key: string): boolean {
    return Object.hasOwn(this.json, key) && this.json[key] !== null;
  }

  child(key: string): Reader {
    return new Reader(this.own(key), this.to(key));
  }

  required<T extends keyof Types>(key: string, type: T): Types[T] {
    const value = this.own(key);
    if (typeof value === type) return value as Types[T];
    throw new TrtDslError('file', `${this.to(key)}: expected a ${type}, found ${describe(value)}`);
  }

  optional<T extends keyof Types>(key: string, type: T): Types[T] | undefined {
    return this.has(key) ? this.required(key, type) : undefined;
  }

  mustBe(key: string, expected: string): void {
    const found = this.own(key);
    if (found === expected) return;
    throw new TrtDslError('unsupported', `${this.to(key)}: is ${describe(found)}; BERT's tokenizer has "${expected}"`);
  }

  private own(key: string): unknown {
    return Object.hasOwn(this.json, key) ? this.json[key] : undefined;
  }

  private to(key: string): string {
    return this.path.includes(': ') ? `${this.path}.${key}` : `${this.path}: ${key}`;
  }
}

const describe = (value: unknown): string =>
  value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 60);
