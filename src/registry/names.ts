/** Owns names in registries: `NAMESPACE/NAME`, its versions and ranges of them (docs/REGISTRY.md, "Names and versions"). */
import semver from 'semver';
import { UsageError } from '../errors.js';

/** The name of a patch in a registry, without version. */
export interface PackageName {
  readonly namespace: string;
  readonly name: string;
}

/** A name with a range of versions: what is asked for. */
export interface PackageRange extends PackageName {
  /** As semver's ranges are written; `*` where none was given. */
  readonly range: string;
  /** None was given: what is found is kept with a caret from then on, as npm does. */
  readonly isOpen?: true;
}

/** A name with one version. */
export interface PackageVersion extends PackageName {
  readonly version: string;
}

/** Names of TUF's own roles: a namespace is a role beside them. */
const reserved = new Set(['root', 'timestamp', 'snapshot', 'targets']);

const part = /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/;

/** Tells whether a text can name a namespace. */
export const isNamespace = (text: string): boolean => part.test(text) && !reserved.has(text);

/** Tells whether a text can name a patch in a namespace. */
export const isName = (text: string): boolean => part.test(text);

/** Tells whether a text is a version as semver 2.0.0 writes it, without build metadata: `1.2.0`, `2.0.0-rc.1`. */
export const isVersion = (text: string): boolean => text.length <= 64 && semver.valid(text) === text;

/** Writes a name without its version. */
export const formatName = ({ namespace, name }: PackageName): string => `${namespace}/${name}`;

/** Asserts that a text can name a namespace. Throws NAME_INVALID. */
export function assertNamespace(text: string): void {
  if (!isNamespace(text)) throw invalid(`Cannot call a namespace "${text}"`, 'mathlab');
}

/** Parses `NAMESPACE/NAME`. Throws NAME_INVALID. */
export function parseName(text: string): PackageName {
  const [namespace, name, ...rest] = text.split('/');
  if (name === undefined || rest.length > 0 || !isNamespace(namespace) || !isName(name)) {
    throw invalid(`"${text}" is no name in a registry`, 'mathlab/calc');
  }
  return { namespace, name };
}

/** Parses `NAMESPACE/NAME`, or that with `@RANGE`; `@latest` says no more than no range. Throws NAME_INVALID. */
export function parseRange(text: string): PackageRange {
  const at = text.indexOf('@');
  const range = at < 0 ? 'latest' : text.slice(at + 1).trim();
  const name = parseName(at < 0 ? text : text.slice(0, at));
  if (range === 'latest') return { ...name, range: '*', isOpen: true };
  if (range.length > 256 || semver.validRange(range) === null || range === '') {
    throw invalid(`"${text}" asks for no range of versions`, 'mathlab/calc@^1');
  }
  return { ...name, range };
}

/** Parses `NAMESPACE/NAME@VERSION`. Throws NAME_INVALID. */
export function parseVersion(text: string): PackageVersion {
  const at = text.indexOf('@');
  const version = at < 0 ? '' : text.slice(at + 1);
  if (!isVersion(version)) throw invalid(`"${text}" names no version`, 'mathlab/calc@1.0.0');
  return { ...parseName(text.slice(0, at)), version };
}

/** The highest of the versions that is in a range, or nothing. Versions before a release count only where the range names one. */
export function highestVersion(versions: Iterable<string>, range: string): string | undefined {
  return semver.maxSatisfying([...versions], range) ?? undefined;
}

/** Tells whether a version is in a range. */
export const isInRange = (version: string, range: string): boolean => semver.satisfies(version, range);

/** Orders versions, the highest first. */
export const newestFirst = (versions: Iterable<string>): string[] => semver.rsort([...versions]);

function invalid(fact: string, example: string): UsageError {
  return new UsageError('NAME_INVALID', fact, {
    hint: `Write lower-case letters, digits and "-", as in ${example}.`,
  });
}
