import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { canonicalBytes } from '../../src/patch/canonical.js';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import type { DerivationPredicate } from '../../src/trust/predicates/derivation.js';
import type { EvaluationPredicate } from '../../src/trust/predicates/evaluation.js';
import type { ImportPredicate } from '../../src/trust/predicates/import.js';
import type { SearchPredicate } from '../../src/trust/predicates/search.js';
import { formatDecimal } from '../../src/trust/predicates/terms.js';
import { createStatement, decodeStatement, encodeStatement, type Statement } from '../../src/trust/statement.js';

const patch = '1'.repeat(64) as PatchId;
const other = '2'.repeat(64) as PatchId;
const base = 'b'.repeat(64) as WeightsId;

const search: SearchPredicate = {
  base,
  parents: [],
  probes: [
    { role: 'search', name: 'calculus.json', sha256: 'c'.repeat(64), count: 60 },
    { role: 'control', name: 'knowledge.json', sha256: 'd'.repeat(64), count: 20 },
  ],
  strategy: { name: 'greedy', settings: { layers: 'all', screened: 16 } },
  fitness: { name: 'answer', settings: { clip: '-0.02', divergenceWeight: 4 } },
  seed: 7,
  budget: { iterations: 300 },
  engine: { name: 'bankai', version: '0.1.0' },
  result: {
    objectiveBefore: formatDecimal(-1.75),
    objectiveAfter: formatDecimal(-0.5),
    iterations: 300,
    accepted: 80,
    evaluations: 411,
    elapsedMs: 61000,
    flips: 78,
    stoppedBy: 'iterations',
  },
  createdAt: '2026-01-02T03:04:05.678Z',
};

const imported: ImportPredicate = {
  base,
  source: { format: 'bankai_row_xor_v1', sha256: 'e'.repeat(64), name: 'math_v1' },
  importer: { name: 'bankai', version: '0.1.0' },
  createdAt: '2026-01-02T03:04:05Z',
};

const heldout: EvaluationPredicate['probes'][number] = {
  role: 'heldout',
  name: 'heldout.json',
  sha256: 'f'.repeat(64),
  count: 12,
  fixed: 4,
  broke: 1,
  keptRight: 2,
  keptWrong: 5,
  rightBefore: 3,
  rightAfter: 6,
  p: '0.375',
  fixRate: { low: '0.19', high: '0.73' },
  categories: [
    { category: 'sums', count: 7, fixed: 4, broke: 1, keptRight: 0, keptWrong: 2 },
    { category: '', count: 5, fixed: 0, broke: 0, keptRight: 2, keptWrong: 3 },
  ],
};

const evaluation: EvaluationPredicate = {
  base,
  patches: [patch],
  against: [],
  probes: [heldout],
  texts: [],
  matching: 'bankai.answer/v1',
  engine: { name: 'bankai', version: '0.1.0' },
  elapsedMs: 1200,
  createdAt: '2026-01-02T03:04:05Z',
};

const subject = { name: `${patch}.json`, digest: { sha256: patch } };
const documentOf = (statement: Statement) => JSON.parse(Buffer.from(encodeStatement(statement)).toString()) as object;

describe('a statement', () => {
  test('of a search has the form of an in-toto statement, and comes back', () => {
    const statement = createStatement('search', patch, search);
    expect(documentOf(statement)).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [{ name: `${patch}.json`, digest: { sha256: patch } }],
      predicateType: 'urn:bankai:search:v1',
      predicate: search,
    });
    expect(decodeStatement(encodeStatement(statement), patch, base)).toEqual(statement);
  });

  test('of an import comes back', () => {
    const statement = createStatement('import', patch, imported);
    expect(documentOf(statement)).toMatchObject({ predicateType: 'urn:bankai:import:v1' });
    expect(decodeStatement(encodeStatement(statement), patch, base)).toEqual(statement);
  });

  test('takes the parents as a set', () => {
    const { predicate } = createStatement('search', patch, { ...search, parents: [other, patch, other] });
    expect(predicate.parents).toEqual([patch, other]);
  });

  test('of an evaluation comes back, with its states as sets', () => {
    const statement = createStatement('evaluation', patch, { ...evaluation, patches: [other, patch, other] });
    expect(statement.predicate.patches).toEqual([patch, other]);
    expect(decodeStatement(encodeStatement(statement), patch, base)).toEqual(statement);
  });

  test.each<[string, Partial<EvaluationPredicate>]>([
    ['measures a state without the patch', { patches: [other] }],
    ['measures nothing', { probes: [], texts: [] }],
    ['counts more answers than probes', { probes: [{ ...heldout, fixed: 9 }] }],
    ['has a total that its counts do not give', { probes: [{ ...heldout, rightAfter: 4 }] }],
    ['has categories that are not the whole', { probes: [{ ...heldout, categories: heldout.categories.slice(1) }] }],
  ])('of an evaluation that %s is refused', async (_what, change) => {
    const predicate = { ...evaluation, ...change };
    await expect(() => createStatement('evaluation', patch, predicate)).toFailWithCode('STATEMENT_INVALID');
    const document = { ...documentOf(createStatement('evaluation', patch, evaluation)), predicate };
    await expect(() => decodeStatement(canonicalBytes(document), patch)).toFailWithCode('STATEMENT_INVALID');
  });

  test('about another patch or base is refused', async () => {
    const bytes = encodeStatement(createStatement('search', patch, search));
    await expect(() => decodeStatement(bytes, other)).toFailWithCode('STATEMENT_MISMATCH');
    await expect(() => decodeStatement(bytes, patch, 'a'.repeat(64) as WeightsId)).toFailWithCode('STATEMENT_MISMATCH');
  });

  test.each<[string, Partial<SearchPredicate>]>([
    ['a fraction where an integer is due', { seed: 0.5 }],
    ['a float among the settings', { fitness: { name: 'answer', settings: { clip: -0.02 } } }],
    ['an objective that is no number', { result: { ...search.result, objectiveAfter: formatDecimal(NaN) } }],
    ['an infinite objective', { result: { ...search.result, objectiveBefore: formatDecimal(-Infinity) } }],
    ['no probes', { probes: [] }],
    ['a time in words', { createdAt: 'today' }],
    ['a patch id that is none', { parents: ['calc' as PatchId] }],
    ['an integer that JSON cannot hold', { seed: 2 ** 53 }],
  ])('cannot be made with %s', async (_what, change) => {
    await expect(() => createStatement('search', patch, { ...search, ...change })).toFailWithCode('STATEMENT_INVALID');
  });

  const statement = documentOf(createStatement('search', patch, search));
  test.each<[string, object]>([
    ['an unknown predicate', { ...statement, predicateType: 'https://slsa.dev/provenance/v1' }],
    ['the predicate of the other type', { ...statement, predicateType: 'urn:bankai:import:v1' }],
    ['another statement type', { ...statement, _type: 'https://in-toto.io/Statement/v0.1' }],
    ['no subject', { ...statement, subject: [] }],
    ['two subjects', { ...statement, subject: [subject, subject] }],
    ['another name for its subject', { ...statement, subject: [{ ...subject, name: 'calc' }] }],
    ['a second digest', { ...statement, subject: [{ name: 'x', digest: { sha256: patch, sha512: patch } }] }],
    ['a field too many', { ...statement, predicate: { ...search, author: 'me' } }],
    ['a field missing', { ...statement, predicate: { ...search, seed: undefined } }],
    [
      'another role of probes',
      { ...statement, predicate: { ...search, probes: [{ ...search.probes[0], role: 'x' }] } },
    ],
    ['nothing in it', {}],
    ['a list', [statement]],
  ])('with %s is refused', async (_what, changed) => {
    await expect(() => decodeStatement(canonicalBytes(changed), patch)).toFailWithCode('STATEMENT_INVALID');
  });

  test('that is not canonical is refused', async () => {
    const text = Buffer.from(canonicalBytes(statement)).toString();
    for (const changed of [
      `${text} `,
      text.replace('"seed":7', '"seed":7.0'),
      text.replace('{', '{"_type":"x",'),
      'null',
    ]) {
      await expect(() => decodeStatement(Buffer.from(changed), patch)).toFailWithCode('STATEMENT_INVALID');
    }
  });
});

test('a decimal gives its number back and fits the schema', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      const objectiveAfter = formatDecimal(value);
      expect(Number(objectiveAfter)).toBe(value + 0);
      createStatement('search', patch, { ...search, result: { ...search.result, objectiveAfter } });
    }),
  );
});

describe('a derivation', () => {
  const derivation: DerivationPredicate = {
    base,
    operation: 'squash',
    parents: [other, '3'.repeat(64) as PatchId],
    settings: {},
    probes: [],
    engine: { name: 'bankai', version: '0.1.0' },
    createdAt: '2026-01-02T03:04:05.678Z',
  };

  test('is read back with its parents in order', () => {
    const statement = createStatement('derivation', patch, {
      ...derivation,
      parents: [...derivation.parents].reverse(),
    });
    expect(statement.predicate.parents).toEqual(derivation.parents);
    expect(decodeStatement(encodeStatement(statement), patch, base)).toEqual(statement);
  });

  test('cannot name the patch itself, nobody, or a result that its operation does not have', () => {
    const create = (changes: Partial<DerivationPredicate>) => () =>
      createStatement('derivation', patch, { ...derivation, ...changes });
    expect(create({ parents: [patch] })).toThrow('its own parent');
    expect(create({ parents: [] })).toThrow('parents');
    expect(create({ operation: 'minimize' })).toThrow('no result of "minimize"');
    expect(create({ beside: [patch] })).toThrow('beside itself');
    expect(create({ beside: ['4'.repeat(64) as PatchId] })).toThrow('of "squash"');
  });
});
