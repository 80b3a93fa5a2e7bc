/** Several processes at one repository at once, one of which is killed: what each said was done must be there. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readLog } from '../../src/repo/log.js';
import { readHead } from '../../src/repo/branch.js';
import { openRepository } from '../../src/repo/repository.js';
import { fsck } from '../../src/workflows/fsck.js';

const racer = fileURLToPath(new URL('racer.js', import.meta.url));
/** Rows of the sample's own patches come before. */
const FIRST_ROW = 20;

/** How a race ended. */
export interface RaceOutcome {
  /** Operations of which a process said that they were done. */
  readonly done: number;
  /** Of these, the ones that are not in the history: lost updates. */
  readonly lost: readonly string[];
  /** How often somebody found the repository locked. */
  readonly refused: number;
  /** What the processes said that failed, and what the examination found. */
  readonly findings: readonly string[];
}

/**
 * Lets `racers` processes import `count` patches each onto HEAD of the sample in `place`; the first is killed after
 * `killAfter` of its own.
 */
export async function race(place: string, racers: number, count: number, killAfter: number): Promise<RaceOutcome> {
  const directory = join(place, 'work');
  const ends = await Promise.all(
    Array.from({ length: racers }, (_, n) =>
      run(
        [racer, directory, join(place, 'home', 'keys'), `${FIRST_ROW + n * count}`, `${count}`],
        n === 0 ? killAfter : Infinity,
      ),
    ),
  );
  const said = ends.flatMap(({ stdout }) => stdout.split('\n'));
  const done = said.flatMap((line) => /^done (\d+)$/.exec(line)?.[1] ?? []);
  const repository = await openRepository(directory);
  const messages = (await readLog(repository, (await readHead(repository)).commit)).map(({ message }) =>
    message.trim(),
  );
  const { findings } = await fsck(directory);
  return {
    done: done.length,
    lost: done.filter((row) => !messages.includes(`row ${row}`)),
    refused: said.reduce((sum, line) => sum + Number(/^refused (\d+)$/.exec(line)?.[1] ?? 0), 0),
    findings: [
      ...ends.flatMap(({ code, stderr }) => (code === 0 || code === null ? [] : [stderr])),
      ...findings.map(({ subject, problem }) => `${subject}: ${problem}`),
      ...(new Set(messages).size === messages.length ? [] : ['a patch was recorded twice']),
    ],
  };
}

function run(
  args: readonly string[],
  killAfter: number,
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { env: { PATH: process.env.PATH ?? '', HOME: '/nonexistent' } });
    const output = { stdout: '', stderr: '' };
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output.stdout += text;
      if (output.stdout.split('done').length > killAfter) child.kill('SIGKILL');
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
    child.on('error', reject);
    child.on('close', (code) => resolve({ code, ...output }));
  });
}
