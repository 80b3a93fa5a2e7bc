import { describe, expect, test } from '@jest/globals';
import { mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { addKey, keyPath, listKeys, loadOrCreateKey } from '../../src/trust/keys.js';
import { createKey } from '../../src/trust/signing-key.js';
import { distrustKey, holderOf, isTrusted, readTrust, trustKey } from '../../src/trust/trust.js';
import { temporaryDirectory } from '../paths.js';

const [ada, bob] = [createKey(), createKey()];
const place = () => join(temporaryDirectory(), 'bankai');

describe('trust', () => {
  test('is in own keys always, in others within their scopes', async () => {
    const directory = place();
    const own = await loadOrCreateKey(directory);
    await trustKey(directory, { name: 'ada', publicKey: ada.publicKey, scopes: [] });
    await trustKey(directory, { name: 'bob', publicKey: bob.publicKey, scopes: ['namespace:mathlab'] });
    const trust = await readTrust(directory);
    expect(holderOf(trust, own.id)).toEqual({ id: own.id, name: 'personal', relation: 'own' });
    expect(holderOf(trust, bob.id)).toEqual({ id: bob.id, name: 'bob', relation: 'trusted' });
    expect(holderOf(trust, createKey().id)).toMatchObject({ relation: 'unknown' });
    expect([own.id, ada.id, bob.id].map((id) => isTrusted(trust, id))).toEqual([true, true, false]);
    expect(isTrusted(trust, bob.id, ['namespace:mathlab', 'registry:main'])).toBe(true);
    expect(isTrusted(trust, bob.id, ['namespace:other', 'registry:mathlab'])).toBe(false);
    expect(isTrusted(trust, createKey().id, ['namespace:mathlab'])).toBe(false);
  });

  test('is changed by adding a key again, and ends', async () => {
    const directory = place();
    await trustKey(directory, { name: 'ada', publicKey: ada.publicKey, scopes: [] });
    await trustKey(directory, { name: 'ada.l', publicKey: ada.publicKey, scopes: ['registry:main'] });
    expect((await readTrust(directory)).others).toMatchObject([{ name: 'ada.l', scopes: ['registry:main'] }]);
    await distrustKey(directory, ada.id.slice(0, 8));
    expect((await readTrust(directory)).others).toEqual([]);
    await expect(distrustKey(directory, 'ada.l')).toFailWithCode('KEY_UNKNOWN');
  });

  test('gives a name to one key alone, and refuses what is no scope', async () => {
    const directory = place();
    await trustKey(directory, { name: 'ada', publicKey: ada.publicKey, scopes: [] });
    const named = (name: string, scopes: string[] = []) =>
      trustKey(directory, { name, publicKey: bob.publicKey, scopes });
    await expect(named('ada')).toFailWithCode('KEY_EXISTS');
    await expect(named('a b')).toFailWithCode('NAME_INVALID');
    await expect(named('bob', ['galaxy:far'])).toFailWithCode('USAGE');
    expect((await readTrust(directory)).others).toHaveLength(1);
  });
});

describe('the one key of the first version', () => {
  const early = async () => {
    const directory = place();
    const key = await loadOrCreateKey(directory);
    renameSync(keyPath(directory, 'personal'), join(directory, 'signing-key.json'));
    return { directory, key };
  };

  test('becomes the personal one', async () => {
    const { directory, key } = await early();
    expect((await loadOrCreateKey(directory)).id).toBe(key.id);
    expect(await listKeys(directory)).toMatchObject([{ name: 'personal', isDefault: true }]);
    expect(readdirSync(directory)).toEqual(['keys']);
  });

  test('does not take the place of another', async () => {
    const { directory, key } = await early();
    mkdirSync(join(directory, 'elsewhere'), { mode: 0o700 });
    const other = await loadOrCreateKey(join(directory, 'elsewhere'));
    renameSync(keyPath(join(directory, 'elsewhere'), 'personal'), keyPath(directory, 'personal'));
    const listed = await listKeys(directory);
    expect(listed.map(({ name, publicKey }) => [name, publicKey.id])).toEqual([
      ['early', key.id],
      ['personal', other.id],
    ]);
    await addKey(directory, { name: 'third' });
  });
});
