/** Runs the built program, and git, in places where nothing of the person running the tests can be seen or touched. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';
import { isFree, runWarm } from './warm-process.js';

/** How a program ended and what it wrote. */
export interface Finished {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly cwd?: string;
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Called with what stdout has brought so far and a way to send a signal. */
  readonly onStdout?: (soFar: string, kill: (signal: NodeJS.Signals) => void) => void;
  /** Closes the reading end of stdout at its first bytes, as `head` does. */
  readonly closeStdoutEarly?: boolean;
}

export interface Cli {
  /** A fresh directory to work in. */
  readonly directory: string;
  /** The environment of every program it runs: a home of its own, no configuration of the machine or the person. */
  readonly env: Readonly<Record<string, string>>;
  run(args: readonly string[], options?: RunOptions): Promise<Finished>;
  git(args: readonly string[], options?: RunOptions): Promise<Finished>;
}

export interface CliOptions {
  /** Another entry file. */
  readonly program?: string;
  /**
   * Runs the program again and again in one process that has it loaded, where nobody looks on or interferes: most of a short
   * command is loading. Else each run has a process of its own, as with a person.
   */
  readonly isWarm?: boolean;
}

/** Makes a hermetic place, removed when the test file ends. */
export function createCli({ program, isWarm = program === undefined }: CliOptions = {}): Cli {
  const place = temporaryDirectory();
  const directory = join(place, 'work');
  const home = join(place, 'home');
  for (const path of [directory, home]) mkdirSync(path);
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: home,
    USERPROFILE: home,
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_DATA_HOME: join(home, '.local', 'share'),
    XDG_STATE_HOME: join(home, '.local', 'state'),
    TMPDIR: place,
    LANG: 'C.UTF-8',
    TZ: 'UTC',
    NO_COLOR: '1',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
    GIT_TERMINAL_PROMPT: '0',
    GIT_AUTHOR_NAME: 'Ada Lovelace',
    GIT_AUTHOR_EMAIL: 'ada@example.org',
    GIT_COMMITTER_NAME: 'Ada Lovelace',
    GIT_COMMITTER_EMAIL: 'ada@example.org',
  };
  const finish = (command: string, args: readonly string[], options: RunOptions = {}): Promise<Finished> =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd: options.cwd ?? directory, env: { ...env, ...options.env } });
      let stdout = '';
      let stderr = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        stdout += text;
        if (options.closeStdoutEarly) child.stdout.destroy();
        options.onStdout?.(stdout, (signal) => child.kill(signal));
      });
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, stdout, stderr }));
      // A program that does not read its input closes it: that is its right.
      child.stdin.on('error', () => undefined);
      child.stdin.end(options.input ?? '');
    });
  return {
    directory,
    env,
    run(args, options = {}) {
      const { cwd = directory, env: more, ...interference } = options;
      if (isWarm && isFree() && Object.keys(interference).length === 0) {
        return runWarm({ args, cwd, env: { ...env, ...more } });
      }
      return finish(process.execPath, [program ?? join(root, 'bin', 'bankai.cjs'), ...args], options);
    },
    git: (args, options) => finish('git', args, options),
  };
}
