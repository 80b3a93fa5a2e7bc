/** Owns `bankai trust`: whose signatures a person believes. */
import { isOpenSshLine, parseOpenSshKey } from '../trust/openssh-key.js';
import { decodePublicKey } from '../trust/public-key.js';
import { distrustKey, readTrust, type TrustedKey, trustKey } from '../trust/trust.js';

/** A trusted key as people may see it. */
export interface TrustedKeySummary {
  readonly name: string;
  readonly id: string;
  readonly scopes: readonly string[];
  /** Why it is not believed any more, where it was revoked. */
  readonly revoked?: string;
}

export interface TrustRequest {
  readonly name: string;
  /** A line of OpenSSH, or the content of a public key file of ours. */
  readonly key: string;
  /** `registry:NAME` and `namespace:NAME`; everything without any. */
  readonly scopes: readonly string[];
}

/** Begins to trust a key. Throws KEY_INVALID, KEY_WEAK, KEY_UNSUPPORTED, KEY_EXISTS, NAME_INVALID, USAGE (a scope), IO. */
export async function addTrust(directory: string, { name, key, scopes }: TrustRequest): Promise<TrustedKeySummary> {
  const publicKey = isOpenSshLine(key) ? parseOpenSshKey(key) : decodePublicKey(Buffer.from(key.trim()));
  const trusted = { name, publicKey, scopes: [...new Set(scopes)].sort() };
  await trustKey(directory, trusted);
  return summaryOf(trusted);
}

/** Lists the trusted keys of others by name. Throws TRUST_INVALID, IO. */
export async function listTrust(directory: string): Promise<TrustedKeySummary[]> {
  const { others, revoked } = await readTrust(directory);
  return others.map((key) => {
    const reason = revoked.get(key.publicKey.id);
    return { ...summaryOf(key), ...(reason !== undefined && { revoked: reason }) };
  });
}

/** Stops trusting a key, by its name or the first digits of its id. Throws KEY_UNKNOWN, IO. */
export async function removeTrust(directory: string, nameOrId: string): Promise<TrustedKeySummary> {
  return summaryOf(await distrustKey(directory, nameOrId));
}

const summaryOf = ({ name, publicKey, scopes }: TrustedKey): TrustedKeySummary => ({
  name,
  id: publicKey.id,
  scopes,
});
