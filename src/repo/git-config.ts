/** Owns the reading of a repository's own git configuration (git-config, "Syntax"). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Repository } from './repository.js';

/** Reads all settings of `.git/config` by section.name or section.subsection.name. Throws Error for a line git refuses. */
export function readSettings({ gitDirectory }: Pick<Repository, 'gitDirectory'>): Map<string, string> {
  try {
    return parseSettings(readFileSync(join(gitDirectory, 'config'), 'utf8'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}

/** Parses the text of a configuration file. */
export function parseSettings(text: string): Map<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  // A backslash at the end of a line continues it.
  for (const raw of text
    .replace(/^\ufeff/, '')
    .replace(/\\\r?\n/g, '')
    .split(/\r?\n/)) {
    let line = raw.trim();
    const heading = /^\[\s*([A-Za-z0-9.-]+)(?:\s+"((?:[^"\\]|\\.)*)")?\s*\]/.exec(line);
    if (heading) {
      const [whole, name, subsection] = heading;
      section = name.toLowerCase() + (subsection === undefined ? '' : `.${subsection.replace(/\\(.)/g, '$1')}`);
      line = line.slice(whole.length).trim();
    }
    if (line === '' || /^[#;]/.test(line)) continue;
    const setting = /^([A-Za-z][A-Za-z0-9-]*)\s*(?:=\s*(.*))?$/.exec(line);
    if (!setting || section === '') throw new Error(`bad line in the configuration: ${line}`);
    // A name alone is a switch that is on.
    settings.set(`${section}.${setting[1].toLowerCase()}`, setting[2] === undefined ? 'true' : parseValue(setting[2]));
  }
  return settings;
}

const escapes: Record<string, string> = { n: '\n', t: '\t', b: '\b' };

/** Undoes quotes and escapes, and drops the comment behind a value. */
function parseValue(text: string): string {
  let value = '';
  let kept = 0;
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i];
    if (character === '"') quoted = !quoted;
    else if (!quoted && /[#;]/.test(character)) break;
    else if (character === '\\' && i + 1 < text.length) value += escapes[text[++i]] ?? text[i];
    else value += character;
    // Spaces at the end count only inside quotes.
    if (quoted || !/\s/.test(character)) kept = value.length;
  }
  return value.slice(0, kept);
}
