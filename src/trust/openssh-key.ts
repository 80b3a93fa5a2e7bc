/**
 * Owns keys in OpenSSH's forms: the line of a public key, and the private key file `openssh-key-v1` (PROTOCOL.key of the
 * OpenSSH sources). Ed25519 only: other kinds cannot sign statements.
 */
import { createDecipheriv } from 'node:crypto';
import { createRequire } from 'node:module';
import type * as BcryptPbkdf from 'bcrypt-pbkdf';
import { TrustError } from '../errors.js';
import { formatBase64, parseBase64 } from './base64.js';
import { createPublicKey, type PublicKey } from './public-key.js';
import { keyOfSeed, SEED_BYTES } from './signing-key.js';
import { decodeArmour, encodeSshKey, SSH_ED25519, SshReader } from './ssh-wire.js';

const ARMOUR = 'OPENSSH PRIVATE KEY';
const MAGIC = 'openssh-key-v1\0';

/** Rounds of bcrypt that are done to open a key: ssh-keygen's default is 16 or 24, and each takes some 10 ms here. */
export const BCRYPT_ROUNDS_LIMIT = 1024;

/** Formats the line that `authorized_keys`, `allowed_signers` and git hosts want. */
export function formatOpenSshKey(key: PublicKey, comment: string): string {
  return `${SSH_ED25519} ${formatBase64(encodeSshKey(key.bytes))} ${comment}`.trimEnd();
}

/** Parses a public key's line, with or without comment. Throws KEY_INVALID, KEY_UNSUPPORTED for another algorithm. */
export function parseOpenSshKey(line: string): PublicKey {
  const [algorithm, base64 = ''] = line.trim().split(/\s+/);
  if (algorithm !== SSH_ED25519) throw unsupported(`is of the kind "${algorithm}"`);
  const blob = parseBase64(base64);
  if (!blob) throw invalid('is not in strict base64');
  const reader = new SshReader(blob, invalid);
  return publicKeyIn(reader, invalid);
}

/** Tells whether a text claims to be a private key of OpenSSH, or of the older PEM kinds. */
export const isPrivateKeyText = (text: string): boolean => /^-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text);

/** Tells whether a text looks like the line of a public key of OpenSSH. */
export const isOpenSshLine = (text: string): boolean => /^(ssh|ecdsa|sk)-\S+ +AAAA/.test(text.trim());

/** Tells whether a private key file is encrypted. Throws KEY_INVALID, KEY_UNSUPPORTED. */
export const isEncryptedOpenSshKey = (text: string): boolean => readEnvelope(text).cipher !== 'none';

/**
 * Takes the seed (32 bytes) out of a private key file. Throws KEY_INVALID, KEY_UNSUPPORTED (another kind of key, cipher or
 * file), KEY_LOCKED (a passphrase is needed), PASSPHRASE_WRONG.
 */
export function parseOpenSshPrivateKey(text: string, passphrase?: string): Uint8Array {
  const { cipher, kdf, kdfOptions, publicKey, sealed } = readEnvelope(text);
  const secret = cipher === 'none' ? sealed : decrypt(sealed, cipher, kdf, kdfOptions, passphrase);
  const reader = new SshReader(secret, invalid);
  // Two copies of a random number: equal when the passphrase was the right one.
  if (reader.u32() !== reader.u32()) {
    if (cipher === 'none') throw invalid('has check numbers that differ');
    throw new TrustError('PASSPHRASE_WRONG', 'The passphrase does not open the OpenSSH key', {
      hint: 'Type it again.',
    });
  }
  const inner = publicKeyIn(reader, invalid);
  const pair = reader.string();
  if (pair.length !== 2 * SEED_BYTES) throw invalid(`has a secret of ${pair.length} bytes (must be ${2 * SEED_BYTES})`);
  const seed = pair.subarray(0, SEED_BYTES);
  // The public key stands there four times: outside, inside, behind the seed, and as what the seed gives.
  const others = [inner.bytes, pair.subarray(SEED_BYTES), keyOfSeed(seed).publicKey.bytes];
  if (others.some((bytes) => Buffer.compare(bytes, publicKey.bytes) !== 0)) {
    throw invalid('has a secret of another public key');
  }
  reader.string(); // The comment.
  const padding = reader.take(reader.rest);
  if (padding.some((byte, i) => byte !== i + 1)) throw invalid('has wrong padding');
  return seed;
}

function readEnvelope(text: string) {
  const bytes = decodeArmour(ARMOUR, text);
  if (!bytes) {
    if (isPrivateKeyText(text) && !text.includes(ARMOUR)) throw unsupported('is in an older form of private key file');
    throw invalid(`is not between lines of BEGIN and END ${ARMOUR}`);
  }
  const reader = new SshReader(bytes, invalid);
  if (Buffer.from(reader.take(MAGIC.length)).toString('latin1') !== MAGIC) throw invalid('does not begin as one');
  const [cipher, kdf, kdfOptions] = [reader.text(), reader.text(), reader.string()];
  const count = reader.u32();
  if (count !== 1) throw unsupported(`holds ${count} keys`);
  const publicKey = publicKeyIn(new SshReader(reader.string(), invalid), invalid);
  const sealed = reader.string();
  if (reader.rest > 0) throw unsupported(`is encrypted by ${cipher}`);
  return { cipher, kdf, kdfOptions, publicKey, sealed };
}

/** Key bytes of the ciphers that a key can be imported from; their blocks, and so their nonces, have 16. */
const ciphers: Readonly<Record<string, number>> = {
  'aes256-ctr': 32,
  'aes192-ctr': 24,
  'aes128-ctr': 16,
  'aes256-cbc': 32,
};

function decrypt(
  sealed: Uint8Array,
  cipher: string,
  kdf: string,
  kdfOptions: Uint8Array,
  passphrase: string | undefined,
): Uint8Array {
  if (!Object.hasOwn(ciphers, cipher) || kdf !== 'bcrypt') throw unsupported(`is encrypted by ${cipher} and ${kdf}`);
  if (passphrase === undefined) {
    throw new TrustError('KEY_LOCKED', 'The OpenSSH key has a passphrase, and none was given', {
      hint: 'Run the command in a terminal, or give --passphrase-file FILE.',
    });
  }
  const reader = new SshReader(kdfOptions, invalid);
  const [salt, rounds] = [reader.string(), reader.u32()];
  if (rounds < 1 || rounds > BCRYPT_ROUNDS_LIMIT) {
    throw unsupported(`wants ${rounds} rounds of bcrypt (1 to ${BCRYPT_ROUNDS_LIMIT})`);
  }
  if (sealed.length === 0 || sealed.length % 16 !== 0) throw invalid('has a secret that is no whole number of blocks');
  const length = ciphers[cipher];
  const derived = Buffer.alloc(length + 16);
  const phrase = Buffer.from(passphrase);
  // Loaded here: no command but `key import` needs it.
  const { pbkdf } = createRequire(import.meta.url)('bcrypt-pbkdf') as typeof BcryptPbkdf;
  if (pbkdf(phrase, phrase.length, salt, salt.length, derived, derived.length, rounds) !== 0) {
    throw invalid('has an empty passphrase or salt');
  }
  const name = cipher.replace('aes', 'aes-');
  const decipher = createDecipheriv(name, derived.subarray(0, length), derived.subarray(length)).setAutoPadding(false);
  return Buffer.concat([decipher.update(sealed), decipher.final()]);
}

/** Reads algorithm and public key. */
function publicKeyIn(reader: SshReader, fail: (problem: string) => Error): PublicKey {
  const algorithm = reader.text();
  if (algorithm !== SSH_ED25519) throw unsupported(`is of the kind "${algorithm}"`);
  const bytes = reader.string();
  if (bytes.length !== SEED_BYTES) throw fail(`has ${bytes.length} bytes (must be ${SEED_BYTES})`);
  return createPublicKey(bytes);
}

/** Has no cause, and quotes nothing: the text may be secret. */
function invalid(problem: string): TrustError {
  return new TrustError('KEY_INVALID', `The OpenSSH key ${problem}`, {
    hint: 'See whether "ssh-keygen -y -f FILE" can read it.',
  });
}

function unsupported(problem: string): TrustError {
  return new TrustError('KEY_UNSUPPORTED', `The OpenSSH key ${problem.replace(/[^\x20-\x7e]/g, '?').slice(0, 200)}`, {
    hint: 'Only Ed25519 keys are taken ("ssh-keygen -t ed25519"), without passphrase or under aes256-ctr and bcrypt.',
  });
}
