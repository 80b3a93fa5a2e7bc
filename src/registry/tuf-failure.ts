/**
 * Owns what tuf-js's errors mean. It throws classes that it does not export, and wraps those of snapshot and targets into
 * the text of another error, so that only the words are left: tests hold every one of them, and its version is pinned.
 */
import { BankaiError, RegistryError } from '../errors.js';
import type { RegistryCode } from '../errors.js';

interface Meaning {
  readonly words: RegExp;
  readonly code: RegistryCode;
  readonly fact: string;
  readonly hint: string;
}

const tellKeeper = 'Tell the keeper of the registry; use nothing that comes from it until this is explained.';

const meanings: readonly Meaning[] = [
  {
    // The timestamp is signed anew every few days for nothing but this.
    words: /timestamp\.json is expired/,
    code: 'REGISTRY_FROZEN',
    fact: 'shows the same for too long: it is neglected, or somebody holds back what is newer',
    hint: 'Ask its keeper to run "bankai registry refresh". Check the clock of this computer too.',
  },
  {
    words: /is expired/,
    code: 'REGISTRY_EXPIRED',
    fact: 'serves a signature that has expired',
    hint: 'Ask who signs it to do so again: its keeper with "bankai registry refresh". Check the clock of this computer too.',
  },
  {
    words: /is less than current version|Missing file .* in new snapshot|Expected version \d+, got/,
    code: 'REGISTRY_ROLLBACK',
    fact: 'serves something older than what it has served before',
    hint: tellKeeper,
  },
  {
    words: /doesn't match timestamp|does not match snapshot version|Missing .*\.json in snapshot/,
    code: 'REGISTRY_MIXED',
    fact: 'serves files that were never published together',
    hint: `Try again: it may be in the middle of a change. If it stays so: ${tellKeeper.toLowerCase()}`,
  },
  {
    words: /was signed by \d+\/\d+ keys|no delegation found|No delegations found|multiple signatures found/,
    code: 'REGISTRY_SIGNATURE',
    fact: 'serves something that is not signed by those who must',
    hint: tellKeeper,
  },
  {
    words: /Expected length|Expected hash|Hash algorithm/,
    code: 'REGISTRY_DIGEST',
    fact: 'serves something else than what was signed',
    hint: `Try again: it may be in the middle of a change. If it stays so: ${tellKeeper.toLowerCase()}`,
  },
];

/** Makes an error of ours of whatever tuf-js throws. `name` is the registry's. */
export function tufFailure(name: string, error: unknown): unknown {
  if (error instanceof BankaiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  const meaning = meanings.find(({ words }) => words.test(message));
  if (meaning) {
    const { code, fact, hint } = meaning;
    return new RegistryError(code, `Registry "${name}" ${fact} (${message})`, {
      hint,
      data: { registry: name },
      cause: error,
    });
  }
  if ((error as NodeJS.ErrnoException).errno !== undefined) return error;
  return new RegistryError(
    'REGISTRY_INVALID',
    `Registry "${name}" serves metadata that is not understood (${message})`,
    {
      hint: tellKeeper,
      data: { registry: name },
      cause: error,
    },
  );
}
