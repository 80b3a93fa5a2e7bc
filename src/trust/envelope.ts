/**
 * Owns the signed envelope: DSSE v1 (github.com/secure-systems-lab/dsse). What is signed is the payload *with its type*,
 * so a payload signed as one thing can never be opened as another. The file is canonical JSON (FORMAT.md, "Envelope").
 */
import { FormatError, TrustError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import { formatBase64, parseBase64 } from './base64.js';
import { type SigningKey } from './signing-key.js';
import { type KeyId, type PublicKey } from './public-key.js';
import { isMalleable, verifySignature } from './verify-signature.js';

/** Bytes of the largest envelope file. */
export const ENVELOPE_BYTE_LIMIT = 2 ** 20;

/** An envelope as it stands in its file. */
export interface Envelope {
  /** base64 */
  readonly payload: string;
  readonly payloadType: string;
  /** `keyid` only helps to find the key; `sig` is base64. */
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** A payload that at least one known key has signed. */
export interface OpenedEnvelope {
  readonly payload: Uint8Array;
  /** Keys that were known and whose signatures are good: at least one, ascending. */
  readonly signers: readonly KeyId[];
  /** Key ids that the envelope names but nobody knows, ascending; their signatures prove nothing. */
  readonly unknownSigners: readonly string[];
}

/** Signs a payload of a type. */
export function signEnvelope(payloadType: string, payload: Uint8Array, key: SigningKey): Envelope {
  const sig = formatBase64(key.sign(preAuthenticationEncoding(payloadType, payload)));
  return { payload: formatBase64(payload), payloadType, signatures: [{ keyid: key.id, sig }] };
}

/** Encodes an envelope as the canonical JSON of its file. */
export function encodeEnvelope(envelope: Envelope): Uint8Array {
  return canonicalBytes(envelope);
}

/** Decodes an envelope file without believing it. Throws STATEMENT_INVALID. */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  return decodeCanonical(bytes, { byteLimit: ENVELOPE_BYTE_LIMIT, schema: 'envelope', fail: invalid }) as Envelope;
}

/**
 * Opens an envelope file: gives its payload when it is of the expected type and every signature of a known key is good.
 * Signatures of unknown keys are counted out, for anyone can add them. Throws STATEMENT_INVALID, PAYLOAD_TYPE,
 * SIGNATURE_MISSING (there is none), SIGNATURE_INVALID or SIGNATURE_MALLEABLE (a known key's is bad), SIGNER_UNKNOWN (no
 * key is known), and what `keyOf` throws.
 */
export function openEnvelope(
  bytes: Uint8Array,
  expectedPayloadType: string,
  keyOf: (keyId: KeyId) => PublicKey | undefined,
): OpenedEnvelope {
  const envelope = decodeEnvelope(bytes);
  if (envelope.payloadType !== expectedPayloadType) {
    throw new TrustError(
      'PAYLOAD_TYPE',
      `Envelope holds ${JSON.stringify(envelope.payloadType)}, not ${expectedPayloadType}`,
      { hint: 'What was signed as one thing is shown as another. Do not use it; get it from its author again.' },
    );
  }
  const payload = parseBase64(envelope.payload);
  if (!payload) throw invalid('has a payload that is not in strict base64');
  if (envelope.signatures.length === 0) {
    throw new TrustError('SIGNATURE_MISSING', 'Envelope has no signature', {
      hint: 'Ask its author to sign it; an unsigned statement proves nothing.',
    });
  }
  const signed = preAuthenticationEncoding(envelope.payloadType, payload);
  const signers = new Set<KeyId>();
  const unknown = new Set<string>();
  for (const { keyid, sig } of envelope.signatures) {
    const key = keyOf(keyid as KeyId);
    if (!key || key.id !== keyid) {
      unknown.add(keyid);
      continue;
    }
    const signature = parseBase64(sig);
    if (signature && isMalleable(signature)) throw malleable(key.id);
    if (!signature || !verifySignature(key.bytes, signed, signature)) throw forged(key.id);
    signers.add(key.id);
  }
  if (signers.size === 0) throw unknownSigners([...unknown]);
  return { payload, signers: [...signers].sort(), unknownSigners: [...unknown].sort() };
}

/** PAE of the DSSE protocol: "DSSEv1" SP length SP type SP length SP body, lengths in bytes as decimal ASCII. */
export function preAuthenticationEncoding(payloadType: string, payload: Uint8Array): Uint8Array {
  const type = Buffer.from(payloadType);
  const head = Buffer.from(`DSSEv1 ${type.length} ${payloadType} ${payload.length} `);
  return Buffer.concat([head, payload]);
}

function malleable(keyId: KeyId): TrustError {
  return new TrustError('SIGNATURE_MALLEABLE', `Envelope has a second spelling of a signature of key ${keyId}`, {
    hint: 'Somebody derived it from the real one. Get the statement from its author again.',
    data: { keyId },
  });
}

function forged(keyId: KeyId): TrustError {
  return new TrustError('SIGNATURE_INVALID', `Envelope has a bad signature of key ${keyId}`, {
    hint: 'What was signed has been changed, or somebody else signed it. Do not use it; get it from its author again.',
    data: { keyId },
  });
}

function unknownSigners(keyIds: string[]): TrustError {
  return new TrustError('SIGNER_UNKNOWN', `Envelope is signed by no known key, but by ${keyIds.join(', ')}`, {
    hint: 'Get the public key of the signer from a place that you trust.',
    data: { keyIds },
  });
}

function invalid(problem: string, cause?: unknown): FormatError {
  return new FormatError('STATEMENT_INVALID', `Envelope ${problem}`, {
    hint: 'The file is damaged or was not made by Bankai. Get it from its author again.',
    cause,
  });
}
