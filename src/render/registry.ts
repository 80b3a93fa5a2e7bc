/** Owns how `bankai registry` looks to those who keep a registry or publish in one. */
import { gainOf, type PublishedVersion } from './gain.js';
import { shortId } from './id.js';
import { formatBytes, plural } from './number.js';
import { renderTable } from './table.js';
import { printable, wrap } from './text.js';
import type { View } from './view.js';

/** Who may sign for a role. */
export interface RoleSummary {
  readonly role: string;
  /** Ids of the keys. */
  readonly keys: readonly string[];
  readonly threshold: number;
}

/** What `bankai registry init --json` prints: `schema/registry-init.schema.json`. */
export interface RegistryInitReport {
  readonly directory: string;
  /** Digest of the first root: what others trust the registry by. */
  readonly root: string;
  readonly roles: readonly RoleSummary[];
}

/** Writes which keys the new registry has, and how others come to trust it. */
export function renderRegistryInit(report: RegistryInitReport, view: View): string[] {
  const { style } = view;
  return [
    `Registry in ${printable(report.directory)}`,
    ...renderTable(
      [{ header: 'role' }, { header: 'signed by', flexible: true }],
      report.roles.map(({ role, keys, threshold }) => [
        role,
        `${threshold} of ${keys.map((key) => key.slice(0, 16)).join(', ')}`,
      ]),
      view,
    ),
    '',
    'Serve the directory with any web host. "bankai registry add URL --root DIGEST"',
    'trusts it, with this digest, which others must get from you by a way they trust:',
    `  ${style.id(report.root)}`,
  ];
}

/** What `bankai registry delegate --json` prints: `schema/registry-delegate.schema.json`. */
export interface DelegateReport {
  readonly directory: string;
  readonly namespace: string;
  readonly keys: readonly string[];
  readonly threshold: number;
}

/** Writes whose a namespace is now. */
export const renderDelegate = ({ namespace, keys, threshold }: DelegateReport, { style }: View): string[] => [
  `Namespace ${style.name(printable(namespace))} belongs to ${threshold} of ${plural(keys.length, 'key')}:`,
  ...keys.map((key) => `  ${style.id(key)}`),
];

/** What `bankai registry rotate --json` prints: `schema/registry-rotate.schema.json`. */
export interface RotateReport extends RoleSummary {
  readonly directory: string;
  readonly rootVersion: number;
}

/** Writes who signs for a role now. */
export const renderRotate = ({ role, keys, threshold, rootVersion }: RotateReport, { style }: View): string[] => [
  `Role ${style.name(printable(role))} is signed by ${threshold} of ${plural(keys.length, 'key')}; the root is version ${rootVersion}:`,
  ...keys.map((key) => `  ${style.id(key)}`),
];

/** What `bankai registry refresh --json` prints: `schema/registry-refresh.schema.json`. */
export interface RefreshReport {
  readonly directory: string;
  readonly roles: readonly {
    readonly role: string;
    readonly version: number;
    readonly expires: string;
    readonly signed: boolean;
  }[];
}

/** Writes until when each role is good, and which were signed anew. */
export function renderRefresh({ roles }: RefreshReport, view: View): string[] {
  return renderTable(
    [
      { header: 'role', flexible: true },
      { header: 'version', align: 'right' },
      { header: 'good until' },
      { header: '' },
    ],
    roles.map(({ role, version, expires, signed }) => [
      role,
      String(version),
      expires,
      signed ? { text: 'signed anew', paint: view.style.good } : '',
    ]),
    view,
  );
}

/** What `bankai registry publish --json` prints: `schema/registry-publish.schema.json`. */
export interface PublishReport extends PublishedVersion {
  /** Files that the patch rests on, as they are in the bundle. */
  readonly evidence: number;
  /** It can be fetched only after the keeper of the registry has signed. */
  readonly waiting: boolean;
}

/** Writes what is published now, and what it says for itself. */
export function renderPublish(report: PublishReport, view: View): string[] {
  const { style } = view;
  const proof =
    report.heldOut.length === 0
      ? style.warning('nothing measured on held-out probes')
      : `held out: ${gainOf(report.heldOut, view)}`;
  return [
    `Published ${style.name(`${printable(report.name)}@${printable(report.version)}`)}: patch ${style.id(shortId(report.patch))}, ` +
      `${plural(report.flips, 'flip')}`,
    `  ${plural(report.evidence, 'file')} of evidence, ${formatBytes(report.bytes)}`,
    `  ${proof}`,
    ...waitingLines(report.waiting, view),
  ];
}

/** What `bankai registry yank --json` prints: `schema/registry-yank.schema.json`. */
export interface YankReport {
  readonly name: string;
  readonly version: string;
  readonly yanked?: string;
  readonly waiting: boolean;
}

/** Writes what people are told of a version from now on. */
export function renderYank({ name, version, yanked, waiting }: YankReport, view: View): string[] {
  const subject = `${printable(name)}@${printable(version)}`;
  const said = yanked === undefined ? `${subject} can be added again` : `${subject} is yanked: ${printable(yanked)}`;
  return [...wrap(said, view.width), ...waitingLines(waiting, view)];
}

const waitingLines = (waiting: boolean, view: View): string[] =>
  waiting
    ? wrap(
        'It waits for the keeper of the registry, whose keys are not here: "bankai registry refresh" publishes it.',
        view.width,
      ).map((line) => view.style.warning(line))
    : [];
