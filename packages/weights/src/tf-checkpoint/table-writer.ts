import type { ByteSink } from '../atomic.ts';
import { maskedCrc32c } from '../crc32c.ts';
import { footerBytes, tableMagic, uncompressed } from './table.ts';
import { varint } from './varint.ts';

const blockBytes = 4096;
/** Every so many keys one is written whole, so that readers may search. */
const restartInterval = 16;

/** A block being filled: keys without what they share with the one before. */
class Block {
  readonly #parts: Uint8Array[] = [];
  readonly #restarts: number[] = [];
  #count = 0;
  size = 0;
  last = '';

  add(key: string, value: Uint8Array): void {
    let shared = 0;
    if (this.#count++ % restartInterval === 0) this.#restarts.push(this.size);
    else while (shared < key.length && key[shared] === this.last[shared]) shared++;
    const head = [...varint(shared), ...varint(key.length - shared), ...varint(value.length)];
    const part = Buffer.concat([Uint8Array.from(head), Buffer.from(key.slice(shared), 'latin1'), value]);
    this.#parts.push(part);
    this.size += part.length;
    this.last = key;
  }

  /** The block and its trailer. */
  finish(): Uint8Array {
    const restarts = new Uint8Array(4 * Math.max(this.#restarts.length, 1) + 4);
    const view = new DataView(restarts.buffer);
    this.#restarts.forEach((offset, i) => {
      view.setUint32(4 * i, offset, true);
    });
    view.setUint32(restarts.length - 4, Math.max(this.#restarts.length, 1), true);
    const checked = Buffer.concat([...this.#parts, restarts, Uint8Array.of(uncompressed)]);
    const crc = new Uint8Array(4);
    new DataView(crc.buffer).setUint32(0, maskedCrc32c(checked), true);
    return Buffer.concat([checked, crc]);
  }
}

/**
 * Writes a LevelDB table, not compressed.
 * @param entries sorted by key; keys have one character a byte
 */
export function writeTable(sink: ByteSink, entries: Iterable<readonly [key: string, value: Uint8Array]>): void {
  const put = (block: Block): Uint8Array => {
    const bytes = block.finish();
    const handle = Uint8Array.from([...varint(sink.size), ...varint(bytes.length - 5)]);
    sink.write(bytes);
    return handle;
  };
  const index = new Block();
  let block = new Block();
  for (const [key, value] of entries) {
    block.add(key, value);
    if (block.size < blockBytes) continue;
    index.add(block.last, put(block));
    block = new Block();
  }
  if (block.size > 0) index.add(block.last, put(block));
  const meta = put(new Block());
  const footer = new Uint8Array(footerBytes);
  footer.set(Buffer.concat([meta, put(index)]));
  footer.set(tableMagic, footerBytes - tableMagic.length);
  sink.write(footer);
}
