import { describe, expect, test } from '@jest/globals';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { decodeKeyFile, encodeKeyFile } from '../../src/trust/key-file.js';
import { addKey, chooseDefaultKey, FIRST_KEY, keyPath, listKeys, loadOrCreateKey } from '../../src/trust/keys.js';
import { createKey, createSeed, keyOfSeed } from '../../src/trust/signing-key.js';
import { createPublicKey, decodePublicKey, encodePublicKey } from '../../src/trust/public-key.js';
import { verifySignature } from '../../src/trust/verify-signature.js';
import { temporaryDirectory } from '../paths.js';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (data: Uint8Array) => new TextDecoder().decode(data);

describe('the signing key', () => {
  test('is made on first use, private, and then found again', async () => {
    const directory = join(temporaryDirectory(), 'config', 'bankai');
    const made = await loadOrCreateKey(directory);
    const path = keyPath(directory, FIRST_KEY);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(statSync(directory).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(directory, 'keys'))).toEqual([`${FIRST_KEY}.json`]);
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
    expect(readdirSync(join(directory, 'keys'))).toEqual([`${FIRST_KEY}.json`]);
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
    chmodSync(keyPath(directory, FIRST_KEY), mode);
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
    const path = keyPath(directory, FIRST_KEY);
    const content = change(readFileSync(path, 'utf8'));
    writeFileSync(path, content);
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_INVALID');
    expect(readFileSync(path, 'utf8')).toBe(content);
  });

  test('never goes into an error, even when its file is damaged', async () => {
    const directory = temporaryDirectory();
    await loadOrCreateKey(directory);
    const path = keyPath(directory, FIRST_KEY);
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
    mkdirSync(join(directory, 'keys'));
    symlinkSync(join(directory, 'nowhere'), keyPath(directory, FIRST_KEY));
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_UNKNOWN');
  });
});

/** Cheap enough for tests; the shape is that of the real one. */
const cost = { log2N: 10, r: 8, p: 1 };

describe('several keys', () => {
  test('live side by side; the first one is the default until another is chosen', async () => {
    const directory = temporaryDirectory();
    const work = await addKey(directory, { name: 'work' });
    await addKey(directory, { name: 'home' });
    const summary = async () => (await listKeys(directory)).map(({ name, isDefault }) => [name, isDefault]);
    expect(await summary()).toEqual([
      ['home', false],
      ['work', true],
    ]);
    expect((await loadOrCreateKey(directory)).id).toBe(work.publicKey.id);
    const home = await chooseDefaultKey(directory, 'home');
    expect((await loadOrCreateKey(directory)).id).toBe(home.publicKey.id);
    expect((await loadOrCreateKey(directory, { name: 'work' })).id).toBe(work.publicKey.id);
    expect(statSync(keyPath(directory, 'work')).mode & 0o777).toBe(0o600);
  });

  test('none is ever overwritten, nor kept twice', async () => {
    const directory = temporaryDirectory();
    const seed = createSeed();
    await addKey(directory, { name: 'work', seed });
    const content = readFileSync(keyPath(directory, 'work'), 'utf8');
    await expect(addKey(directory, { name: 'work' })).toFailWithCode('KEY_EXISTS');
    await expect(addKey(directory, { name: 'again', seed })).toFailWithCode('KEY_EXISTS');
    expect(readFileSync(keyPath(directory, 'work'), 'utf8')).toBe(content);
    expect(readdirSync(join(directory, 'keys'))).toEqual(['work.json']);
  });

  test('a name that is not there is an error, and makes no key', async () => {
    const directory = temporaryDirectory();
    await expect(loadOrCreateKey(directory, { name: 'work' })).toFailWithCode('KEY_UNKNOWN');
    await expect(chooseDefaultKey(directory, 'work')).toFailWithCode('KEY_UNKNOWN');
    expect(await listKeys(directory)).toEqual([]);
  });

  test.each(['', '../x', 'a/b', '.hidden', '-x', 'a'.repeat(65)])('"%s" is no name', async (name) => {
    const directory = temporaryDirectory();
    await expect(addKey(directory, { name })).toFailWithCode('NAME_INVALID');
    await expect(loadOrCreateKey(directory, { name })).toFailWithCode('NAME_INVALID');
  });
});

describe('a key under a passphrase', () => {
  const seed = createSeed();
  const { id } = keyOfSeed(seed);
  const encode = () => encodeKeyFile(seed, 'Straße 7', cost);

  test('opens with it, in any Unicode form, and with no other', async () => {
    const file = decodeKeyFile(await encode(), 'sealed');
    expect([file.publicKey.id, file.encrypted]).toEqual([id, true]);
    expect((await file.open('Straße 7'.normalize('NFD'))).id).toBe(id);
    await expect(file.open('Strasse 7')).toFailWithCode('PASSPHRASE_WRONG');
    await expect(file.open('')).toFailWithCode('PASSPHRASE_WRONG');
    await expect(file.open()).toFailWithCode('KEY_LOCKED');
  });

  test('is another file every time, and has no seed in it', async () => {
    const [one, other] = [await encode(), await encode()];
    expect(text(one)).not.toBe(text(other));
    expect(text(one)).not.toContain(Buffer.from(seed).toString('base64').slice(0, 8));
  });

  test.each<[string, (file: string) => string]>([
    ['the public key', (file) => file.replace(/"publicKey":"[^"]*"/, `"publicKey":"${'B'.repeat(42)}E="`)],
    ['the cost', (file) => file.replace('"log2N":10', '"log2N":11')],
    ['the salt', (file) => file.replace(/"salt":"..../, '"salt":"AAAA')],
    ['the nonce', (file) => file.replace(/"nonce":"..../, '"nonce":"AAAA')],
    ['the ciphertext', (file) => file.replace(/"ciphertext":"..../, '"ciphertext":"AAAA')],
  ])('does not open once %s was changed', async (_what, change) => {
    const changed = change(text(await encode()));
    await expect(Promise.resolve().then(() => decodeKeyFile(bytes(changed), 'sealed').open('Straße 7'))).toFailWithCode(
      'PASSPHRASE_WRONG',
    );
  });

  test.each<[string, (file: string) => string]>([
    ['a cost beyond the memory limit', (file) => file.replace('"log2N":10', '"log2N":20')],
    ['a cost beyond the schema', (file) => file.replace('"log2N":10', '"log2N":30')],
    ['no cost at all', (file) => file.replace('"log2N":10', '"log2N":1')],
    ['another kind of key derivation', (file) => file.replace('"scrypt"', '"md5"')],
  ])('is refused, without trying, with %s', async (_what, change) => {
    const original = text(await encode());
    expect(change(original)).not.toBe(original);
    await expect(() => decodeKeyFile(bytes(change(original)), 'sealed')).toFailWithCode('KEY_INVALID');
  });

  test('is refused with a key of small order', async () => {
    const file = text(await encodeKeyFile(createSeed(), 'secret', { log2N: 10, r: 8, p: 1 }));
    const changed = file.replace(/"publicKey":"[^"]*"/, `"publicKey":"AQ${'A'.repeat(41)}="`);
    await expect(() => decodeKeyFile(bytes(changed), 'sealed')).toFailWithCode('KEY_WEAK');
  });

  test('is asked for by name, once', async () => {
    const directory = temporaryDirectory();
    await addKey(directory, { name: 'work', seed, passphrase: 'open', cost });
    const asked: string[] = [];
    const askPassphrase = (name: string) => Promise.resolve((asked.push(name), 'open'));
    expect((await loadOrCreateKey(directory, { askPassphrase })).id).toBe(id);
    expect(asked).toEqual(['work']);
    await expect(loadOrCreateKey(directory)).toFailWithCode('KEY_LOCKED');
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
    ['y beyond the prime', file.replace(/[^"]{43}=/, `7v${'/'.repeat(39)}38=`)],
  ])('is refused with %s', async (_what, changed) => {
    expect(changed).not.toBe(file);
    await expect(() => decodePublicKey(bytes(changed))).toFailWithCode('KEY_INVALID');
  });

  test('is refused with the neutral point', async () => {
    const changed = file.replace(/[^"]{43}=/, `AQ${'A'.repeat(41)}=`);
    await expect(() => decodePublicKey(bytes(changed))).toFailWithCode('KEY_WEAK');
  });

  test('is refused under the name of another key', async () => {
    await expect(() => decodePublicKey(bytes(file), createKey().id)).toFailWithCode('KEY_INVALID');
  });
});
