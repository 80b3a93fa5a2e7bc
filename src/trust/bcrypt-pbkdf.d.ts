declare module 'bcrypt-pbkdf' {
  /** Fills `key` with `keyLength` bytes made of passphrase and salt; not 0 when a length is out of its range. */
  export function pbkdf(
    passphrase: Uint8Array,
    passphraseLength: number,
    salt: Uint8Array,
    saltLength: number,
    key: Uint8Array,
    keyLength: number,
    rounds: number,
  ): number;
}
