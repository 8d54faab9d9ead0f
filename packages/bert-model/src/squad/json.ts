import { readFileSync } from 'node:fs';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/** A value inside a JSON file; errors name the file and the path of the value, such as `data[3].paragraphs[0]`. */
export class JsonValue {
  readonly value: unknown;
  private readonly file: string;
  /** Where the value stands in the file; empty for the whole. */
  readonly path: string;

  constructor(value: unknown, file: string, path = '') {
    this.value = value;
    this.file = file;
    this.path = path;
  }

  /** @throws TrtDslError (`file`) if the text is not JSON */
  static parse(text: string, file: string): JsonValue {
    try {
      return new JsonValue(JSON.parse(text), file);
    } catch (error) {
      throw new TrtDslError('file', `${file}: is not JSON: ${messageOf(error)}`, { cause: error });
    }
  }

  /** @throws TrtDslError (`file`) if the file cannot be read or is not JSON */
  static read(path: string): JsonValue {
    let text: string;
    try {
      text = readFileSync(path, 'utf8');
    } catch (error) {
      throw new TrtDslError('file', `${path}: cannot be read: ${messageOf(error)}`, { cause: error });
    }
    return JsonValue.parse(text.replace(/^\ufeff/, ''), path);
  }

  has(key: string): boolean {
    return typeof this.value === 'object' && this.value !== null && Object.hasOwn(this.value, key);
  }

  /** The value at a key, which may be missing: its own checks will say so. */
  at(key: string): JsonValue {
    const value = this.has(key) ? (this.value as Record<string, unknown>)[key] : undefined;
    return new JsonValue(value, this.file, this.path === '' ? key : `${this.path}.${key}`);
  }

  array(): JsonValue[] {
    if (!Array.isArray(this.value)) throw this.expected('an array');
    return this.value.map((value, i) => new JsonValue(value, this.file, `${this.path}[${i}]`));
  }

  entries(): [string, JsonValue][] {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.expected('an object');
    }
    return Object.keys(this.value).map((key) => [key, this.at(key)]);
  }

  string(): string {
    if (typeof this.value !== 'string') throw this.expected('a string');
    return this.value;
  }

  number(): number {
    if (typeof this.value !== 'number') throw this.expected('a number');
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== 'boolean') throw this.expected('true or false');
    return this.value;
  }

  /** An error about this value. */
  error(message: string): TrtDslError {
    return new TrtDslError('file', `${this.file}: ${this.path === '' ? 'the file' : this.path}: ${message}`);
  }

  private expected(what: string): TrtDslError {
    const found = this.value === undefined ? 'nothing' : JSON.stringify(this.value);
    return this.error(`expected ${what}, found ${found.length > 60 ? `${found.slice(0, 57)}...` : found}`);
  }
}
