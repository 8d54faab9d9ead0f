import { FileBytes, fileError } from './file-bytes.ts';
import { readNpyHeader, rowMajor } from './npy.ts';
import { type TensorEntry, TensorFile, type WeightsFile } from './weights-file.ts';
import { listZip, peekZip, readZip, type ZipMember } from './zip.ts';

const suffix = '.npy';
/** enough for the header of any array; more is read where it is not */
const usualHeader = 1024;
const longestHeader = 65_548;

/** What a pickle inside a zip is called: PyTorch's .pt, .pth and .bin since version 1.6. */
const isPickle = ({ name }: ZipMember): boolean => name.endsWith('/data.pkl') || name === 'data.pkl';

function npzEntry(file: FileBytes, member: ZipMember, key: string): TensorEntry {
  const beginning = peekZip(file, member, usualHeader);
  const needed =
    beginning.length < 12 ? 0 : 12 + new DataView(beginning.buffer, beginning.byteOffset).getUint16(8, true);
  const header = readNpyHeader(
    needed <= beginning.length ? beginning : peekZip(file, member, longestHeader),
    file.path,
    key,
  );
  const { type, shape, byteLength } = header;
  if (header.dataStart + byteLength !== member.size)
    throw fileError(
      file.path,
      member.offset,
      `"${key}": ${type}[${shape.join(', ')}] needs ${header.dataStart + byteLength} bytes, but ${member.name} has ${member.size}`,
    );
  const read = (): Uint8Array => rowMajor(header, readZip(file, member).subarray(header.dataStart));
  return { type, shape, byteLength, path: file.path, offset: member.offset, read };
}

/**
 * Opens an .npz archive (np.savez, np.savez_compressed). Each array is read, inflated and its CRC-32 verified when its
 * bytes are asked for; its key is its name without `.npy`.
 * @throws TrtDslError 'file' where it is truncated or damaged, or an archive of something else
 */
export function readNpz(path: string): WeightsFile {
  const file = new FileBytes(path);
  try {
    const entries = new Map<string, () => TensorEntry>();
    for (const member of listZip(file)) {
      if (isPickle(member)) throw fileError(path, member.offset, pickleAdvice);
      if (!member.name.endsWith(suffix))
        throw fileError(path, member.offset, `${member.name} is no .npy array, so the archive is no .npz`);
      const key = member.name.slice(0, -suffix.length);
      if (entries.has(key)) throw fileError(path, member.offset, `${member.name} is there twice`);
      entries.set(key, () => npzEntry(file, member, key));
    }
    return new TensorFile({ format: 'npz', path, entries, close: () => file.close() });
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Why PyTorch's own files are refused, and what to do. */
export const pickleAdvice =
  'is a PyTorch pickle, which could run any code when loaded, and is not read. Convert it once in Python: ' +
  'from safetensors.torch import save_file; save_file(torch.load(path, weights_only=True), "model.safetensors")';
