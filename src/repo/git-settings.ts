/** Owns git's whole configuration: which files and variables it comes from, and which of several values counts. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { parseConfig } from './git-config.js';

export type Scope = 'system' | 'global' | 'local' | 'command';

/** Where a configuration is looked for; the environment says so, which this room does not read. */
export interface ConfigPlaces {
  /** The machine's file. */
  readonly system?: string;
  /** The person's files; the later one counts more, and is the one written to when only one of them is there. */
  readonly global: readonly string[];
  /** Settings of one command: `GIT_CONFIG_COUNT`, `GIT_CONFIG_KEY_0` and so on. */
  readonly command: readonly (readonly [name: string, value: string])[];
  /** What `~/` stands for. */
  readonly home: string;
}

/** A value, and where it was set. */
export interface Setting {
  /** Section and key in lower case, the subsection as it is: `remote.Lab.url`. */
  readonly name: string;
  readonly value: string;
  readonly scope: Scope;
  /** As git shows it: `file:/home/ada/.gitconfig`, `command line:`. */
  readonly origin: string;
}

/** git gives up at as many files that include each other. */
const INCLUDE_DEPTH = 10;

/**
 * Reads every setting, what counts least first: system, global, local, command. `include.path` is followed; `includeIf` is
 * not. `local` is the repository's own file. Throws Error for a line that git refuses.
 */
export function readAllSettings(places: ConfigPlaces, local?: string): Setting[] {
  const read = (path: string | undefined, scope: Scope) =>
    path === undefined ? [] : readFileSettings(path, scope, places.home, 0);
  return [
    ...read(places.system, 'system'),
    ...places.global.flatMap((path) => read(path, 'global')),
    ...read(local, 'local'),
    ...places.command.map(([name, value]) => {
      return { name: settingName(name), value, scope: 'command' as const, origin: 'command line:' };
    }),
  ];
}

/** The file that a scope's settings are written to. */
export const globalFile = ({ global }: ConfigPlaces): string =>
  global.findLast((path) => existsSync(path)) ?? global[global.length - 1];

/** Writes section and key in lower case, as they are compared; the subsection between them counts as it is. */
export function settingName(name: string): string {
  const [first, last] = [name.indexOf('.'), name.lastIndexOf('.')];
  return name.slice(0, first).toLowerCase() + name.slice(first, last) + name.slice(last).toLowerCase();
}

function readFileSettings(path: string, scope: Scope, home: string, depth: number): Setting[] {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return [];
    throw error;
  }
  if (depth > INCLUDE_DEPTH) throw new Error(`${path} includes itself`);
  return parseConfig(text).flatMap(({ section, key, value }) => {
    if (key === undefined || value === undefined) return [];
    const own: Setting = { name: `${section}.${key}`, value, scope, origin: `file:${path}` };
    if (section !== 'include' || key !== 'path') return [own];
    const target = value.startsWith('~/') ? join(home, value.slice(2)) : value;
    const included = isAbsolute(target) ? target : join(dirname(path), target);
    return [own, ...readFileSettings(included, scope, home, depth + 1)];
  });
}
