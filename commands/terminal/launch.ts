/** Owns the start and the end of the program: oclif between arranged arguments and mapped errors. */
import { run } from '@oclif/core';
import { renderError } from '../../src/render/error.js';
import { arrangeArguments, wantsJson } from './arguments.js';
import { failureOf } from './failure.js';
import { viewOf } from './view.js';

/** Runs the program. `entry` is the URL of a file in its package. Sets the exit code; on an error it also exits. */
export async function launch(entry: string): Promise<void> {
  // A reader that has seen enough (`| head`) closes its end: that is no error. oclif does the same for stdout.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const argv = arrangeArguments(process.argv.slice(2));
  try {
    await run(argv, entry);
  } catch (error) {
    const { exitCode, report } = failureOf(error, Boolean(process.env.DEBUG));
    await (wantsJson(argv)
      ? write(process.stdout, `${JSON.stringify(report, jsonValue, 2)}\n`)
      : write(process.stderr, renderError(report, viewOf(process.stderr, process.env)).join('\n') + '\n'));
    // Threads of an engine may still be running, and would keep the process alive.
    process.exit(exitCode);
  }
}

const jsonValue = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

const write = (stream: NodeJS.WriteStream, text: string): Promise<void> =>
  new Promise((resolve) => stream.write(text, () => resolve()));
