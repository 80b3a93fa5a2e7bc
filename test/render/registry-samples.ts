/** One answer of every verb of registries, as its workflow would return it. */
import type { InstallReport, LockReport } from '../../src/render/install.js';
import type { KnownRegistry, RegistryAddReport } from '../../src/render/known.js';
import type { ServingReport } from '../../src/render/serving.js';
import type { SearchReport, SearchResult } from '../../src/render/search.js';
import type {
  DelegateReport,
  PublishReport,
  RefreshReport,
  RegistryInitReport,
  RotateReport,
  YankReport,
} from '../../src/render/registry.js';

const hex = (digits: string, length: number): string => digits.repeat(length).slice(0, length);
const calcPatch = hex('3f1c9a20b7', 64);
const base = { weightsId: hex('5be70d11f3', 64), name: 'Bonsai 8B' };

const adaKey = hex('7be2', 64);
const heldOut = [
  { name: 'calculus-heldout.json', sha256: hex('c1', 64), fixed: 107, broke: 19, keptRight: 85, keptWrong: 91 },
];
const publishedText = [
  { name: 'text.txt', sha256: hex('c2', 64), perplexityBefore: '1.877', perplexityAfter: '1.8826' },
];

export const registryInit: RegistryInitReport = {
  directory: '/srv/www/patches.example.org',
  root: hex('90af', 64),
  roles: [
    { role: 'root', keys: [adaKey, hex('01', 64)], threshold: 2 },
    { role: 'targets', keys: [adaKey, hex('01', 64)], threshold: 2 },
    { role: 'snapshot', keys: [hex('02', 64)], threshold: 1 },
    { role: 'timestamp', keys: [hex('02', 64)], threshold: 1 },
  ],
};

export const delegated: DelegateReport = {
  directory: '/srv/www/patches.example.org',
  namespace: 'mathlab',
  keys: [adaKey],
  threshold: 1,
};

export const rotated: RotateReport = {
  directory: '/srv/www/patches.example.org',
  role: 'timestamp',
  keys: [adaKey],
  threshold: 1,
  rootVersion: 4,
};

export const refreshed: RefreshReport = {
  directory: '/srv/www/patches.example.org',
  roles: [
    { role: 'root', version: 1, expires: '2027-07-13T18:02:11Z', signed: false },
    { role: 'mathlab', version: 12, expires: '2027-07-13T18:02:11Z', signed: true },
    { role: 'timestamp', version: 118, expires: '2026-08-13T18:02:11Z', signed: true },
  ],
};

export const published: PublishReport = {
  name: 'mathlab/calc',
  version: '1.2.0',
  patch: calcPatch,
  base: base.weightsId,
  baseName: base.name,
  sha256: hex('c3', 64),
  bytes: 61_412,
  description: 'calculus: derivatives of polynomials',
  flips: 58,
  categories: ['power', 'product'],
  heldOut,
  texts: publishedText,
  signers: [adaKey],
  evidence: 7,
  waiting: true,
};

export const yanked: YankReport = {
  name: 'mathlab/calc',
  version: '1.2.0',
  yanked: 'breaks integrals of rational functions; use 1.2.1, which was measured on them as well',
  waiting: false,
};

const { evidence: _evidence, waiting: _waiting, ...entry } = published;
const result: SearchResult = {
  registry: 'lab',
  ...entry,
  ...{ fixed: 107, broke: 19, count: 302, gain: 88, p: 3.1e-16, verdict: 'better' },
  fixRate: { low: 0.41, high: 0.53 },
};

export const found: SearchReport = {
  results: [
    result,
    {
      ...result,
      name: 'a-namespace-with-a-long-name/and-a-patch-with-a-long-one-too',
      version: '10.20.30-rc.1',
      description: 'primes up to a thousand, twin primes, and the factors of numbers with up to four digits',
      ...{ fixed: 9, broke: 12, gain: -3, p: 0.66, verdict: 'not significant' },
    },
    { ...result, name: 'other/own', version: '0.1.0', heldOut: [], ...{ fixed: 0, broke: 0, count: 0, gain: 0, p: 1 } },
    { ...result, name: 'mathlab/old', yanked: 'breaks integrals of rational functions' },
  ],
  problems: [
    {
      registry: 'lab',
      namespace: 'mallory',
      code: 'REGISTRY_EXPIRED',
      message: 'Registry "lab" serves a signature that has expired (mallory.json is expired)',
    },
  ],
  offline: ['lab'],
};

export const nothingFound: SearchReport = { results: [], problems: [], offline: [] };

export const installed: InstallReport = {
  commit: hex('9d2b17', 40),
  branch: 'main',
  changes: [
    { name: 'mathlab/calc', from: '1.1.0', to: '1.2.0', patch: calcPatch, description: published.description },
    { name: 'other/own', to: '0.1.0', patch: hex('a90e44d1c2', 64), description: 'x'.repeat(100) },
    { name: 'other/old', from: '0.1.0', patch: hex('a90e44d1c2', 64) },
  ],
  warnings: ['Patch 3f1c9a20b7 was evaluated by nobody whom you trust but its author'],
};

export const upToDate: InstallReport = { ...installed, changes: [{ ...installed.changes[0], from: '1.2.0' }] };

export const locked: LockReport = {
  ok: false,
  entries: (['ok', 'outdated', 'yanked', 'missing', 'changed', 'withdrawn', 'offline'] as const).map((status, i) => ({
    name: i === 0 ? 'a-namespace-with-a-long-name/and-a-patch-with-a-long-one-too' : `mathlab/calc${i}`,
    range: '^1.0.0 || ^2.0.0',
    version: '1.2.0',
    sha256: hex('c3', 64),
    patch: calcPatch,
    status,
    ...(status === 'outdated' && { newest: '1.10.0' }),
    ...(status === 'yanked' && { detail: 'breaks integrals of rational functions' }),
  })),
};

const lab: KnownRegistry = { name: 'lab', url: 'https://patches.example.org/', root: hex('90af', 64) };

export const registryAdded: RegistryAddReport = { ...lab, namespaces: ['mathlab', 'other'] };

export const registries: KnownRegistry[] = [lab, { ...lab, name: 'mine', url: `file:///srv/${'patches/'.repeat(12)}` }];

export const serving: ServingReport = { url: 'http://127.0.0.1:4873/', root: lab.root };
