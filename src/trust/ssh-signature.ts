/**
 * Owns signatures as `ssh-keygen -Y` makes them (PROTOCOL.sshsig of the OpenSSH sources), which git accepts on commits.
 * The namespace is part of what is signed, so that a signature for one purpose is none for another.
 */
import { createHash } from 'node:crypto';
import { TrustError } from '../errors.js';
import { createPublicKey, type PublicKey } from './public-key.js';
import type { SigningKey } from './signing-key.js';
import { decodeArmour, encodeArmour, encodeSshKey, encodeStrings, SSH_ED25519, SshReader } from './ssh-wire.js';
import { verifySignature } from './verify-signature.js';

/** The namespace of signatures on git objects. */
export const GIT_NAMESPACE = 'git';

const ARMOUR = 'SSH SIGNATURE';
const MAGIC = Buffer.from('SSHSIG');
const HASH = 'sha512';

/** Signs a message for a namespace: armoured text, with a line feed at the end. */
export function signSsh(key: SigningKey, message: Uint8Array, namespace: string): string {
  const signature = encodeStrings(SSH_ED25519, key.sign(signedBytes(message, namespace)));
  const version = Buffer.from([0, 0, 0, 1]);
  const fields = encodeStrings(encodeSshKey(key.publicKey.bytes), namespace, '', HASH, signature);
  return encodeArmour(ARMOUR, Buffer.concat([MAGIC, version, fields]));
}

/**
 * Verifies an armoured signature of a message for a namespace: gives the key that made it. Whose that is, the caller
 * must know. Throws SIGNATURE_INVALID, KEY_INVALID.
 */
export function verifySsh(armoured: string, message: Uint8Array, namespace: string): PublicKey {
  const bytes = decodeArmour(ARMOUR, armoured);
  if (!bytes) throw invalid('is not in the armour of ssh-keygen');
  const reader = new SshReader(bytes, invalid);
  if (Buffer.compare(reader.take(MAGIC.length), MAGIC) !== 0 || reader.u32() !== 1)
    throw invalid('is of another version');
  const [keyBlob, forNamespace, reserved, hash, blob] = Array.from({ length: 5 }, () => reader.string());
  if (reader.rest > 0 || reserved.length > 0) throw invalid('has bytes that mean nothing');
  if (Buffer.from(forNamespace).toString() !== namespace) throw invalid(`is not for "${namespace}"`);
  // OpenSSH knows sha256 too; what git and we make has sha512.
  if (Buffer.from(hash).toString() !== HASH) throw invalid(`is over another hash than ${HASH}`);
  const key = createPublicKey(ed25519In(keyBlob));
  if (!verifySignature(key.bytes, signedBytes(message, namespace), ed25519In(blob))) throw invalid('is bad');
  return key;
}

function ed25519In(blob: Uint8Array): Uint8Array {
  const reader = new SshReader(blob, invalid);
  if (reader.text() !== SSH_ED25519) throw invalid('is not by an Ed25519 key');
  const bytes = reader.string();
  if (reader.rest > 0) throw invalid('has bytes that mean nothing');
  return bytes;
}

function signedBytes(message: Uint8Array, namespace: string): Uint8Array {
  const digest = createHash(HASH).update(message).digest();
  return Buffer.concat([MAGIC, encodeStrings(namespace, '', HASH, digest)]);
}

function invalid(problem: string): TrustError {
  return new TrustError('SIGNATURE_INVALID', `The SSH signature ${problem}`, {
    hint: 'What was signed has been changed, or somebody else signed it.',
  });
}
