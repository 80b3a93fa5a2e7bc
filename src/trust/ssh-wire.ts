/** Owns SSH's binary encoding (RFC 4251, section 5), as far as keys and signatures need it: u32 and length-prefixed strings. */

/** Name of the algorithm in SSH (RFC 8709). */
export const SSH_ED25519 = 'ssh-ed25519';

/** Encodes strings, each behind its length (u32, big-endian). */
export function encodeStrings(...strings: readonly (string | Uint8Array)[]): Uint8Array {
  return Buffer.concat(
    strings.flatMap((string) => {
      const bytes = Buffer.from(string as string);
      const length = Buffer.alloc(4);
      length.writeUInt32BE(bytes.length);
      return [length, bytes];
    }),
  );
}

/** Encodes a public key as SSH does: algorithm, then 32 bytes. */
export const encodeSshKey = (publicKey: Uint8Array): Uint8Array => encodeStrings(SSH_ED25519, publicKey);

/** Reads from the front of bytes that nobody vouches for; what is cut short makes `fail`. */
export class SshReader {
  readonly #bytes: Buffer;
  readonly #fail: (problem: string) => Error;
  #at = 0;

  constructor(bytes: Uint8Array, fail: (problem: string) => Error) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#fail = fail;
  }

  get rest(): number {
    return this.#bytes.length - this.#at;
  }

  take(length: number): Uint8Array {
    if (length > this.rest) throw this.#fail('ends in the middle of a field');
    this.#at += length;
    return Uint8Array.from(this.#bytes.subarray(this.#at - length, this.#at));
  }

  u32(): number {
    return Buffer.from(this.take(4)).readUInt32BE();
  }

  string(): Uint8Array {
    return this.take(this.u32());
  }

  text(): string {
    return Buffer.from(this.string()).toString('latin1');
  }
}

/** Decodes armour: base64 between a BEGIN and an END line. Undefined when the text is not that. */
export function decodeArmour(label: string, text: string): Uint8Array | undefined {
  const match = new RegExp(`^-----BEGIN ${label}-----\\s+([A-Za-z0-9+/=\\s]+?)\\s*-----END ${label}-----\\s*$`).exec(
    text,
  );
  if (!match) return undefined;
  const base64 = match[1].replace(/\s/g, '');
  const bytes = Buffer.from(base64, 'base64');
  return bytes.toString('base64') === base64 ? bytes : undefined;
}

/** Encodes armour as ssh-keygen does: lines of 70 characters, a line feed at the end. */
export function encodeArmour(label: string, bytes: Uint8Array): string {
  const lines =
    Buffer.from(bytes)
      .toString('base64')
      .match(/.{1,70}/g) ?? [];
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
