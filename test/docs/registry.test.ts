/** Keeps docs/REGISTRY.md true: its examples computed anew, its limits and codes those of the program. */
import { describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { sha256Hex } from '../../src/patch/ids.js';
import { decodePatch } from '../../src/patch/patch.js';
import { BUNDLE_BYTE_LIMIT, type Bundle, decodeBundle, encodeBundle } from '../../src/registry/bundle.js';
import { patience } from '../../src/registry/download.js';
import { lifetimes, metadataLimits } from '../../src/registry/layout.js';
import { namespacePaths, tufKey } from '../../src/registry/metadata.js';
import { decodeIndex, encodeIndex, INDEX_BYTE_LIMIT } from '../../src/registry/namespace-index.js';
import { summarize } from '../../src/registry/summary.js';
import { createPublicKey } from '../../src/trust/public-key.js';
import { root } from '../paths.js';
import { example } from './document.js';

const text = readFileSync(join(root, 'docs', 'REGISTRY.md'), 'utf8');
const block = (name: string): string =>
  new RegExp(`^\`\`\`text example:${name}\n(.*)\n\`\`\`$`, 'm').exec(text)?.[1] ?? '';

describe('REGISTRY.md', () => {
  const bundle: Bundle = {
    ...{ namespace: 'mathlab', name: 'calc', version: '1.0.0', description: 'calculus', baseName: 'Example' },
    patch: decodePatch(Buffer.from(example('patch-calc'))),
    evidence: [],
  };
  const bytes = Buffer.from(encodeBundle(bundle));

  test('has the bundle of a patch, and its digest', () => {
    expect(block('bundle')).toBe(bytes.toString());
    expect(text).toContain(`has the digest \`${sha256Hex(bytes)}\``);
    expect(decodeBundle(bytes)).toEqual(bundle);
  });

  test('has the index of its namespace', () => {
    const entry = { ...summarize(bundle, []), sha256: sha256Hex(bytes), bytes: bytes.length };
    const index = { namespace: 'mathlab', packages: new Map([['calc', new Map([['1.0.0', entry]])]]) };
    expect(block('index')).toBe(Buffer.from(encodeIndex(index)).toString());
    expect(decodeIndex(Buffer.from(block('index')), 'mathlab')).toEqual(index);
  });

  test('has the id of a key', () => {
    const [, key, id] = /The key\s+`([0-9a-f]{64})` has the id\s+`([0-9a-f]{64})`/.exec(text) ?? [];
    expect(tufKey(createPublicKey(Buffer.from(key, 'hex'))).keyID).toBe(id);
  });

  test('has the limits of the program', () => {
    const flat = text.replace(/\s+/g, ' ');
    const count = (value: number) => value.toLocaleString('en');
    const { root: r, timestamp, snapshot, targets } = metadataLimits;
    expect(flat).toContain(
      `at most ${count(r)} bytes (root), ${count(timestamp)} (timestamp), ${count(snapshot)} (snapshot), ${count(targets)} (targets)`,
    );
    expect(flat).toContain(`at most ${INDEX_BYTE_LIMIT} bytes, schema \`registry-index\``);
    expect(flat).toContain(`at most ${BUNDLE_BYTE_LIMIT} bytes, schema \`bundle\``);
    expect(flat).toContain(`${lifetimes.root} days (root, targets, namespaces) and ${lifetimes.timestamp} days`);
    expect([lifetimes.targets, lifetimes.snapshot]).toEqual([lifetimes.root, lifetimes.timestamp]);
    const { idleMs, graceMs, bytesPerSecond } = patience;
    expect(flat).toContain(
      `${idleMs / 1000} s without a byte, or after ${graceMs / 1000} s fewer than ${bytesPerSecond} bytes`,
    );
    expect(flat).toContain(`\`${namespacePaths('NAMESPACE').join()}\``);
  });

  test('names error codes, schemas and sections that there are', () => {
    const codes = readFileSync(join(root, 'src', 'errors.ts'), 'utf8');
    const named = [...text.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, code]) => code);
    expect(named.filter((code) => !codes.includes(`'${code}'`))).toEqual([]);
    const schemas = readdirSync(join(root, 'schema'));
    const said = [...text.matchAll(/schemas? `([a-z-]+)`/g)].map(([, name]) => `${name}.schema.json`);
    expect(said.length).toBeGreaterThan(2);
    expect(said.filter((name) => !schemas.includes(name))).toEqual([]);
    const format = readFileSync(join(root, 'docs', 'FORMAT.md'), 'utf8');
    const anchorsOf = (document: string) =>
      [...document.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
        title
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
    const links = (pattern: RegExp) => [...text.matchAll(pattern)].map(([, anchor]) => anchor);
    expect(links(/\]\(#([^)]+)\)/g).filter((anchor) => !anchorsOf(text).includes(anchor))).toEqual([]);
    expect(links(/\]\(FORMAT\.md#([^)]+)\)/g).filter((anchor) => !anchorsOf(format).includes(anchor))).toEqual([]);
    const cited = readdirSync(join(root, 'src', 'registry')).flatMap((file) => [
      ...readFileSync(join(root, 'src', 'registry', file), 'utf8')
        .replace(/\n \* /g, ' ')
        .matchAll(/docs\/REGISTRY\.md,\s+"([^"]+)"/g),
    ]);
    expect(cited.map(([, title]) => title).filter((title) => !text.includes(`## ${title}\n`))).toEqual([]);
  });
});

describe('the table of the client workflow', () => {
  const tests = readFileSync(join(root, 'test', 'registry', 'client-workflow.test.ts'), 'utf8');
  const titles = [...tests.matchAll(/^ *(?:test|\] as const\)|test\.each\(.*\))\('(.+)', async/gm)].map(
    ([, title]) => title,
  );
  const rows = [...text.matchAll(/^\| (5\.\d[.\d]*) +\| [^|]+ \| (.+?) +\|$/gm)].map(([, step, names]) => ({
    step,
    names: names.split('<br>'),
  }));

  /** Of how many steps each section of the specification is, and which of those have steps of their own. */
  const steps = [
    '5.2',
    ...numbered('5.3', 12),
    ...numbered('5.4', 2),
    ...numbered('5.4.3', 2),
    ...['5.4.4', '5.4.5'],
    ...numbered('5.5', 7),
    ...numbered('5.6', 7),
    ...numbered('5.6.7', 2),
    ...numbered('5.7', 3),
  ];

  test('has every step of the specification once, in order', () => {
    expect(rows.map(({ step }) => step)).toEqual(steps);
  });

  test('names tests that there are, and every test that has the number of a step', () => {
    const named = rows.flatMap(({ names }) => names);
    expect(named.filter((name) => !titles.includes(name))).toEqual([]);
    expect(titles.filter((title) => /^(5\.|%s the)/.test(title) && !named.includes(title))).toEqual([]);
    expect(titles.filter((title) => title.startsWith('5.')).length).toBeGreaterThan(40);
  });
});

function numbered(section: string, count: number): string[] {
  return Array.from({ length: count }, (_, i) => `${section}.${i + 1}`);
}
