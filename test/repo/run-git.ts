/** Runs the real git, hermetic, in tests and benchmarks. */
import { execFileSync } from 'node:child_process';

/** Runs the real git in a directory, without any configuration but the repository's. → its output, trimmed. */
export function runGit(directory: string, ...args: string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_AUTHOR_NAME: 'Ada',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
    GIT_TERMINAL_PROMPT: '0',
    LC_ALL: 'C',
  };
  const options = { cwd: directory, env, encoding: 'utf8' as const, stdio: ['ignore', 'pipe', 'pipe'] as 'pipe'[] };
  return execFileSync('git', args, options).trim();
}
