/** Owns the one process of a test file that has the program loaded, and runs it there. */
import { afterAll } from '@jest/globals';
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Finished } from './cli.js';
import type { WarmEnd, WarmRun } from './warm-program.js';

let child: ChildProcess | undefined;
let isBusy = false;

afterAll(() => void child?.kill('SIGKILL'));

/** Whether nothing runs there just now. */
export const isFree = (): boolean => !isBusy;

/** Runs the program there, in a process that begins where none is left. */
export async function runWarm(request: WarmRun): Promise<Finished> {
  isBusy = true;
  try {
    child ??= start(request.env);
    const { isLast, ...finished } = await ask(child, request);
    if (isLast) child = undefined;
    return finished;
  } finally {
    isBusy = false;
  }
}

function start(env: WarmRun['env']): ChildProcess {
  const path = fileURLToPath(new URL('./warm-program.js', import.meta.url));
  // As bin/bankai.cjs sets it.
  const threads = { UV_THREADPOOL_SIZE: '64' };
  return fork(path, { execArgv: [], env: { ...env, ...threads }, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
}

const ask = (program: ChildProcess, request: WarmRun): Promise<WarmEnd> =>
  new Promise((resolve, reject) => {
    const onExit = (code: number | null, signal: string | null): void => {
      child = undefined;
      reject(new Error(`"bankai ${request.args.join(' ')}" ended with ${signal ?? code} before it said how`));
    };
    program.once('exit', onExit);
    program.once('message', (end) => {
      program.off('exit', onExit);
      resolve(end as WarmEnd);
    });
    program.send(request);
  });
