/** People of a benchmark: a home and a directory each, in which they run the built program. */
import { spawn } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';

const entry = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** A command that ended well. */
export interface Ended {
  /** From start to end of the process. */
  readonly elapsedMs: number;
  readonly stdout: string;
}

export interface Person {
  readonly directory: string;
  /** Where their keys and registries are. */
  readonly config: string;
  /** Runs `bankai`. Throws when it fails. */
  run(...args: string[]): Promise<Ended>;
}

/** Makes a person below a directory. */
export function createPerson(room: string, name: string): Person {
  const home = join(room, name);
  const directory = join(home, 'work');
  mkdirSync(directory, { recursive: true });
  const at = (place: string): string => join(home, place);
  const env = {
    ...process.env,
    ...{ HOME: home, XDG_CONFIG_HOME: at('config'), XDG_CACHE_HOME: at('cache'), XDG_STATE_HOME: at('state') },
    ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: `${name}@example.org` },
    ...{ GIT_COMMITTER_NAME: name, GIT_COMMITTER_EMAIL: `${name}@example.org`, NO_COLOR: '1' },
  };
  const run = (...args: string[]): Promise<Ended> =>
    new Promise((resolve, reject) => {
      const start = performance.now();
      const child = spawn(process.execPath, [entry, ...args], { cwd: directory, env });
      let [stdout, stderr] = ['', ''];
      child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
      child.on('error', reject);
      child.on('close', (code) => {
        if (code === 0) resolve({ elapsedMs: performance.now() - start, stdout });
        else reject(new Error(`bankai ${args.join(' ')} ended with ${code}: ${stderr}${stdout}`));
      });
    });
  return { directory, config: join(home, 'config', 'bankai'), run };
}
