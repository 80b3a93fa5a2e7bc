/** Owns `bankai key`: a person's signing keys, listed, made, taken over from elsewhere, and given away in public. */
import { TrustError } from '../errors.js';
import { formatBase64 } from '../trust/base64.js';
import { decodeKeyFile, type KeyFile } from '../trust/key-file.js';
import { addKey, type AskPassphrase, chooseDefaultKey, findKey, type KeyEntry, listKeys } from '../trust/keys.js';
import {
  formatOpenSshKey,
  isEncryptedOpenSshKey,
  isOpenSshLine,
  isPrivateKeyText,
  parseOpenSshPrivateKey,
} from '../trust/openssh-key.js';
import { readTrust } from '../trust/trust.js';

/** A key as people may see it. */
export interface KeySummary {
  readonly name: string;
  readonly id: string;
  readonly encrypted: boolean;
  readonly isDefault: boolean;
  /** Why it signs no more, where it was revoked. */
  readonly revoked?: string;
}

/** Lists the keys of a directory by name. Throws KEY_INVALID, KEY_UNSAFE, IO, and what reading revocations throws. */
export async function keys(directory: string): Promise<KeySummary[]> {
  const { revoked } = await readTrust(directory);
  return (await listKeys(directory)).map((entry) => {
    const reason = revoked.get(entry.publicKey.id);
    return { ...summaryOf(entry), ...(reason !== undefined && { revoked: reason }) };
  });
}

/** Makes a key. Throws KEY_EXISTS, NAME_INVALID, KEY_UNSAFE, IO. */
export async function newKey(directory: string, key: { name: string; passphrase?: string }): Promise<KeySummary> {
  return summaryOf(await addKey(directory, key));
}

export interface KeyImport {
  readonly name: string;
  /** A private key of OpenSSH, or a key file of ours. */
  readonly bytes: Uint8Array;
  /** Asked for the passphrase of the file, if it has one; the key is then kept under the same one. */
  readonly askPassphrase: AskPassphrase;
}

/**
 * Takes over a private key. Throws KEY_INVALID, KEY_UNSUPPORTED, KEY_LOCKED, PASSPHRASE_WRONG, KEY_EXISTS, NAME_INVALID,
 * KEY_UNSAFE, IO.
 */
export async function importKey(directory: string, { name, bytes, askPassphrase }: KeyImport): Promise<KeySummary> {
  const text = Buffer.from(bytes).toString('latin1');
  if (isOpenSshLine(text)) throw publicHalf();
  const source = isPrivateKeyText(text) ? openSshSource(text) : decodeKeyFile(bytes, name);
  const passphrase = source.encrypted ? await askPassphrase(name) : undefined;
  const seed = await source.openSeed(passphrase);
  return summaryOf(await addKey(directory, { name, seed, ...(passphrase !== undefined && { passphrase }) }));
}

const openSshSource = (text: string): Pick<KeyFile, 'encrypted' | 'openSeed'> => ({
  encrypted: isEncryptedOpenSshKey(text),
  openSeed: async (passphrase) => parseOpenSshPrivateKey(text, passphrase),
});

/** The public half of a key, in every form that others may want. */
export interface ExportedKey {
  readonly name: string;
  readonly id: string;
  /** 32 bytes, base64. */
  readonly publicKey: string;
  /** As a line of `authorized_keys`, `allowed_signers` and git hosts. */
  readonly openssh: string;
}

/** Gives the public half of a key, the default one unless named. Throws KEY_UNKNOWN, NAME_INVALID, KEY_INVALID, IO. */
export async function exportKey(directory: string, name?: string): Promise<ExportedKey> {
  const { name: found, publicKey } = await findKey(directory, name);
  return {
    name: found,
    id: publicKey.id,
    publicKey: formatBase64(publicKey.bytes),
    openssh: formatOpenSshKey(publicKey, found),
  };
}

/** Makes a key the one that signs when no other is named. Throws KEY_UNKNOWN, NAME_INVALID, IO. */
export async function defaultKey(directory: string, name: string): Promise<KeySummary> {
  return summaryOf(await chooseDefaultKey(directory, name));
}

const summaryOf = ({ name, publicKey, encrypted, isDefault }: KeyEntry): KeySummary => ({
  name,
  id: publicKey.id,
  encrypted,
  isDefault,
});

function publicHalf(): TrustError {
  return new TrustError('KEY_UNSUPPORTED', 'The file holds a public key, which cannot sign', {
    hint: 'A key is imported to sign with: give the private key file.',
  });
}
