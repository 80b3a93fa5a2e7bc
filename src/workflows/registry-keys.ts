/** Owns the keys with which a person writes in registries: their own signing keys, and the public ones of others. */
import { RegistryError } from '../errors.js';
import type { KeyRing } from '../registry/metadata.js';
import type { Author } from '../registry/revision.js';
import { findKey, type KeyChoice, listKeys, loadOrCreateKey } from '../trust/keys.js';
import { isOpenSshLine, parseOpenSshKey } from '../trust/openssh-key.js';
import { decodePublicKey, type PublicKey } from '../trust/public-key.js';
import type { SigningKey } from '../trust/signing-key.js';

/** Who writes in a registry: what the terminal knows and the library must be told. */
export interface RegistryAuthor {
  /** Directory of the signing keys. */
  readonly keyDirectory: string;
  /** Which of them goes first where several could sign, and who is asked for passphrases. */
  readonly key?: KeyChoice;
  readonly time: Date;
  /** Days for which signatures are good, instead of what each role has. */
  readonly days?: number;
}

/** Makes an author of TUF metadata of a person. Each key is opened once, when it is needed. */
export function authorOf({ keyDirectory, key, time, days }: RegistryAuthor): Author {
  const opened = new Map<string, Promise<SigningKey>>();
  const ring: KeyRing = async ({ keys, threshold }) => {
    const mine = (await listKeys(keyDirectory)).filter(({ publicKey }) => keys.some(({ id }) => id === publicKey.id));
    const inOrder = [...mine].sort((a, b) => Number(b.name === key?.name) - Number(a.name === key?.name));
    return Promise.all(
      inOrder.slice(0, threshold).map(({ name }) => {
        const open = opened.get(name) ?? loadOrCreateKey(keyDirectory, { ...key, name });
        opened.set(name, open);
        return open;
      }),
    );
  };
  return { ring, time, ...(days !== undefined && { days }) };
}

/**
 * Reads a public key: a line of OpenSSH, a public key file of ours, or the name of one of the person's own keys. Throws
 * KEY_INVALID, KEY_UNSUPPORTED, KEY_UNKNOWN, NAME_INVALID.
 */
export async function publicKeyFrom(text: string, { keyDirectory }: RegistryAuthor): Promise<PublicKey> {
  if (isOpenSshLine(text)) return parseOpenSshKey(text);
  if (text.trimStart().startsWith('{')) return decodePublicKey(Buffer.from(text));
  return (await findKey(keyDirectory, text)).publicKey;
}

/** Reads several, each once, with their threshold. Throws REGISTRY_KEYS for a threshold that cannot be met. */
export async function roleFrom(texts: readonly string[], threshold: number, author: RegistryAuthor) {
  const all = await Promise.all(texts.map((text) => publicKeyFrom(text, author)));
  const keys = [...new Map(all.map((key) => [key.id, key])).values()];
  if (threshold >= 1 && threshold <= keys.length) return { keys, threshold };
  throw new RegistryError('REGISTRY_KEYS', `${threshold} of ${keys.length} keys cannot sign`, {
    hint: `Give a threshold from 1 to ${keys.length}.`,
  });
}
