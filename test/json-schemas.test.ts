/** The schemas themselves: of one dialect, named, complete, and closed where what they describe is ours. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaViolation } from '../src/schema.js';
import { root } from './paths.js';

type Schema = Readonly<Record<string, unknown>>;

const suffix = '.schema.json';
const names = readdirSync(join(root, 'schema'))
  .filter((file) => file.endsWith(suffix))
  .map((file) => file.slice(0, -suffix.length));
const read = (name: string) => JSON.parse(readFileSync(join(root, 'schema', name + suffix), 'utf8')) as Schema;

/** Formats of others, and files that people write by hand: fields that nobody knows are tolerated there. */
const open = ['interchange-row-xor-v1', 'interchange-group-xor-v2', 'probes'];

/** Paths of the object schemas that name their properties and yet let others pass. */
function openObjects(schema: unknown, path = '#'): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const isOpen = 'properties' in schema && !('additionalProperties' in schema || 'unevaluatedProperties' in schema);
  const below = Object.entries(schema).flatMap(([key, inner]) => openObjects(inner, `${path}/${key}`));
  return isOpen ? [path, ...below] : below;
}

describe.each(names)('schema %s', (name) => {
  test('says what it describes, in the dialect of all', () => {
    expect(read(name)).toMatchObject({
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      title: expect.any(String),
    });
  });

  test('can be checked against', () => {
    expect(schemaViolation(name, 'neither an object nor an array')).toEqual(expect.any(String));
  });

  test('lets no unknown field pass, unless the format is not ours', () => {
    expect(openObjects(read(name)).length > 0).toBe(open.includes(name));
  });
});

test('every command that answers in JSON has a schema', () => {
  const manifest = JSON.parse(readFileSync(join(root, 'oclif.manifest.json'), 'utf8')) as {
    commands: Readonly<Record<string, { readonly enableJsonFlag?: boolean }>>;
  };
  const verbs = Object.entries(manifest.commands)
    .filter(([, { enableJsonFlag }]) => enableJsonFlag)
    .map(([id]) => (id === 'probes:audit' ? 'audit' : id.replaceAll(':', '-')));
  expect(names).toEqual(expect.arrayContaining(verbs));
});
