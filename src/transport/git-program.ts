/** Owns the running of the system's git, where there is one. */
import { spawn } from 'node:child_process';
import { RemoteError } from '../errors.js';

/** How a run of git ended. */
export interface GitRun {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface GitRunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds without output after which it is ended. */
  readonly timeoutMs?: number;
}

/** The system's git, with the environment it is given. */
export interface GitProgram {
  /** Runs it. Its messages are English. Throws GIT_MISSING, REMOTE_UNREACHABLE when it falls silent, AbortError. */
  run(args: readonly string[], options?: GitRunOptions): Promise<GitRun>;
}

/** Output that is kept; a git that says more is ended. */
const OUTPUT_BYTES = 64 * 2 ** 20;

export function createGitProgram(environment: Readonly<Record<string, string | undefined>>): GitProgram {
  // A repository that the environment names is not the one we mean.
  const inherited = Object.entries(environment).filter(
    ([name]) => !/^GIT_(DIR|WORK_TREE|INDEX_FILE|OBJECT_DIRECTORY|ALTERNATE_OBJECT_DIRECTORIES|NAMESPACE)$/.test(name),
  );
  const env = { ...Object.fromEntries(inherited), LC_ALL: 'C' };
  return {
    run: (args, { cwd, input = '', signal, timeoutMs } = {}) =>
      new Promise((resolve, reject) => {
        const child = spawn('git', args, { ...(cwd !== undefined && { cwd }), env, ...(signal && { signal }) });
        const output = { stdout: '', stderr: '' };
        const giveUp = (): void => {
          child.kill();
          reject(silent(timeoutMs ?? 0));
        };
        const watch = timeoutMs === undefined ? undefined : setTimeout(giveUp, timeoutMs);
        for (const name of ['stdout', 'stderr'] as const) {
          child[name].setEncoding('utf8').on('data', (text: string) => {
            watch?.refresh();
            if (output[name].length < OUTPUT_BYTES) output[name] += text;
            // Nobody speaks for so long.
            else child.kill();
          });
        }
        child.on('error', (error) => {
          clearTimeout(watch);
          reject((error as NodeJS.ErrnoException).code === 'ENOENT' ? missing(error) : error);
        });
        child.on('close', (code) => {
          clearTimeout(watch);
          resolve({ code: code ?? 128, ...output });
        });
        // A git that does not read its input closes it: that is its right.
        child.stdin.on('error', () => undefined);
        child.stdin.end(input);
      }),
  };
}

function silent(timeoutMs: number): RemoteError {
  return new RemoteError('REMOTE_UNREACHABLE', `The remote has sent nothing for ${timeoutMs / 1000} seconds`, {
    hint: 'Nothing was changed. Try again, or wait longer with --timeout.',
  });
}

function missing(cause: unknown): RemoteError {
  return new RemoteError('GIT_MISSING', 'There is no git on this machine', {
    hint: 'Install git for remotes over SSH and on this machine; https:// and http:// work without it.',
    cause,
  });
}
