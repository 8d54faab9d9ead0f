import protobuf from 'protobufjs';
import type { StoredType } from '../stored-types.ts';

const field = (id: number, type: string, rule?: 'repeated') => ({ id, type, ...(rule && { rule }) });

/** What a bundle's index holds, from tensorflow/core/protobuf/tensor_bundle.proto and framework/*.proto. */
const root = protobuf.Root.fromJSON({
  nested: {
    Version: { fields: { producer: field(1, 'int32'), minConsumer: field(2, 'int32') } },
    Header: {
      fields: { numShards: field(1, 'int32'), endianness: field(2, 'int32'), version: field(3, 'Version') },
    },
    Dim: { fields: { size: field(1, 'int64'), name: field(2, 'string') } },
    Shape: { fields: { dim: field(2, 'Dim', 'repeated'), unknownRank: field(3, 'bool') } },
    Extent: { fields: { start: field(1, 'int64'), length: field(2, 'int64') } },
    Slice: { fields: { extent: field(1, 'Extent', 'repeated') } },
    Entry: {
      fields: {
        dtype: field(1, 'int32'),
        shape: field(2, 'Shape'),
        shardId: field(3, 'int32'),
        offset: field(4, 'int64'),
        size: field(5, 'int64'),
        crc32c: field(6, 'fixed32'),
        slices: field(7, 'Slice', 'repeated'),
      },
    },
  },
});

export interface BundleHeader {
  readonly numShards: number;
  /** 0 little, 1 big */
  readonly endianness: number;
  readonly version?: { readonly producer?: number; readonly minConsumer?: number };
}

/** Along each axis where a slice begins and how long it is; without a length it is the whole axis. */
export interface BundleSlice {
  readonly extent: readonly { readonly start: number; readonly length?: number }[];
}

export interface BundleEntry {
  readonly dtype: number;
  readonly shape?: { readonly dim: readonly { readonly size: number }[]; readonly unknownRank?: boolean };
  readonly shardId: number;
  readonly offset: number;
  readonly size: number;
  /** masked */
  readonly crc32c: number;
  readonly slices: readonly BundleSlice[];
}

const codec = <T extends object>(name: string, defaults: T) => {
  const type = root.lookupType(name);
  return {
    /** @throws what protobufjs throws for bytes that are no such message */
    decode: (bytes: Uint8Array): T => ({
      ...defaults,
      ...(type.toObject(type.decode(bytes), { longs: Number, arrays: true }) as T),
    }),
    encode: (message: T): Uint8Array => type.encode(type.fromObject(message)).finish(),
  };
};

export const headerMessage = codec<BundleHeader>('Header', { numShards: 0, endianness: 0 });
export const entryMessage = codec<BundleEntry>('Entry', {
  dtype: 0,
  shardId: 0,
  offset: 0,
  size: 0,
  crc32c: 0,
  slices: [],
});

/** tensorflow::DataType's numbers. */
export const tensorflowTypes: Readonly<Record<string, StoredType>> = {
  1: 'float32',
  2: 'float64',
  3: 'int32',
  4: 'uint8',
  5: 'int16',
  6: 'int8',
  7: 'string',
  8: 'complex64',
  9: 'int64',
  10: 'bool',
  14: 'bfloat16',
  17: 'uint16',
  18: 'complex128',
  19: 'float16',
  20: 'resource',
  21: 'variant',
  22: 'uint32',
  23: 'uint64',
  24: 'float8_e5m2',
  25: 'float8_e4m3',
};
