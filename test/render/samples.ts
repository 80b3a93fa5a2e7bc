/** One answer of every verb, as its workflow would return it. */
import type { AuditReport } from '../../src/render/audit.js';
import type { BisectReport } from '../../src/render/bisect.js';
import type { BlameProbesReport, BlameReport } from '../../src/render/blame.js';
import type { BranchSummary } from '../../src/render/branch.js';
import type { ChangeReport } from '../../src/render/change.js';
import type { CheckoutReport } from '../../src/render/checkout.js';
import type { CommitReport } from '../../src/render/commit.js';
import type { DeriveReport, MinimizeReport } from '../../src/render/derive.js';
import type { DiffReport } from '../../src/render/diff.js';
import type { EvalReport, EvalResult } from '../../src/render/eval.js';
import type { EvaluationReport } from '../../src/render/evaluation.js';
import type { ExportReport } from '../../src/render/export.js';
import type { ImportReport } from '../../src/render/import.js';
import type { InitReport } from '../../src/render/init.js';
import type { ExportedKey, KeySummary } from '../../src/render/key.js';
import type { LayersReport } from '../../src/render/layers.js';
import type { LogEntry } from '../../src/render/log.js';
import type { CloneReport } from '../../src/render/clone.js';
import type { FetchReport } from '../../src/render/fetch.js';
import type { PushReport } from '../../src/render/push.js';
import type { RemoteSummary } from '../../src/render/remote.js';
import type { MergeReport } from '../../src/render/merge.js';
import type { PickReport } from '../../src/render/pick.js';
import type { PatchReport } from '../../src/render/show.js';
import type {
  ProbesExpandReport,
  ProbesImportReport,
  ProbesInitReport,
  ProbesSplitReport,
} from '../../src/render/probes.js';
import type { ProbesCalibrateReport } from '../../src/render/calibrate.js';
import type { ResetReport } from '../../src/render/reset.js';
import type { RestoreReport } from '../../src/render/restore.js';
import type { StatusReport } from '../../src/render/status.js';
import type { TrackingSummary } from '../../src/render/tracking.js';
import type { ReflogLine } from '../../src/render/reflog.js';
import type { TagSummary } from '../../src/render/tag.js';
import type { AttestReport, RevokedKeyReport } from '../../src/render/attest.js';
import type { TrustedKeySummary } from '../../src/render/trust.js';
import type { TryReport } from '../../src/render/try.js';
import type { UndoReport } from '../../src/render/undo.js';

import type { FsckReport } from '../../src/render/fsck.js';
import type { GcReport } from '../../src/render/gc.js';
import type { ReplayReport } from '../../src/render/replay.js';
import type { VerifyReport } from '../../src/render/verify.js';

const hex = (digits: string, length: number): string => digits.repeat(length).slice(0, length);
const calcPatch = hex('3f1c9a20b7', 64);
const mathPatch = hex('a90e44d1c2', 64);
const base = { weightsId: hex('5be70d11f3', 64), name: 'Bonsai 8B' };
const first = hex('0c44e2', 40);
const second = hex('9d2b17', 40);
const third = hex('e81f03', 40);

export const status: StatusReport = {
  branch: 'calc',
  commit: second,
  upstream: { name: 'origin/calc', ahead: 2, behind: 1 },
  stack: [calcPatch, mathPatch],
  patches: [
    {
      id: calcPatch,
      flips: 58,
      message: 'calculus: derivatives of polynomials and of products of simple functions\n\nLonger.',
    },
    { id: mathPatch, flips: 1096 },
  ],
  model: { path: 'Bonsai-8B.gguf', state: 'changed' },
  base,
  worktree: 'dirty',
  recovered: 'an interrupted checkout was completed',
};

export const upstreams: Readonly<Record<string, TrackingSummary>> = {
  'up to date': { name: 'origin/calc', ahead: 0, behind: 0 },
  ahead: { name: 'origin/calc', ahead: 1, behind: 0 },
  behind: { name: 'origin/calc', ahead: 0, behind: 12 },
  gone: { name: 'origin/calc', gone: true },
};

export const log: LogEntry[] = [
  {
    commit: third,
    parents: [second, first],
    author: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-14T09:30:00+02:00',
    message: 'compose calc+math',
    patchesAdded: [],
    patchesRemoved: [],
    refs: ['HEAD', 'experiments/composed-stacks-of-this-summer', 'v1.0.0'],
  },
  {
    commit: second,
    parents: [first],
    author: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-13T18:02:11Z',
    message: 'calculus: derivatives of polynomials and of products of simple functions\n\nSearched on 263 probes.',
    patchesAdded: [{ id: calcPatch, flips: 58 }],
    patchesRemoved: [{ id: mathPatch, flips: 1 }],
    refs: ['calc'],
  },
  {
    commit: first,
    parents: [],
    author: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-13T17:00:00.000Z',
    message: 'base Bonsai 8B',
    patchesAdded: [],
    patchesRemoved: [],
    refs: [],
  },
];

export const evaluation: EvalReport = {
  stack: 'calc',
  against: 'base',
  probes: [
    {
      name: 'calculus-heldout',
      count: 302,
      before: 104,
      after: 192,
      fixed: 107,
      broke: 19,
      keptRight: 85,
      keptWrong: 91,
      p: 2.3e-16,
      verdict: 'better',
      fixRate: { low: 0.4701, high: 0.6083 },
      categories: [
        { category: 'polynomials', total: 200, before: 80, after: 150, fixed: 80, broke: 10 },
        {
          category: 'products of elementary functions with a constant',
          total: 102,
          before: 24,
          after: 42,
          fixed: 27,
          broke: 9,
        },
      ],
      examples: [
        { prompt: 'd/dx [x^7 + x] =', correct: '7x^6 + 1', before: ' 7x^6 + x', after: ' 7x^6 + 1', change: 'fixed' },
        { prompt: 'd/dx [3x] =', correct: '3', before: ' 3', after: ' 3x', change: 'broke' },
      ],
    },
    {
      ...{ name: 'knowledge.json', count: 30, before: 30, after: 29, fixed: 0, broke: 1, keptRight: 29, keptWrong: 0 },
      ...{ p: 1, verdict: 'not significant', fixRate: { low: 0, high: 1 }, categories: [], examples: [] },
    },
  ],
  texts: [{ name: 'text.txt', tokens: 4213, perplexityBefore: 1.8771, perplexityAfter: 1.8827, divergence: 0.00123 }],
};

export const likelihoods: EvalResult['likelihoods'] = {
  before: [-0.001, -0.9, -3, -40],
  after: [-0.002, -0.2, -0.4, -1],
  change: ['kept', 'broke', 'fixed', 'fixed'],
  margins: { before: [6, 0.25, -2, -39], after: [6, -0.5, 1.5, 0] },
};

const [heldOutResult, controlResult] = evaluation.probes.map(({ examples: _, ...result }) => result);
const measured: EvaluationReport = {
  probes: [
    { role: 'heldout', ...heldOutResult },
    { role: 'control', ...controlResult },
  ],
  texts: evaluation.texts,
};

export const show: PatchReport = {
  id: calcPatch,
  base,
  message: 'calculus\n\nDerivatives of polynomials.',
  flips: 61,
  kinds: { row: 58, group: 2, scaleBit: 1 },
  tensors: [
    { tensor: 'blk.1.ffn_up.weight', layer: 1, projection: 'ffn_up', flips: 30 },
    { tensor: 'blk.2.ffn_up.weight', layer: 2, projection: 'ffn_up', flips: 12 },
    { tensor: 'blk.2.ffn_gate.weight', layer: 2, projection: 'ffn_gate', flips: 3 },
    { tensor: 'blk.34.ffn_gate.weight', layer: 34, projection: 'ffn_gate', flips: 13 },
    { tensor: 'output.weight', projection: 'output', flips: 3 },
  ],
  compactBytes: 936,
  statements: [
    {
      kind: 'search',
      digest: hex('c0de', 64),
      signer: 'ada',
      verified: 'good',
      summary: ['greedy, seed 7, 300 iterations on calculus (263 probes)', 'objective -0.7760 to -0.5511'],
      course: [
        { iteration: 0, objective: -0.776 },
        { iteration: 9, objective: -0.6, heldBackRight: 30 },
        { iteration: 11, objective: -0.5511, heldBackRight: 33 },
      ],
    },
    {
      kind: 'evaluation',
      signer: 'ed25519:77af90',
      verified: 'unknown',
      summary: ['measured against the base, 2026-01-02T03:04:05.678Z', 'by bankai 0.1.0 in 6.5 s'],
      evaluation: measured,
    },
    { kind: 'evaluation', signer: 'mallory', verified: 'bad', summary: [] },
  ],
};

export const split: DeriveReport = {
  commit: third,
  branch: 'parts',
  message: 'Split 3f1c9a20b7 by category of the probes that it was searched on, so that each can go alone',
  removed: [calcPatch],
  added: [
    { id: mathPatch, flips: 40, part: 'polynomials' },
    { id: hex('71be', 64), flips: 1018, part: 'products of elementary functions with a constant factor before them' },
  ],
};

export const removed: DeriveReport = { commit: third, message: 'Remove calc', removed: [calcPatch], added: [] };

export const minimized: MinimizeReport = {
  commit: third,
  branch: 'calc',
  message: 'Minimize calc',
  removed: [calcPatch],
  added: [{ id: mathPatch, flips: 41 }],
  measured: {
    probes: { name: 'calculus-large.json', count: 263 },
    flipsBefore: 58,
    flipsAfter: 41,
    objectiveBefore: -0.7011,
    objectiveAfter: -0.6932,
    rightBefore: 140,
    rightAfter: 141,
    fixed: 2,
    broke: 1,
    evaluations: 160,
  },
};

export const diff: DiffReport = {
  a: { name: 'calc', patches: 1 },
  b: { name: 'math', patches: 2 },
  both: 2,
  cancel: 1,
  onlyA: 56,
  onlyB: 190,
  rows: [
    { flip: 'blk.1.ffn_up.weight row 3150', side: 'cancel' },
    { flip: 'blk.34.ffn_gate.weight row 17', side: 'both' },
    { flip: 'blk.2.ffn_up.weight row 4', side: 'a' },
    { flip: 'blk.2.ffn_up.weight row 5', side: 'b' },
  ],
  layers: [
    { layer: 1, onlyA: 30, onlyB: 150, both: 1 },
    { layer: 2, onlyA: 12, onlyB: 40, both: 0 },
    { layer: 34, onlyA: 13, onlyB: 0, both: 1 },
    { onlyA: 1, onlyB: 0, both: 0 },
  ],
};

export const bisect: BisectReport = {
  good: { expression: 'base', commit: first },
  bad: { expression: 'calc+math', commit: third },
  probes: { name: 'facts.json', count: 60 },
  broke: 3,
  commits: 64,
  culprit: {
    commit: second,
    comparedWith: first,
    message: 'calculus: derivatives of polynomials and of products of simple functions\n\nLonger.',
    brokeThere: 3,
    flips: 90,
    patches: [
      { id: calcPatch, change: 'added', flips: 89 },
      { id: mathPatch, change: 'removed', flips: 1 },
    ],
  },
  flips: [{ flip: 'blk.1.ffn_up.weight row 3150', patches: [calcPatch] }],
  sufficient: true,
  necessary: true,
  evaluations: { total: 17, history: 8, answers: 165 },
  examples: [
    { prompt: 'The capital of Peru is', correct: ' Lima', good: ' Lima', bad: ' Lisbon, the city of' },
    { prompt: 'The largest planet is', correct: ' Jupiter', good: ' Jupiter', bad: ' Mars' },
    { prompt: 'A year has', correct: ' twelve months', good: ' twelve months', bad: ' ten months' },
  ],
};

export const bisectTogether: BisectReport = {
  ...bisect,
  flips: [...bisect.flips, { flip: 'blk.2.ffn_gate.weight row 7 group 3', patches: [calcPatch] }],
  necessary: false,
};

const blamedPatches = [
  {
    id: calcPatch,
    flips: 3,
    commit: second,
    author: 'Ada Lovelace',
    date: '2026-07-13',
    message: 'calculus: derivatives of polynomials and of products of simple functions\n\nLonger.',
  },
  { id: mathPatch, flips: 1 },
];

export const blame: BlameReport = {
  stack: 'calc+math',
  patches: blamedPatches,
  flips: [
    { flip: 'blk.1.ffn_up.weight row 3150', patches: [calcPatch, mathPatch], inEffect: false },
    { flip: 'blk.1.ffn_up.weight row 4', patches: [calcPatch], inEffect: true },
    { flip: 'blk.34.ffn_gate.weight row 17 group 3 scale bit 9', patches: [calcPatch], inEffect: true },
  ],
};

export const blameProbes: BlameProbesReport = {
  stack: 'calc',
  probes: { name: 'calculus-heldout', count: 302 },
  base: { logProbability: -1.0312, margin: 0.25 },
  present: { logProbability: -0.7011, margin: 0.75 },
  patches: blamedPatches,
  effects: [
    { flip: 'blk.34.ffn_gate.weight row 17', patches: [calcPatch], logProbability: 0.21, margin: 0.3 },
    { flip: 'blk.1.ffn_up.weight row 4', patches: [calcPatch], logProbability: -0.0312, margin: -0.01 },
    { flip: 'blk.1.ffn_up.weight row 5', patches: [calcPatch], logProbability: 0, margin: 0 },
  ],
};

export const branches: BranchSummary[] = [
  { name: 'base', current: false, commit: first, patches: 0, message: 'base Bonsai 8B' },
  {
    name: 'calc',
    current: true,
    commit: second,
    upstream: { name: 'origin/calc', ahead: 1, behind: 0 },
    patches: 1,
    message: 'calculus: derivatives of polynomials and of products\n\nMore.',
  },
  {
    name: 'math',
    current: false,
    commit: third,
    upstream: { name: 'origin/math', gone: true },
    patches: 12,
    message: 'primes',
  },
  {
    name: 'origin/HEAD',
    current: false,
    remote: true,
    standsFor: 'origin/calc',
    commit: first,
    patches: 1,
    message: 'm',
  },
  { name: 'origin/calc', current: false, remote: true, commit: first, patches: 1, message: 'calculus' },
];

export const tags: TagSummary[] = [
  { name: 'light', commit: first, patches: 0 },
  {
    name: 'v1',
    commit: second,
    patches: 2,
    message: 'calculus: derivatives of polynomials, of products and of quotients of both\n\nMore.',
    signed: true,
    tagger: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-14T09:30:00+02:00',
  },
];

export const reflog: ReflogLine[] = [
  {
    selector: 'HEAD@{0}',
    commit: second,
    previous: first,
    by: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-14T09:30:00+02:00',
    message: 'commit: calculus: derivatives of polynomials, of products and of quotients of both',
  },
  {
    selector: 'HEAD@{1}',
    commit: first,
    previous: third,
    by: 'Ada Lovelace <ada@example.org>',
    date: '2026-07-14T09:29:00+02:00',
    message: 'checkout: moving from math to calc',
  },
  { selector: 'HEAD@{2}', previous: first, by: 'git <>', date: '2026-07-14T09:28:00+00:00', message: '' },
];

export const tryShort: TryReport = {
  prompt: 'd/dx [x^7 + x] =',
  stack: 'calc+math',
  base: ' 7x^6 + x',
  patched: ' 7x^6 + 1',
};

export const tryLong: TryReport = {
  prompt:
    'Explain in one sentence why the derivative of a constant is zero, and name the rule that is used for it here.',
  stack: 'calc',
  base: 'The derivative of a constant is zero because it is constant and so on and on and on.',
  patched: 'A constant does not change, so its rate of change is zero: the constant rule.\nd/dx c = 0',
};

const soundPatch: VerifyReport['subjects'][number]['patches'][number] = {
  id: calcPatch,
  message: 'better calculus',
  ok: true,
  checks: [
    { check: 'bytes', result: 'good', detail: 'canonical JSON, 1856 bytes' },
    { check: 'id', result: 'good', detail: 'is the SHA-256 of these bytes' },
    { check: 'base', result: 'good', detail: "5be70d11f3 is this model's; 58 flips in 12 tensors fit" },
    { check: 'signature', result: 'good', detail: 'search is validly signed by ada (trusted) 77af90c2f1' },
    { check: 'files', result: 'good', detail: '3 files named by digest, all here' },
    { check: 'made', result: 'good', detail: 'searched by guided on answer, seed 1, 2026-01-02T03:04:05.000Z' },
    {
      check: 'evidence',
      result: 'good',
      detail:
        'held-out calculus-heldout.json: 104 to 192 of 302 right (107 fixed, 19 broke), better, p = 2e-15, says ada',
    },
    { check: 'review', result: 'none', detail: 'nobody has reviewed it' },
    { check: 'revoked', result: 'good', detail: 'neither the patch nor a key that signed it' },
    { check: 'policy', result: 'good', detail: 'the default policy has nothing against it (warn)' },
  ],
};

export const verification: VerifyReport = {
  ok: true,
  subjects: [
    {
      subject: 'calc',
      ok: true,
      patches: [soundPatch],
      checks: [{ check: 'model', result: 'good', detail: 'is the base XOR the mask, bit for bit, in 310 tensors' }],
    },
  ],
};

export const refusedVerification: VerifyReport = {
  ok: false,
  subjects: [
    {
      subject: 'calc',
      ok: false,
      patches: [
        {
          ...soundPatch,
          ok: false,
          checks: [
            ...soundPatch.checks.slice(0, 3),
            {
              check: 'signature',
              result: 'warning',
              detail: 'search is validly signed by unknown key 77af90c2f1',
            },
            {
              check: 'signature',
              result: 'bad',
              detail: 'evaluation: Envelope has a bad signature of key 77af90c2f1',
              code: 'SIGNATURE_INVALID',
            },
            {
              check: 'policy',
              result: 'bad',
              detail: 'your policy refuses it: it was evaluated by nobody whom you trust but its author',
              code: 'POLICY_VIOLATION',
            },
          ],
        },
      ],
      checks: [],
    },
    {
      subject: 'calc.gguf',
      ok: true,
      patches: [],
      checks: [{ check: 'weights', result: 'good', detail: 'are the base XOR the mask, bit for bit' }],
    },
  ],
};

export const replayed: ReplayReport = {
  patch: calcPatch,
  message: 'better calculus',
  engine: { name: 'bankai', version: '0.1.0' },
  reproduced: true,
  runs: [
    {
      ...{ kind: 'evaluation', signer: 'grace (trusted) 77af90c2f1', reproduced: true, elapsedMs: 4100 },
      engine: { name: 'bankai', version: '0.1.0' },
      differences: [],
      evaluation: { probes: [heldOutResult], texts: evaluation.texts },
    },
    {
      ...{ kind: 'search', signer: 'ada (yours) 0c55e1a003', reproduced: true, elapsedMs: 12_400 },
      engine: { name: 'bankai', version: '0.1.0' },
      ...{ patch: calcPatch, flips: 58, iterations: 31 },
      differences: [],
    },
  ],
};

export const madeAgain: ReplayReport = {
  ...replayed,
  runs: [
    {
      ...{ kind: 'derivation', signer: 'ada (yours) 0c55e1a003', reproduced: true, elapsedMs: 90 },
      engine: { name: 'bankai', version: '0.1.0' },
      ...{ operation: 'squash', parents: [mathPatch, hex('0b', 64)], patch: calcPatch, flips: 58 },
      differences: [],
    },
  ],
};

export const notReplayed: ReplayReport = {
  ...replayed,
  engine: { name: 'bankai', version: '0.2.0' },
  reproduced: false,
  runs: [
    {
      ...replayed.runs[0],
      reproduced: false,
      differences: [{ field: 'probes.0.fixed', recorded: '107', now: '106' }],
    },
    {
      ...replayed.runs[1],
      ...{ reproduced: false, patch: mathPatch },
      differences: [{ field: 'result.objectiveAfter', recorded: '-0.7012345', now: '-0.7098765' }],
    },
  ],
};

export const layers: LayersReport = {
  probes: { name: 'calculus', count: 263 },
  layers: [-4.21, -2.05, -0.5, 0.012, -0.3, 0, -0.0004, -1.9].map((impact, layer) => ({ layer, impact })),
};

export const audit: AuditReport = {
  probes: { name: 'calc.json', count: 60 },
  findings: [
    {
      severity: 'warning',
      code: 'DISTRACTOR_UNRANKED',
      message: 'The model ranks the wrong answer nowhere near the correct one.',
      probes: [4],
    },
    {
      severity: 'error',
      code: 'SAME_TOKENS',
      message:
        'Correct and wrong answers are the same tokens, so that these probes cannot be won or lost by any patch.',
      probes: Array.from({ length: 20 }, (_, i) => i * 3),
    },
    { severity: 'note', code: 'ONE_CONTRAST', message: 'Category "signs" is one contrast repeated.', probes: [] },
  ],
};

export const commit: CommitReport = {
  commit: second,
  branch: 'calc',
  message: 'calculus\n\nMore.',
  patch: calcPatch,
  flips: 58,
  objectiveBefore: -1.0312,
  objectiveAfter: -0.7011,
  iterations: 1300,
  accepted: 58,
  elapsedMs: 83_400,
  stoppedBy: 'held-back',
  evaluation: measured,
};

export const checkout: CheckoutReport = {
  commit: third,
  stack: 'calc+math',
  patches: 2,
  tensorsTouched: 7,
  bytesChanged: 1856,
  cancelledFlips: 6,
  elapsedMs: 8.2,
  unsigned: [mathPatch],
  warnings: [`Patch ${mathPatch.slice(0, 10)} was evaluated by nobody whom you trust but its author`],
};

export const init: InitReport = {
  repository: 'models/bonsai',
  commit: first,
  base,
  model: { path: 'models/bonsai/Bonsai-8B.gguf', byteLength: 1_151_234_567, made: 'copy' },
  patches: 0,
  warnings: [],
};

export const exported: ExportReport = {
  stack: 'calc+math',
  path: 'Bonsai-8B-calc.gguf',
  byteLength: 1_151_234_999,
  patches: 2,
  flips: 142,
  sha256: hex('70cb', 64),
  warnings: [],
};

export const imported: ImportReport = {
  commit: third,
  branch: 'published',
  patch: mathPatch,
  format: 'bankai_row_xor_v1',
  flips: 78,
  ignoredFields: ['stats', 'metadata'],
  notes: ['The file says 319,488 flipped bits, which is right only for rows of 4,096 weights; these are wider.'],
  warnings: ['Patch a90e44d1c2 inverts 319488 bits (limit 100000)'],
};

export const probesInit: ProbesInitReport = { path: '/home/ada/mine.json', count: 60, templates: 2 };

export const probesExpand: ProbesExpandReport = {
  name: 'mine.json',
  sha256: hex('7be2', 64),
  probes: [
    { prompt: 'd/dx [6x^5] =', correct: ' 30x^4', wrong: ' 6x^4' },
    { prompt: 'Is 44 a prime number, or is there a number that divides it? Answer:', correct: ' It is not' },
  ],
};

export const probesSplit: ProbesSplitReport = {
  probes: { name: 'mine.json', count: 61 },
  search: { path: '/home/ada/search.json', count: 31 },
  heldOut: { path: '/home/ada/heldout.json', count: 30 },
  categories: [
    { category: 'derivatives of polynomials', search: 20, heldOut: 20 },
    { category: '', search: 11, heldOut: 10 },
  ],
};

export const probesCalibrate: ProbesCalibrateReport = {
  probes: { name: 'mine.json', count: 61 },
  path: '/home/ada/hard.json',
  count: 3,
  sureFrom: 10,
  categories: [
    { category: 'derivatives of polynomials', wrong: 2, near: 1, sure: 47 },
    { category: '', wrong: 0, near: 0, sure: 11 },
  ],
  kept: [
    {
      ...{ prompt: 'The second derivative of 3x^2, written as simply as can be, is', correct: ' 6' },
      ...{ wrong: ' 9x', replaced: ' 6x', standing: 'wrong', distractor: 'replaced', margin: -1.25 },
    },
    { prompt: 'd/dx [6x^5] =', correct: ' 30x^4', wrong: ' 6x^4', standing: 'near', distractor: 'same', margin: 0.5 },
    { prompt: 'd/dx [x] =', correct: ' 1', standing: 'wrong', distractor: 'none' },
  ],
  dropped: [
    { prompt: 'd/dx [x^2] =', correct: ' 2x', margin: 4.5 },
    { prompt: 'd/dx [5] =', correct: ' 0' },
  ],
};

export const probesImport: ProbesImportReport = {
  questions: 'gsm8k.jsonl',
  path: '/home/ada/gsm8k.json',
  count: 200,
  skipped: [{ reason: 'no answer that can be told', count: 1 }],
  first: { prompt: 'Natalia sold clips to 48 of her friends. How many did she sell?', correct: ' 72' },
};

export const keys: KeySummary[] = [
  { name: 'personal', id: hex('7c01d9', 64), encrypted: true, isDefault: false },
  { name: 'work-laptop-of-the-laboratory', id: hex('e5b7aa', 64), encrypted: false, isDefault: true },
  { name: 'old', id: hex('19ac52', 64), encrypted: false, isDefault: false, revoked: 'the disk was lost on a train' },
];

export const attested: AttestReport = {
  commit: third,
  branch: 'calc',
  message: `Approve ${calcPatch.slice(0, 10)}`,
  patch: calcPatch,
  signer: 'a'.repeat(64),
  verdict: 'approve',
  read: true,
  ran: true,
};

export const coSigned: AttestReport = {
  commit: third,
  branch: 'calc',
  message: `Co-sign the search of ${calcPatch.slice(0, 10)}`,
  patch: calcPatch,
  signer: 'b'.repeat(64),
  coSigned: { kind: 'search', statement: 'c'.repeat(64), signers: ['a'.repeat(64), 'd'.repeat(64)] },
};

export const revokedPatch: AttestReport = {
  commit: third,
  message: `Revoke ${calcPatch.slice(0, 10)}`,
  patch: calcPatch,
  signer: 'a'.repeat(64),
  reason: 'it breaks sums over one hundred, which nobody had measured when it was found',
};

export const revokedKey: RevokedKeyReport = {
  ...{ name: 'work', id: 'a'.repeat(64), reason: 'the laptop was stolen', signer: 'a'.repeat(64) },
  ...{ patches: 2, commit: third },
};

export const trustedKeys: TrustedKeySummary[] = [
  { name: 'ada', id: 'a'.repeat(64), scopes: [] },
  { name: 'mathlab@example.org', id: '3'.repeat(64), scopes: ['namespace:mathlab', 'registry:bankai.example.org'] },
  { name: 'mallory', id: '4'.repeat(64), scopes: [], revoked: 'is not who I thought' },
];

export const exportedKey: ExportedKey = {
  name: 'personal',
  id: hex('7c01d9', 64),
  publicKey: `${hex('bankai', 42)}A=`,
  openssh: 'ssh-ed25519 AAAAC3NzaC1lZDI1 personal',
};

export const remotes: RemoteSummary[] = [
  { name: 'lab', fetchUrl: 'git@example.org:lab/patches.git', pushUrl: 'git@example.org:lab/patches.git' },
  {
    name: 'origin',
    fetchUrl: 'https://***@example.org/a-rather-long-name/of-a-rather-long-path/to-patches.git',
    pushUrl: 'ssh://git@example.org/patches.git',
  },
];
/** A move of HEAD, as merge, revert and their kin tell it. */
export const change: ChangeReport = {
  commit: third,
  branch: 'calc',
  patches: 2,
  added: [mathPatch],
  removed: [calcPatch],
  cancelled: Array.from({ length: 7 }, (_, i) => ({
    tensor: 'blk.34.ffn_gate.weight.with.a.long.name',
    row: 12_000 + i,
    cancelled: i === 0 ? 'part' : 'all',
    patches: [calcPatch, mathPatch],
  })),
  tensorsTouched: 9,
  bytesChanged: 33_792,
  elapsedMs: 212,
  unsigned: [mathPatch],
  warnings: [`Patch ${mathPatch.slice(0, 10)} was evaluated by nobody whom you trust but its author`],
  recovered: 'an interrupted checkout was completed',
};

export const merged: MergeReport = {
  ...change,
  stack: 'calc+math',
  result: 'merged',
  message: "Merge stack 'calc+math' into a-branch-with-a-name that goes on for longer than a line is\n\nLonger.",
};

export const reverted: PickReport = {
  ...change,
  message: `Revert "calculus: derivatives of polynomials and of products"\n\nThis reverts commit ${second}.`,
  source: second,
};

export const resetHard: ResetReport = {
  ...change,
  stack: 'calc+math',
  mode: 'hard',
  message: 'calculus: derivatives of polynomials and of products of simple functions\n\nLonger.',
  behind: false,
};

export const undone: UndoReport = {
  ...change,
  operation: 'merge experiments/composed-stacks-of-this-summer: Merge made by union. And more.',
  refs: [
    { name: 'refs/heads/experiments/composed-stacks-of-this-summer-and-of-the-next', before: third, after: second },
    { name: 'refs/tags/v1', after: second },
  ],
};

export const examined: FsckReport = {
  ok: false,
  objects: 1204,
  unreachable: 1,
  commits: 31,
  patches: 12,
  findings: [
    { area: 'object', subject: third, problem: `is missing, and commit ${second} needs it` },
    {
      area: 'evidence',
      subject: calcPatch,
      problem: 'its search statement is wrong: signature of key 9a31 is invalid',
    },
    { area: 'model', subject: 'blk.0.ffn_gate.weight', problem: 'is not the base under the applied patches' },
  ],
  recovered: 'Finished a checkout that had been interrupted.',
};

export const collected: GcReport = { packed: 1203, pack: `pack-${third}`, pruned: 1, unreachable: 2, leftovers: 3 };

export const restored: RestoreReport = {
  ...change,
  files: Array.from(
    { length: 7 },
    (_, i) => `patches/3f/1c9a20b73f1c9a20b73f1c9a20b73f1c9a20b73f1c9a20b73f1c9a20b73f1c9${i}.json`,
  ),
};

export const fetched: FetchReport = {
  remote: 'origin',
  url: 'https://***@example.org/a-rather-long-name/of-a-rather-long-path/to-patches-of-all-kinds.git',
  moved: [
    { ref: 'refs/remotes/origin/old', change: 'pruned', from: first },
    {
      ref: 'refs/remotes/origin/experiments/of-this-summer-that-went-well',
      change: 'fast-forward',
      from: first,
      to: second,
    },
    { ref: 'refs/tags/v1', change: 'new', to: third },
  ],
  ignored: [{ ref: 'refs/heads/gh-pages', reason: "it has no bankai.json: it is no branch of Bankai's" }],
  commits: 3,
  patches: [calcPatch, mathPatch],
  unsigned: [mathPatch],
  bytes: 48_213,
};

export const cloned: CloneReport = {
  repository: '/home/ada/patches',
  fetched: { ...fetched, unsigned: [], ignored: [] },
  head: { branch: 'main', commit: second, patches: 2 },
  model: { path: 'working.gguf', byteLength: 1_158_654_496, made: 'copy' },
  warnings: ['Patch 3f1c9a20b7 was made by nobody whom you trust'],
};

export const clonedEmpty: CloneReport = {
  repository: '/home/ada/patches',
  fetched: { ...fetched, ...{ moved: [], ignored: [], commits: 0, patches: [], unsigned: [], bytes: 0 } },
  warnings: [],
};

export const pushed: PushReport = {
  remote: 'origin',
  url: fetched.url,
  said: ['Thank you. To have it reviewed go to https://example.org/patches/review/calc', 'and say what it is for.'],
  pushed: [
    { ref: 'refs/heads/calc', change: 'fast-forward', from: first, to: second },
    { ref: 'refs/heads/main', change: 'up-to-date', from: second, to: second },
    { ref: 'refs/heads/old', change: 'deleted', from: third },
  ],
  upstream: 'calc',
};
