/**
 * Owns changes of a repository's own git configuration. Everything else in the file stays as it is, comments too. `config.lock`,
 * which only one process can make, keeps git and us from writing at once.
 */
import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, writeFileDurably } from '../durable.js';
import { type ConfigPiece, parseConfig } from './git-config.js';
import { reporting } from './git-error.js';
import { withGitLock } from './git-lock.js';
import type { Repository } from './repository.js';

/**
 * One change. Sections are written `core` or `remote.origin`: the subsection is everything behind the first dot. `set`
 * leaves a name with one value, `add` gives it one more, `unset` takes all of them; `remove` and `rename` are about whole
 * sections; one that has the new name gives way. Nothing happens when there is nothing to change.
 */
export type ConfigChange =
  | { readonly set: string; readonly key: string; readonly value: string }
  | { readonly add: string; readonly key: string; readonly value: string }
  | { readonly unset: string; readonly key: string }
  | { readonly remove: string }
  | { readonly rename: string; readonly to: string };

/** Makes changes in `.git/config`, all or none. Throws REPOSITORY_LOCKED, REPOSITORY_CORRUPT for a file git refuses, IO. */
export async function changeConfig(
  { gitDirectory }: Pick<Repository, 'gitDirectory'>,
  changes: readonly ConfigChange[],
): Promise<void> {
  await changeConfigFile(join(gitDirectory, 'config'), changes);
}

/** Makes changes in a configuration file, all or none; one that is missing is made. Throws as `changeConfig`. */
export async function changeConfigFile(file: string, changes: readonly ConfigChange[]): Promise<void> {
  await reporting('change the configuration', async () => {
    const isThere = existsSync(file);
    // A configuration that is a symlink is changed where it lies.
    const path = isThere ? realpathSync(file) : file;
    if (!isThere) await makeDirectory(dirname(path));
    await withGitLock(path, async () => {
      const text = isThere ? readFileSync(path, 'utf8') : '';
      const changed = editConfig(text, changes);
      const mode = isThere ? statSync(path).mode & 0o777 : 0o666;
      if (changed !== text) await writeFileDurably(path, changed, { mode });
    });
  });
}

/** Makes changes in the text of a configuration file. Throws Error for a line that git refuses. */
export function editConfig(text: string, changes: readonly ConfigChange[]): string {
  let pieces = parseConfig(text);
  for (const change of changes) pieces = edit(pieces, change);
  return pieces.map(({ raw }) => raw).join('');
}

function edit(pieces: readonly ConfigPiece[], change: ConfigChange): ConfigPiece[] {
  if ('remove' in change) return pieces.filter(({ section }) => section !== canonical(change.remove));
  if ('rename' in change) {
    const [from, to] = [canonical(change.rename), canonical(change.to)];
    if (from === to || !pieces.some(({ section }) => section === from)) return [...pieces];
    const others = pieces.filter(({ section }) => section !== to);
    return others.map((piece) => {
      if (piece.section !== from) return piece;
      const raw = piece.heading ? piece.raw.replace(/\[[^]*\]/, () => heading(change.to)) : piece.raw;
      return { ...piece, section: to, raw };
    });
  }
  const key = change.key.toLowerCase();
  if ('unset' in change) return withoutKey(pieces, canonical(change.unset), key);
  const name = 'set' in change ? change.set : change.add;
  const section = canonical(name);
  const raw = `\t${change.key} = ${formatValue(change.value)}\n`;
  const setting: ConfigPiece = { raw, section, key, value: change.value };
  const present = pieces.filter((piece) => piece.section === section && piece.key === key);
  if ('set' in change && present.length === 1) {
    if (present[0].value === change.value) return [...pieces];
    return pieces.map((piece) => (piece === present[0] ? setting : piece));
  }
  return insert('set' in change ? withoutKey(pieces, section, key) : pieces, name, setting);
}

/** Puts a setting behind the last one of its section, or into a new section at the end. */
function insert(pieces: readonly ConfigPiece[], name: string, setting: ConfigPiece): ConfigPiece[] {
  const last = pieces.findLastIndex(
    (piece) => piece.section === setting.section && (piece.heading === true || piece.key !== undefined),
  );
  if (last < 0) {
    const raw = `${heading(name)}\n`;
    return [...pieces.map(ended), { raw, section: setting.section, heading: true }, setting];
  }
  // A comment behind a heading stays on its line.
  const at = last + (pieces[last].heading && /^[ \t]*[#;]/.test(pieces[last + 1]?.raw ?? '') ? 2 : 1);
  const before = pieces.slice(0, at);
  const after = pieces.slice(at);
  // A heading ends before its line break, which is a piece of its own.
  if (before[at - 1].heading && after[0]?.raw.trim() === '' && after[0].key === undefined)
    before.push(...after.splice(0, 1));
  return [...before.slice(0, -1), ...before.slice(-1).map(ended), setting, ...after];
}

const ended = (piece: ConfigPiece, i: number, all: readonly ConfigPiece[]): ConfigPiece =>
  i < all.length - 1 || piece.raw.endsWith('\n') ? piece : { ...piece, raw: `${piece.raw}\n` };

/** Drops all values of a name; a heading whose line they shared keeps its line break. */
function withoutKey(pieces: readonly ConfigPiece[], section: string, key: string): ConfigPiece[] {
  return pieces.flatMap((piece, i) => {
    if (piece.section !== section || piece.key !== key) return [piece];
    return pieces[i - 1]?.heading === true ? [{ raw: '\n', section }] : [];
  });
}

/** `Remote.Origin` is written `remote.Origin`: names of sections are the same in small and capital letters. */
function canonical(section: string): string {
  const [name, subsection] = split(section);
  return name.toLowerCase() + (subsection === undefined ? '' : `.${subsection}`);
}

function heading(section: string): string {
  const [name, subsection] = split(section);
  return subsection === undefined ? `[${name}]` : `[${name} "${subsection.replace(/["\\]/g, '\\$&')}"]`;
}

function split(section: string): [name: string, subsection: string | undefined] {
  const dot = section.indexOf('.');
  return dot < 0 ? [section, undefined] : [section.slice(0, dot), section.slice(dot + 1)];
}

/** A value as it stands in the file: in quotes where it would lose spaces or begin a comment, escaped. */
function formatValue(value: string): string {
  const escaped = value.replace(/["\\]/g, '\\$&').replace(/\n/g, '\\n').replace(/\t/g, '\\t').replace(/[\b]/g, '\\b');
  return /^\s|\s$|[#;\r]/.test(value) ? `"${escaped}"` : escaped;
}
