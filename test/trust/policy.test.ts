/** Every demand that a policy can make: met, not met, and not made. */
import { describe, expect, test } from '@jest/globals';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { PatchId, WeightsId } from '../../src/patch/ids.js';
import { mcNemarExact, wilsonInterval } from '../../src/search/statistics.js';
import { breaches, type Candidate, defaultPolicy, type Policy, readPolicy } from '../../src/trust/policy.js';
import { createKey } from '../../src/trust/signing-key.js';
import { createStatement, type Statement } from '../../src/trust/statement.js';
import { noTrust, type Trust } from '../../src/trust/trust.js';
import { temporaryDirectory } from '../paths.js';

const [ada, grace, carol, stranger] = [createKey(), createKey(), createKey(), createKey()];
const trust: Trust = {
  ...noTrust,
  others: [
    ...Object.entries({ ada, grace }).map(([name, { publicKey }]) => ({ name, publicKey, scopes: [] })),
    { name: 'carol', publicKey: carol.publicKey, scopes: ['namespace:mathlab'] },
  ],
};
const patch = 'a'.repeat(64) as PatchId;
const made = {
  base: 'b'.repeat(64) as WeightsId,
  engine: { name: 'bankai', version: '1.2.3' },
  createdAt: '2026-01-02T03:04:05Z',
};
const importing = createStatement('import', patch, {
  base: made.base,
  source: { format: 'bankai.patch/v1', sha256: 'e'.repeat(64) },
  importer: made.engine,
  createdAt: made.createdAt,
});
const review = (verdict: 'approve' | 'reject') =>
  createStatement('review', patch, { ...made, read: true, ran: false, verdict });

/** An evaluation of 40 held-out problems, 30 of them wrong before. */
function evaluation(fixed: number, broke: number, against: PatchId[] = [], others: PatchId[] = against): Statement {
  const { low, high } = wilsonInterval(fixed, 30);
  return createStatement('evaluation', patch, {
    ...made,
    ...{ patches: [...others, patch], against, texts: [], matching: 'bankai.answer/v1', elapsedMs: 1 },
    probes: [
      {
        ...{ role: 'heldout', name: 'exam.json', sha256: 'd'.repeat(64), count: 40, fixed, broke },
        ...{ keptRight: 10 - broke, keptWrong: 30 - fixed, rightBefore: 10, rightAfter: 10 - broke + fixed },
        ...{ p: String(mcNemarExact(fixed, broke)), fixRate: { low: String(low), high: String(high) }, categories: [] },
      },
    ],
  });
}

type Said = readonly [Statement, ...{ readonly id: string }[]];
const said = (...statements: Said[]): Candidate['statements'] =>
  statements.map(([statement, ...keys]) => ({ statement, signers: keys.map(({ id }) => id) }));

const candidate = (statements: Candidate['statements'], more: Partial<Candidate> = {}): Candidate => ({
  ...{ tensors: ['blk.0.ffn_up.weight'], bits: 4096, statements },
  ...more,
});

const byAda: Said = [importing, ada];
const other = 'c'.repeat(64) as PatchId;

describe('a demand', () => {
  test.each<[string, Partial<Policy>, Candidate, string[]]>([
    ['signed: met', { signed: true }, candidate(said([importing, stranger])), []],
    ['signed: not met', { signed: true }, candidate([]), ['is signed by nobody']],
    ['trusted: met', { trusted: true }, candidate(said(byAda)), []],
    [
      'trusted: not met by a stranger, nor by a review',
      { trusted: true },
      candidate(said([importing, stranger], [review('approve'), ada])),
      ['was made by nobody whom you trust'],
    ],
    [
      'trusted: a key of a namespace counts only for what comes from there',
      { trusted: true },
      candidate(said([importing, carol])),
      ['was made by nobody whom you trust'],
    ],
    [
      'trusted: and there it counts',
      { trusted: true },
      candidate(said([importing, carol]), { origin: ['namespace:mathlab', 'registry:lab'] }),
      [],
    ],
    ['signers: met', { signers: 2 }, candidate(said([importing, ada, grace])), []],
    [
      'signers: not met by a stranger, by one whose scope is elsewhere, or by what else is said',
      { signers: 2 },
      candidate(said([importing, ada, stranger, carol], [review('approve'), grace])),
      ['has 1 of 2 trusted signers of how it was made'],
    ],
    ['evaluatedByOthers: met', { evaluatedByOthers: true }, candidate(said(byAda, [evaluation(1, 2), grace])), []],
    [
      'evaluatedByOthers: not met by its author or a stranger',
      { evaluatedByOthers: true },
      candidate(said(byAda, [evaluation(9, 0), ada], [evaluation(9, 0), stranger])),
      ['was evaluated by nobody whom you trust but its author'],
    ],
    [
      'evaluatedByOthers: not met by what it does together with another patch',
      { evaluatedByOthers: true },
      candidate(said(byAda, [evaluation(9, 0, [], [other]), grace])),
      ['was evaluated by nobody whom you trust but its author'],
    ],
    [
      'evaluatedByOthers: met on top of another patch',
      { evaluatedByOthers: true },
      candidate(said(byAda, [evaluation(9, 0, [other]), grace])),
      [],
    ],
    ['reviews: met', { reviews: 1 }, candidate(said(byAda, [review('approve'), grace])), []],
    [
      'reviews: not met by its author, a stranger, a rejection, or one person twice',
      { reviews: 2 },
      candidate(
        said(
          byAda,
          [review('approve'), ada],
          [review('approve'), stranger],
          [review('reject'), grace],
          [review('approve'), grace],
          [review('approve'), grace],
        ),
      ),
      ['has 1 of 2 approvals by others whom you trust'],
    ],
    ['statements: met', { statements: ['import', 'review'] }, candidate(said(byAda, [review('reject'), grace])), []],
    [
      'statements: not met',
      { statements: ['search', 'import'] },
      candidate(said(byAda)),
      ['has no search statement by somebody whom you trust'],
    ],
    [
      'evidence: met',
      { evidence: { gain: 8, p: 0.05, problems: 40 } },
      candidate(said(byAda, [evaluation(10, 1), ada])),
      [],
    ],
    [
      'evidence: too small a gain',
      { evidence: { gain: 8 } },
      candidate(said(byAda, [evaluation(8, 1), ada])),
      ['has no evaluation that you trust with a gain of 8 or more on held-out problems'],
    ],
    [
      'evidence: by chance',
      { evidence: { p: 0.05 } },
      candidate(said(byAda, [evaluation(4, 1), ada])),
      ['has no evaluation that you trust with p of 0.05 or less on held-out problems'],
    ],
    [
      'evidence: too few problems',
      { evidence: { problems: 41 } },
      candidate(said(byAda, [evaluation(9, 0), ada])),
      ['has no evaluation that you trust with 41 problems or more on held-out problems'],
    ],
    [
      'evidence: by a stranger',
      { evidence: {} },
      candidate(said(byAda, [evaluation(9, 0), stranger])),
      ['has no evaluation that you trust with answers on held-out problems'],
    ],
    ['bits: met', { bits: 4096 }, candidate([]), []],
    ['bits: not met', { bits: 4095 }, candidate([]), ['inverts 4096 bits (limit 4095)']],
    ['tensors: met', { tensors: ['output.weight', 'blk.*.ffn_*.weight'] }, candidate([]), []],
    [
      'tensors: not met',
      { tensors: ['blk.*.attn_*', 'blk.0', '*.bias'] },
      candidate([]),
      ['touches blk.0.ffn_up.weight, which is not allowed'],
    ],
  ])('%s', (_, demand, judged, facts) => {
    const policy = (mode: Policy['mode']): Policy => ({ format: 'bankai.policy/v1', mode, ...demand });
    expect(breaches(policy('enforce'), judged, trust)).toEqual(facts);
    expect(breaches(policy('warn'), judged, trust)).toEqual(facts);
    expect(breaches(policy('off'), judged, trust)).toEqual([]);
  });

  test('by default is a signature, and only told of', () => {
    expect(defaultPolicy.mode).toBe('warn');
    expect(breaches(defaultPolicy, candidate([]), noTrust)).toEqual(['is signed by nobody']);
    expect(breaches(defaultPolicy, candidate(said([importing, stranger])), noTrust)).toEqual([]);
  });
});

test.each([
  '',
  '{}',
  '[]',
  '{"format":"bankai.policy/v1"}',
  '{"format":"bankai.policy/v2","mode":"warn"}',
  '{"format":"bankai.policy/v1","mode":"warn","bitz":1}',
  '{"format":"bankai.policy/v1","mode":"warn","bits":-1}',
  '{"format":"bankai.policy/v1","mode":"warn","reviews":0}',
  '{"format":"bankai.policy/v1","mode":"warn","statements":["poem"]}',
  '{"format":"bankai.policy/v1","mode":"warn","evidence":{"p":2}}',
  `{"format":"bankai.policy/v1","mode":"off","tensors":["${'x'.repeat(70_000)}"]}`,
])('what is no policy is not obeyed by guess: %.60s', async (content) => {
  const path = join(temporaryDirectory(), 'policy.json');
  writeFileSync(path, content);
  await expect(readPolicy(path)).toFailWithCode('POLICY_INVALID');
});
