/** Owns the two digests that name things across rooms: the id of a patch and the id of a base model's weights. */
import { createHash } from 'node:crypto';

/** SHA-256 (64 lower-case hex digits) of a patch's canonical bytes: FORMAT.md, "Patch". */
export type PatchId = string & { readonly brand: 'PatchId' };

/** SHA-256 (64 lower-case hex digits) over a base model's tensors: FORMAT.md, "Weights identity". */
export type WeightsId = string & { readonly brand: 'WeightsId' };

/** Hashes bytes to 64 lower-case hex digits of SHA-256. */
export function sha256Hex(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Tells whether a text has the form of a patch id. */
export function isPatchId(text: string): text is PatchId {
  return isDigest(text);
}

/** Tells whether a text has the form of a weights id. */
export function isWeightsId(text: string): text is WeightsId {
  return isDigest(text);
}

/** Shortens a patch id to the twelve digits that messages show. */
export function shortId(id: PatchId): string {
  return id.slice(0, 12);
}

function isDigest(text: string): boolean {
  return /^[0-9a-f]{64}$/.test(text);
}
