/**
 * The program, loaded once and run many times in this process: loading is most of what a short command does. Another process
 * says over IPC with which arguments, where and in which environment, and is told what was written and how it ended. A run that
 * left something behind that keeps a process alive is the last one here, so that the next begins as every program does.
 */
import type { Finished } from './cli.js';

/** What is asked for. */
export interface WarmRun {
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What comes of it. `isLast`: this process runs nothing more. */
export interface WarmEnd extends Finished {
  readonly isLast: boolean;
}

// As in bin/run.js, before oclif is loaded.
process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
const { launch } = await import('../../commands/terminal/launch.js');
const entry = new URL('../../../bin/run.js', import.meta.url).href;

/** Keeps what is written to a stream instead of writing it. */
function capture(stream: NodeJS.WriteStream): Buffer[] {
  const written: Buffer[] = [];
  stream.write = (chunk: string | Uint8Array, ...rest: unknown[]): boolean => {
    written.push(Buffer.from(chunk as string));
    const done = rest.find((each): each is () => void => typeof each === 'function');
    if (done) process.nextTick(done);
    return true;
  };
  return written;
}

/** Runs the program. Its `process.exit()` is the last that it does, and only says with which code. */
async function run({ args, cwd, env }: WarmRun): Promise<WarmEnd> {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, Infinity, ...args);
  process.exitCode = undefined;
  let code: number | undefined;
  process.exit = ((exitCode: number) => (code = exitCode)) as typeof process.exit;
  const [stdout, stderr] = [capture(process.stdout), capture(process.stderr)];
  const before = process.getActiveResourcesInfo().length;
  await launch(entry);
  await new Promise((resolve) => setImmediate(resolve));
  const isLast = process.getActiveResourcesInfo().length > before;
  for (const stream of [process.stdout, process.stderr]) stream.removeAllListeners('error');
  process.removeAllListeners('SIGINT');
  const text = (written: readonly Buffer[]): string => Buffer.concat(written).toString('utf8');
  return { code: code ?? Number(process.exitCode ?? 0), stdout: text(stdout), stderr: text(stderr), isLast };
}

process.on('message', (message) => {
  void run(message as WarmRun).then((end) => {
    process.send?.(end, () => end.isLast && process.disconnect());
  });
});
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
