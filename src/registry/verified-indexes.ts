/**
 * Owns the indexes of a registry that were verified before, all in one file (docs/REGISTRY.md, "On one machine"). Each is
 * kept under a key that stands for everything it was verified against: where the trusted metadata of now gives another key,
 * it is verified anew. What is damaged, or of another version of this program, is not there.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileDurably } from '../durable.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';

const FORMAT = 'bankai.verified-indexes/v1';
const HEAD_BYTE_LIMIT = 16 * 2 ** 20;

/** The index of a namespace, and what it rests on. */
export interface VerifiedIndex {
  /** Digest of the metadata that leads to it. */
  readonly key: string;
  /** When the signature of its owner does. */
  readonly expires: string;
  /** Of the bytes. */
  readonly sha256: string;
  /** Verified, and decoded without an error. */
  readonly bytes: Uint8Array;
}

/** What an index was verified against, but for the time: who its owners are, and what the snapshot has of their metadata. */
export interface Basis {
  readonly namespace: string;
  /** Digest of the top targets metadata, which says whose the namespace is. */
  readonly delegations: string;
  readonly version: number;
  readonly length: number;
  /** Of the namespace's metadata. */
  readonly sha256: string;
}

/** The key that stands for a basis, and for no other. */
export const keyOf = ({ namespace, delegations, version, length, sha256 }: Basis): string =>
  sha256Hex(canonicalBytes({ namespace, delegations, version, length, sha256 }));

interface Head {
  readonly format: typeof FORMAT;
  readonly indexes: readonly {
    readonly namespace: string;
    readonly key: string;
    readonly expires: string;
    readonly sha256: string;
    readonly length: number;
  }[];
}

const place = (directory: string): string => join(directory, 'indexes');

/** Reads the indexes of a registry, by namespace. None of them is there without the bytes that it had. */
export async function readVerifiedIndexes(directory: string): Promise<ReadonlyMap<string, VerifiedIndex>> {
  const found = new Map<string, VerifiedIndex>();
  const file = await readFile(place(directory)).catch(() => Buffer.alloc(0));
  const end = file.indexOf(0x0a);
  if (end < 0) return found;
  try {
    const options = {
      byteLimit: HEAD_BYTE_LIMIT,
      schema: 'verified-indexes',
      fail: (problem: string) => Error(problem),
    };
    const { indexes } = decodeCanonical(file.subarray(0, end), options) as Head;
    let at = end + 1;
    for (const { namespace, length, ...rest } of indexes) {
      const bytes = file.subarray(at, at + length);
      at += length;
      if (sha256Hex(bytes) === rest.sha256) found.set(namespace, { ...rest, bytes });
    }
  } catch {
    found.clear();
  }
  return found;
}

/** Keeps the indexes of a registry: one line of JSON that says what they are, then the bytes of each. */
export async function writeVerifiedIndexes(
  directory: string,
  indexes: ReadonlyMap<string, VerifiedIndex>,
): Promise<void> {
  const inOrder = [...indexes].sort(([a], [b]) => (a < b ? -1 : 1));
  const head: Head = {
    format: FORMAT,
    indexes: inOrder.map(([namespace, { bytes, ...rest }]) => ({ namespace, ...rest, length: bytes.length })),
  };
  const parts = [canonicalBytes(head), Buffer.from('\n'), ...inOrder.map(([, { bytes }]) => bytes)];
  await writeFileDurably(place(directory), Buffer.concat(parts));
}
