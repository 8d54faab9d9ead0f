import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { messageOf, TrtDslError } from '@trt-dsl/dsl';

/** An error about a file from outside: `path: at byte offset: text`. */
export const fileError = (path: string, offset: number | undefined, text: string, cause?: unknown): TrtDslError =>
  new TrtDslError(
    'file',
    `${path}: ${offset === undefined ? '' : `at byte ${offset}: `}${text}`,
    cause === undefined ? undefined : { cause },
  );

/** A single read call takes at most 2^31 − 1 bytes. */
const mostAtOnce = 0x7ffff000;

/** A file opened for positioned reads, each checked against the file's size before anything is allocated. */
export class FileBytes {
  readonly path: string;
  readonly size: number;
  #descriptor: number | undefined;

  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = openSync(path, 'r');
      const status = fstatSync(this.#descriptor);
      if (!status.isFile()) throw new Error('it is no regular file');
      this.size = status.size;
    } catch (error) {
      this.close();
      throw fileError(path, undefined, `cannot be opened: ${messageOf(error)}`, error);
    }
  }

  /**
   * Exactly `length` bytes from `offset`, in memory of their own.
   * @param what names them in the error
   * @throws TrtDslError 'file' where the file ends before, 'closed' after close()
   */
  read(offset: number, length: number, what: string): Uint8Array<ArrayBuffer> {
    if (this.#descriptor === undefined) throw new TrtDslError('closed', `${this.path}: read of ${what} after close()`);
    if (!(offset >= 0 && length >= 0 && offset + length <= this.size))
      throw fileError(
        this.path,
        offset,
        `${what} needs ${length} bytes, but the file ends at ${this.size}; it is truncated or damaged`,
      );
    const bytes = new Uint8Array(Buffer.allocUnsafeSlow(length).buffer);
    for (let done = 0; done < length; ) {
      const wanted = Math.min(length - done, mostAtOnce);
      const got = readSync(this.#descriptor, bytes, done, wanted, offset + done);
      if (got === 0) throw fileError(this.path, offset + done, `the file became shorter while ${what} was read`);
      done += got;
    }
    return bytes;
  }

  /** Idempotent. */
  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    this.#descriptor = undefined;
  }
}
