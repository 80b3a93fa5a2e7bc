/** Owns the reading of a repository's own git configuration (git-config, "Syntax"). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './repository.js';

/**
 * A stretch of a configuration's text, as it stands there: a heading, a setting, or what lies between (comments, empty
 * lines). Put together, the pieces are the text.
 */
export interface ConfigPiece {
  readonly raw: string;
  /** The section it is in, or opens: `remote.origin`; the name in lower case, the subsection as it is. */
  readonly section: string;
  readonly heading?: true;
  /** In lower case; with it there is a value. */
  readonly key?: string;
  /** A name alone is a switch that is on: `true`. */
  readonly value?: string;
}

/** Reads all settings of `.git/config` by section.name or section.subsection.name. Throws Error for a line git refuses. */
export const readSettings = (repository: Pick<Repository, 'gitDirectory'>): Map<string, string> =>
  new Map(readEntries(repository));

/** Reads all settings in their order: a name may come several times. Throws Error for a line git refuses. */
export function readEntries({ gitDirectory }: Pick<Repository, 'gitDirectory'>): [name: string, value: string][] {
  try {
    return parseEntries(readFileSync(join(gitDirectory, 'config'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Parses the text of a configuration file; of a name that comes several times the last value counts. */
export const parseSettings = (text: string): Map<string, string> => new Map(parseEntries(text));

const parseEntries = (text: string): [string, string][] =>
  parseConfig(text).flatMap(({ section, key, value }): [string, string][] =>
    key === undefined || value === undefined ? [] : [[`${section}.${key}`, value]],
  );

/** Takes the text of a configuration file to pieces. Throws Error for a line that git refuses. */
export function parseConfig(text: string): ConfigPiece[] {
  const pieces: ConfigPiece[] = [];
  let section = '';
  for (let at = 0; at < text.length;) {
    const rest = text.slice(at);
    const blank = /^(?:\ufeff|[ \t\r\v\f]*(?:[#;][^\n]*)?(?:\n|$))/.exec(rest);
    const heading = /^[ \t]*\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\\n]|\\.)*)")?\s*\][ \t]*/.exec(rest);
    let piece: ConfigPiece;
    if (blank) {
      piece = { raw: blank[0], section };
    } else if (heading) {
      const [raw, name, subsection] = heading;
      section = name.toLowerCase() + (subsection === undefined ? '' : `.${subsection.replace(/\\(.)/g, '$1')}`);
      piece = { raw, section, heading: true };
    } else {
      piece = parseSetting(rest, section);
    }
    pieces.push(piece);
    at += piece.raw.length;
  }
  return pieces;
}

function parseSetting(rest: string, section: string): ConfigPiece {
  const name = /^[ \t]*([A-Za-z][A-Za-z0-9-]*)[ \t\r]*(=[ \t]*|(?=[#;\n]|$))/.exec(rest);
  if (!name || section === '') throw badLine(rest);
  const key = name[1].toLowerCase();
  if (name[2] === '') return { raw: /^[^\n]*\n?/.exec(rest)?.[0] ?? '', section, key, value: 'true' };
  const { value, length } = parseValue(rest, name[0].length);
  return { raw: rest.slice(0, length), section, key, value };
}

const escapes: Record<string, string | undefined> = { n: '\n', t: '\t', b: '\b', '"': '"', '\\': '\\' };

/**
 * Reads a value from an offset to the end of its line, or of the line that a backslash continues it on: undoes quotes and
 * escapes, and drops a comment behind it.
 */
function parseValue(text: string, from: number): { value: string; length: number } {
  let value = '';
  let kept = 0;
  let quoted = false;
  let at = from;
  for (; at < text.length && text[at] !== '\n'; at++) {
    const character = text[at];
    if (!quoted && /[#;]/.test(character)) {
      const end = text.indexOf('\n', at);
      at = end < 0 ? text.length : end;
      break;
    }
    if (character === '"') {
      quoted = !quoted;
    } else if (character === '\\') {
      const line = /^\r?\n/.exec(text.slice(at + 1, at + 3));
      const meant = escapes[text[at + 1] ?? ''];
      if (!line && meant === undefined) throw badLine(text);
      if (!line) value += meant;
      at += line ? line[0].length : 1;
    } else {
      value += character;
    }
    // Spaces at the end count only inside quotes.
    if (quoted || !/\s/.test(character)) kept = value.length;
  }
  if (quoted) throw badLine(text);
  return { value: value.slice(0, kept), length: Math.min(text.length, at + 1) };
}

const badLine = (text: string): Error =>
  new Error(`bad line in the configuration: ${text.slice(0, text.indexOf('\n') >>> 0).trim()}`);
