/** Owns the bytes of edits on their way between file and memory: read, XOR, write, nothing else. */
import type { Edit } from './edit.js';
import type { Journal } from './journal.js';
import type { ModelFile } from './model-file.js';

/** Reads the bytes that edits are about to change, one view per edit. */
export function readBefore(model: ModelFile, edits: readonly Edit[]): Uint8Array[] {
  const all = new Uint8Array(edits.reduce((sum, { pattern }) => sum + pattern.length, 0));
  let at = 0;
  return edits.map(({ byteOffset, pattern }) => {
    const bytes = all.subarray(at, (at += pattern.length));
    model.readInto(bytes, byteOffset);
    return bytes;
  });
}

/** Writes the bytes that a journal's edits lead to. */
export function writeAfter(model: ModelFile, { edits, before }: Journal): void {
  const buffer = bufferFor(edits);
  edits.forEach(({ byteOffset, pattern }, i) => {
    const bytes = buffer.subarray(0, pattern.length);
    xorInto(bytes, before[i], pattern);
    model.write(bytes, byteOffset);
  });
}

/** Writes the bytes that were there before a journal's edits. */
export function writeBefore(model: ModelFile, { edits, before }: Journal): void {
  edits.forEach(({ byteOffset }, i) => model.write(before[i], byteOffset));
}

/**
 * Makes edits in place without journal or fsync, for programs that swap patches between requests and can start from a
 * fresh copy after a crash. Making the same edits again undoes them. Throws IO.
 */
export function swapEdits(model: ModelFile, edits: readonly Edit[]): void {
  const buffer = bufferFor(edits);
  for (const { byteOffset, pattern } of edits) {
    const bytes = buffer.subarray(0, pattern.length);
    model.readInto(bytes, byteOffset);
    xorInto(bytes, bytes, pattern);
    model.write(bytes, byteOffset);
  }
}

const bufferFor = (edits: readonly Edit[]): Uint8Array =>
  new Uint8Array(edits.reduce((longest, { pattern }) => Math.max(longest, pattern.length), 0));

function xorInto(out: Uint8Array, bytes: Uint8Array, pattern: Uint8Array): void {
  for (let i = 0; i < pattern.length; i++) out[i] = bytes[i] ^ pattern[i];
}
