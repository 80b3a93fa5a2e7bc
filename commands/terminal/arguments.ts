/** Owns what of git's argument order oclif does not know: flags before the verb, and `help VERB`. */

/**
 * Moves `-C DIR`, `--directory DIR` and `--json` from before the verb to the end (before a `--`), and turns `help VERB`
 * into `VERB --help`.
 */
export function arrangeArguments(argv: readonly string[]): string[] {
  const leading: string[] = [];
  let first = 0;
  for (;;) {
    const length = globalFlagLength(argv[first]);
    if (length === 0 || first + length > argv.length) break;
    leading.push(...argv.slice(first, first + length));
    first += length;
  }
  const rest = argv.slice(first);
  if (rest.length === 0) return ['--help'];
  if (rest[0] === 'help') return [...rest.slice(1), '--help'];
  const end = rest.indexOf('--');
  return end < 0 ? [...rest, ...leading] : [...rest.slice(0, end), ...leading, ...rest.slice(end)];
}

/** Says whether the answer, or the error, is to be JSON. */
export function wantsJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return argv.slice(0, end < 0 ? argv.length : end).includes('--json');
}

/** How many arguments a global flag takes, itself included; 0 when it is none. */
function globalFlagLength(argument: string | undefined): number {
  if (argument === '-C' || argument === '--directory') return 2;
  return argument === '--json' || argument?.startsWith('--directory=') ? 1 : 0;
}
