/**
 * Owns an encoder of GGUF files for tests: independent of the one under test, able to write what is wrong, and
 * reporting where in the bytes each field lies.
 */

/** A metadata value as it is to be written: a type number and the bytes of the value. */
export interface RawEntry {
  key: string;
  typeId: number;
  bytes: Uint8Array;
}

export interface RawTensor {
  name: string;
  dims: readonly number[];
  typeId: number;
  /** Relative to the data section. */
  offset: number;
}

export interface RawGguf {
  version?: number;
  alignment?: number;
  entries?: readonly RawEntry[];
  tensors?: readonly RawTensor[];
  /** The data section; as long as the last tensor needs, counting 18 bytes per 128 weights, when left out. */
  data?: Uint8Array;
}

/** Where an integer of the header lies. */
export interface Field {
  kind: 'magic' | 'version' | 'count' | 'length' | 'type' | 'rank' | 'dim' | 'offset';
  at: number;
  byteLength: 4 | 8;
}

export interface BuiltGguf {
  bytes: Uint8Array;
  fields: readonly Field[];
  dataOffset: number;
}

export const u32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

export const u64 = (value: number | bigint): Uint8Array => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt.asUintN(64, BigInt(value)));
  return bytes;
};

export const f32 = (value: number): Uint8Array => {
  const bytes = Buffer.alloc(4);
  bytes.writeFloatLE(value);
  return bytes;
};

/** A string value: length and UTF-8. */
export const text = (value: string | Uint8Array): Uint8Array => {
  const bytes = Buffer.from(value);
  return Buffer.concat([u64(bytes.length), bytes]);
};

/** An array value: type of the elements, their count, and the elements. */
export const array = (elementTypeId: number, elements: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([u32(elementTypeId), u64(elements.length), ...elements]);

export const textEntry = (key: string, value: string): RawEntry => ({ key, typeId: 8, bytes: text(value) });
export const u32Entry = (key: string, value: number): RawEntry => ({ key, typeId: 4, bytes: u32(value) });

/** Writes a file as its description says, right or wrong. */
export function buildGguf(raw: RawGguf): BuiltGguf {
  const { version = 3, alignment = 32, entries = [], tensors = [] } = raw;
  const parts: Uint8Array[] = [];
  const fields: Field[] = [];
  let at = 0;
  const put = (bytes: Uint8Array, kind?: Field['kind']): void => {
    if (kind) fields.push({ kind, at, byteLength: bytes.length as 4 | 8 });
    parts.push(bytes);
    at += bytes.length;
  };
  put(Buffer.from('GGUF'), 'magic');
  put(u32(version), 'version');
  put(u64(tensors.length), 'count');
  put(u64(entries.length), 'count');
  for (const { key, typeId, bytes } of entries) {
    put(u64(Buffer.byteLength(key)), 'length');
    put(Buffer.from(key));
    put(u32(typeId), 'type');
    if (typeId === 8) fields.push({ kind: 'length', at, byteLength: 8 });
    if (typeId === 9) fields.push({ kind: 'type', at, byteLength: 4 }, { kind: 'count', at: at + 4, byteLength: 8 });
    put(bytes);
  }
  for (const { name, dims, typeId, offset } of tensors) {
    put(u64(Buffer.byteLength(name)), 'length');
    put(Buffer.from(name));
    put(u32(dims.length), 'rank');
    for (const dim of dims) put(u64(dim), 'dim');
    put(u32(typeId), 'type');
    put(u64(offset), 'offset');
  }
  put(new Uint8Array((alignment - (at % alignment)) % alignment));
  const dataOffset = at;
  put(raw.data ?? someBytes(dataLength(tensors)));
  return { bytes: Buffer.concat(parts), fields, dataOffset };
}

function dataLength(tensors: readonly RawTensor[]): number {
  return Math.max(0, ...tensors.map(({ dims, typeId, offset }) => offset + byteLength(dims, typeId)));
}

function byteLength(dims: readonly number[], typeId: number): number {
  const weights = dims.reduce((product, dim) => product * dim, 1);
  if (typeId === 0) return weights * 4;
  return typeId === 1 ? weights * 2 : Math.ceil(weights / 128) * 18;
}

/** Bytes that are not all the same. */
function someBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 131 + (index >> 8)) & 255);
}

/** A one-bit model of three tensors: two Q1_0 matrices around an F32 norm. */
export function smallModel(): Required<Pick<RawGguf, 'entries' | 'tensors'>> {
  return {
    entries: [
      textEntry('general.architecture', 'qwen3'),
      textEntry('general.name', 'Small'),
      u32Entry('qwen3.block_count', 1),
      { key: 'qwen3.rope.freq_base', typeId: 6, bytes: f32(10000) },
      { key: 'tokenizer.ggml.tokens', typeId: 9, bytes: array(8, ['a', 'b', 'é'].map(text)) },
      { key: 'tokenizer.ggml.token_type', typeId: 9, bytes: array(5, [u32(1), u32(1), u32(3)]) },
      { key: 'tokenizer.ggml.add_bos_token', typeId: 7, bytes: Uint8Array.of(0) },
    ],
    tensors: [
      { name: 'token_embd.weight', dims: [256, 4], typeId: 41, offset: 0 },
      { name: 'blk.0.ffn_norm.weight', dims: [8], typeId: 0, offset: 160 },
      { name: 'blk.0.ffn_up.weight', dims: [128, 3], typeId: 41, offset: 192 },
    ],
  };
}
