import { describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { createKey, KEY_FILE, loadOrCreateKey } from '../../src/trust/keys.js';
import { createPublicKey, decodePublicKey, encodePublicKey } from '../../src/trust/public-key.js';
import { verifySignature } from '../../src/trust/verify-signature.js';
import { temporaryDirectory } from '../paths.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe('the signing key', () => {
  test('is made on first use, private, and then found again', async () => {
    const directory = join(temporaryDirectory(), 'config', 'bankai');
    const made = await loadOrCreateKey(directory);
    const path = join(directory, KEY_FILE);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(directory)).toEqual([KEY_FILE]);
    const content = readFileSync(path, 'utf8');
    const found = await loadOrCreateKey(directory);
    expect(found.id).toBe(made.id);
    expect(readFileSync(path, 'utf8')).toBe(content);
    const message = bytes('message');
    expect(verifySignature(made.publicKey.bytes, message, found.sign(message))).toBe(true);
  });

  test('is one, when many make the first at once', async () => {
    const directory = join(temporaryDirectory(), 'keys');
    const keys = await Promise.all(Array.from({ length: 6 }, () => loadOrCreateKey(directory)));
    expect(new Set(keys.map((key) => key.id)).size).toBe(1);
    expect(readdirSync(directory)).toEqual([KEY_FILE]);
  });

  test('has an id that is the digest of its public key, and differs from every other', () => {
    const key = createKey();
    expect(key.id).toBe(createHash('sha256').update(key.publicKey.bytes).digest('hex'));
    expect(createKey().id).not.toBe(key.id);
  });

  test('does not show its secret', () => {
    const key = createKey();
    const shown = JSON.stringify(key, (_name, value: unknown) =>
      typeof value === 'function' ? value.toString() : value,
    );
    expect(Object.keys(key).sort()).toEqual(['id', 'publicKey', 'sign']);
    expect(shown).not.toMatch(/seed|secretKey":/);
  });

  test.each([0o640, 0o604, 0o620, 0o666])('is refused when its mode is %o', async (mode) => {
    const directory = temporaryDirectory();
    await loadOrCreateKey(directory);
    chmodSync(join(directory, KEY_FILE), mode);
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_UNSAFE');
    await expect(loadOrCreateKey(directory)).rejects.toMatchObject({ hint: expect.stringContaining('chmod go-rwx') });
  });

  test('is refused in a directory that others can write to', async () => {
    const directory = join(temporaryDirectory(), 'keys');
    mkdirSync(directory);
    chmodSync(directory, 0o775);
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_UNSAFE');
    expect(readdirSync(directory)).toEqual([]);
  });

  test.each<[string, (content: string) => string]>([
    ['empty', () => ''],
    ['cut', (content) => content.slice(0, -20)],
    ['no JSON', () => 'secret secret'],
    ['another format', (content) => content.replace('/v1', '/v2')],
    ['a field too many', (content) => content.replace('{', '{"a":1,')],
    ['a seed of another key', (content) => content.replace(/"seed":".{4}/, '"seed":"AAAA')],
    ['a second spelling of base64', (content) => content.replace(/[A-Za-z0-9+/]="}$/, '_="}')],
    ['too long', (content) => content + ' '.repeat(2000)],
  ])('is refused and left alone when its file is %s', async (_what, change) => {
    const directory = temporaryDirectory();
    await loadOrCreateKey(directory);
    const path = join(directory, KEY_FILE);
    const content = change(readFileSync(path, 'utf8'));
    writeFileSync(path, content);
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_INVALID');
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('never goes into an error, even when its file is damaged', async () => {
    const directory = temporaryDirectory();
    await loadOrCreateKey(directory);
    const path = join(directory, KEY_FILE);
    const secret = (JSON.parse(readFileSync(path, 'utf8')) as { seed: string }).seed;
    writeFileSync(path, secret);
    const error = (await loadOrCreateKey(directory).catch((reason: unknown) => reason)) as Error;
    expect(error).toBeErrorWithCode('KEY_INVALID');
    expect(error.cause).toBeUndefined();
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(secret.slice(0, 8));
  });

  test('is refused when its directory is a file, or its link leads nowhere', async () => {
    const directory = temporaryDirectory();
    writeFileSync(join(directory, 'file'), '');
    await expect(loadOrCreateKey(join(directory, 'file'))).toFailWithCode('IO');
    symlinkSync(join(directory, 'nowhere'), join(directory, KEY_FILE));
    await expect(loadOrCreateKey(directory)).toFailWithCode('IO');
  });
});

describe('a public key file', () => {
  const key = createPublicKey(
    Uint8Array.from(Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex')),
  );
  const file =
    '{"algorithm":"ed25519","format":"bankai.public-key/v1","publicKey":"11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="}';

  test('has the bytes of the specification, and comes back', () => {
    expect(text(encodePublicKey(key))).toBe(file);
    expect(decodePublicKey(bytes(file), key.id)).toEqual(key);
  });

  test.each([
    ['another algorithm', file.replace('ed25519', 'rsa')],
    ['a space', file.replace(':', ': ')],
    ['31 bytes', file.replace('11qY', '')],
    ['a second spelling of base64', file.replace('URo=', 'URp=')],
    ['the neutral point', file.replace(/[^"]{43}=/, `AQ${'A'.repeat(41)}=`)],
    ['y beyond the prime', file.replace(/[^"]{43}=/, `7v${'/'.repeat(39)}38=`)],
  ])('is refused with %s', async (_what, changed) => {
    expect(changed).not.toBe(file);
    await expect(() => decodePublicKey(bytes(changed))).toFailWithCode('KEY_INVALID');
  });

  test('is refused under the name of another key', async () => {
    await expect(() => decodePublicKey(bytes(file), createKey().id)).toFailWithCode('KEY_INVALID');
  });
});
