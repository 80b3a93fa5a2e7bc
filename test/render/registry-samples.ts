/** One answer of every verb of registries, as its workflow would return it. */
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
