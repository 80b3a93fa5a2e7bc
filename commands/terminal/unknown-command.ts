/** Owns what is said about a verb that does not exist. */
import type { Hook } from '@oclif/core';
import { UsageError } from '../../src/errors.js';

/** Verbs of git that Bankai has no use for. */
const absent: Readonly<Record<string, { readonly why: string; readonly hint: string }>> = {
  stash: {
    why: 'the working model holds nothing that is not committed, so there is nothing to put aside',
    hint: 'Check out what you want next; "bankai checkout -" comes back.',
  },
  mv: {
    why: 'a patch has no name of its own, its id is its content',
    hint: 'Use "bankai branch -m OLD NEW" to rename its branch, or "bankai tag NAME COMMIT" to give it a name beside.',
  },
};

/** Verbs of git that work in the same repository; of these the first may move HEAD, and the model then waits for us. */
const gits = {
  moving: ['am', 'filter-branch', 'rebase', 'update-ref', 'symbolic-ref'],
  other: [
    ...['apply', 'archive', 'bundle', 'cat-file', 'check-ignore', 'clean', 'count-objects', 'describe', 'for-each-ref'],
    ...[
      'format-patch',
      'grep',
      'hash-object',
      'ls-files',
      'ls-remote',
      'ls-tree',
      'maintenance',
      'merge-base',
      'notes',
    ],
    ...[
      'prune',
      'range-diff',
      'repack',
      'rev-list',
      'rev-parse',
      'shortlog',
      'show-ref',
      'verify-commit',
      'verify-tag',
    ],
    ...['whatchanged'],
  ],
};

/** oclif's hook `command_not_found`: throws USAGE, with the nearest verb when there is a near one. */
export const unknownCommand: Hook<'command_not_found'> = async function ({ id, config }) {
  const verb = id.replaceAll(':', ' ');
  const verbs = config.commandIDs.map((command) => command.replaceAll(':', ' '));
  const word = verb.split(' ')[0];
  if (Object.hasOwn(absent, word)) {
    throw new UsageError('USAGE', `There is no "bankai ${word}": ${absent[word].why}`, {
      hint: absent[word].hint,
      data: { command: verb },
    });
  }
  const moves = gits.moving.includes(word);
  if (moves || gits.other.includes(word)) {
    const then = moves ? ', and then "bankai checkout HEAD" for the working model to follow' : '';
    throw new UsageError('USAGE', `There is no "bankai ${word}": git's own works in the same repository`, {
      hint: `Use "git ${word}"${then}.`,
      data: { command: verb },
    });
  }
  const near = nearest(verb, verbs);
  const known = verbs.filter((candidate) => verb.startsWith(`${candidate} `)).sort((a, b) => b.length - a.length)[0];
  if (known !== undefined && (near ?? known) === known) {
    // To oclif the words behind a command that takes none are more of its name.
    throw new UsageError('USAGE', `Unexpected argument: ${verb.slice(known.length + 1)}`, {
      hint: `Use "bankai ${known} --help" to see its flags and arguments.`,
      data: { command: verb },
    });
  }
  const guess = near === undefined ? '' : ` Did you mean "bankai ${near}"?`;
  throw new UsageError('USAGE', `"${verb}" is not a bankai command`, {
    hint: `Use "bankai --help" to see all commands.${guess}`,
    data: near === undefined ? { command: verb } : { command: verb, nearest: near },
  });
};

/** The verb with the fewest edits, when a third of the letters or fewer differ. */
export function nearest(verb: string, verbs: readonly string[]): string | undefined {
  const ranked = verbs.map((candidate) => ({ candidate, edits: editDistance(verb, candidate) }));
  ranked.sort((a, b) => a.edits - b.edits || (a.candidate < b.candidate ? -1 : 1));
  const best = ranked[0];
  return best && best.edits <= Math.max(1, Math.ceil(verb.length / 3)) ? best.candidate : undefined;
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  const rows = [Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = a[i - 1] === b[j - 1] ? 0 : 1;
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + substitution);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) row[j] = Math.min(row[j], rows[i - 2][j - 2] + 1);
    }
    rows.push(row);
  }
  return rows[a.length][b.length];
}
