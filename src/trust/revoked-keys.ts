/** Owns the keys that a person knows to be revoked: `revoked-keys/<digest>.json`, an envelope each (FORMAT.md, "Trusted keys"). */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../durable.js';
import { TrustError } from '../errors.js';
import { sha256Hex } from '../patch/ids.js';
import { decodeEnvelope, openEnvelope } from './envelope.js';
import { makePrivateDirectory, reportingKeys } from './private-file.js';
import type { PublicKey } from './public-key.js';
import { decodeStatement, STATEMENT_PAYLOAD_TYPE } from './statement.js';

const folder = (directory: string): string => join(directory, 'revoked-keys');

/** Keeps the revocation of a key: an envelope. */
export async function keepRevocation(directory: string, envelope: Uint8Array): Promise<void> {
  await reportingKeys(directory, async () => {
    await makePrivateDirectory(folder(directory));
    await writeFileDurably(join(folder(directory), `${sha256Hex(envelope)}.json`), envelope, { mode: 0o600 });
  });
}

/**
 * Reads which of the keys that a person knows are revoked, and why. A file counts where it lies, even when whoever signed it
 * is not known any more: to forget somebody must not bring a key back. Throws SIGNATURE_INVALID and what else opening envelopes throws.
 */
export async function readRevokedKeys(directory: string, known: readonly PublicKey[]): Promise<Map<string, string>> {
  const byId = new Map(known.map((key) => [key.id as string, key]));
  const revoked = new Map<string, string>();
  const files = await reportingKeys(directory, () =>
    readdir(folder(directory)).catch((error: NodeJS.ErrnoException): string[] => {
      if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
      throw error;
    }),
  );
  for (const file of files.filter((name) => /^[0-9a-f]{64}\.json$/.test(name))) {
    const bytes = await readFile(join(folder(directory), file));
    try {
      const { kind, patch, predicate } = decodeStatement(payloadOf(bytes, byId), { keys: new Set(byId.keys()) });
      if (kind === 'revocation') revoked.set(patch, predicate.reason);
    } catch (error) {
      // About a key that is not known any more: it will count again when the key is.
      if (!(error instanceof TrustError) || error.code !== 'STATEMENT_MISMATCH') throw error;
    }
  }
  return revoked;
}

function payloadOf(bytes: Uint8Array, known: ReadonlyMap<string, PublicKey>): Uint8Array {
  try {
    return openEnvelope(bytes, STATEMENT_PAYLOAD_TYPE, (id) => known.get(id)).payload;
  } catch (error) {
    if (!(error instanceof TrustError) || error.code !== 'SIGNER_UNKNOWN') throw error;
    return Buffer.from(decodeEnvelope(bytes).payload, 'base64');
  }
}
