/** Which program a benchmark has tried. */
import { execFileSync } from 'node:child_process';

const git = (...args: string[]): string => execFileSync('git', args, { encoding: 'utf8' }).trim();
/** What the program is made of: of the commits, the last one that changed any of it is told. */
const program = ['src', 'commands', 'bin', 'assembly', 'schema', 'package.json'];
const isChanged = git('status', '--porcelain', '--', ...program) !== '';

/** The commit of the program in the working directory, and whether it was changed since. */
export const build = git('log', '-1', '--format=%h', '--', ...program) + (isChanged ? ', changed' : '');
