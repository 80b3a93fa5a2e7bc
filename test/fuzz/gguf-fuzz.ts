/** Owns the fuzzing of the GGUF reader: any bytes give a model that keeps its promises, or one clear error. */
import { BankaiError } from '../../src/errors.js';
import { encodeHeader } from '../../src/gguf/encode.js';
import type { Metadata, MetadataEntry } from '../../src/gguf/metadata.js';
import { assertOneBit } from '../../src/gguf/one-bit.js';
import { rowByteRange, rowCount } from '../../src/gguf/q1-0.js';
import { type Gguf, readGguf } from '../../src/gguf/read.js';
import type { FuzzTarget } from './fuzz-target.js';
import { mutate, readSamples, type Sample, sampleSource } from './gguf-mutation.js';
import { randomFrom } from './random.js';

/** Makes the target. Reads the samples once. */
export function ggufTarget(): FuzzTarget {
  const samples = readSamples();
  return {
    name: 'gguf',
    run: (seed) => outcomeOf(mutate(samples, randomFrom(seed))),
  };
}

function outcomeOf(sample: Sample): string {
  try {
    const gguf = readGguf(sampleSource(sample));
    assertPlaced(gguf);
    assertSameHeader(gguf, sample);
    for (const entry of gguf.metadata.entries) decode(gguf.metadata, entry);
    assertOneBit(gguf);
    return 'accepted';
  } catch (error) {
    if (error instanceof BankaiError && error.message && error.hint) return error.code;
    throw error;
  }
}

/** Accepting is strict: what was accepted is exactly what would be written. */
function assertSameHeader(gguf: Gguf, { header }: Sample): void {
  const encoded = encodeHeader(gguf);
  const known = Math.min(encoded.length, header.length);
  const same = Buffer.compare(encoded.subarray(0, known), header.subarray(0, known)) === 0;
  if (encoded.length !== gguf.dataOffset || !same || encoded.subarray(known).some((byte) => byte !== 0)) {
    throw new Error('the header is not the one that would be written');
  }
}

function assertPlaced({ tensors, alignment, dataOffset, fileSize }: Gguf): void {
  for (const tensor of tensors) {
    const end = tensor.byteOffset + tensor.byteLength;
    if (tensor.byteOffset % alignment !== 0 || tensor.byteOffset < dataOffset || end > fileSize) {
      throw new Error(`tensor ${tensor.name} is out of place`);
    }
    if (tensor.type !== 'Q1_0') continue;
    const last = rowByteRange(tensor, rowCount(tensor) - 1);
    if (last.byteOffset + last.byteLength !== end) throw new Error(`the rows of ${tensor.name} do not fill it`);
  }
}

/** Decodes a value by the getter of its type, which may find that it is no UTF-8 or too large. */
function decode(metadata: Metadata, { key, type, bytes }: MetadataEntry): void {
  try {
    if (type === 'string') metadata.text(key);
    else if (type === 'bool') metadata.flag(key);
    else if (type === 'f32' || type === 'f64') metadata.float(key);
    else if (type !== 'array') metadata.uint(key);
    else if (bytes[0] === 8) metadata.texts(key);
    else metadata.ints(key);
  } catch (error) {
    if (!(error instanceof BankaiError) || error.code !== 'GGUF_INVALID') throw error;
  }
}
