/** Owns what all commands share: the global flags, output, progress, Ctrl-C and usage errors. */
import { resolve } from 'node:path';
import { Command, Errors, Flags, type Interfaces } from '@oclif/core';
import { UsageError } from '../src/errors.js';
import type { View } from '../src/render/view.js';
import type { Actor } from '../src/workflows/actor.js';
import type { RemoteOptions } from '../src/workflows/fetch.js';
import type { Recorder } from '../src/workflows/record.js';
import { exitCodes, failureOf } from './terminal/failure.js';
import { abortOnInterrupt } from './terminal/interrupt.js';
import { type LiveLine, liveLine, type ProgressUpdate } from './terminal/live-line.js';
import { keyChoice, type SigningFlags } from './terminal/passphrase.js';
import { actorOf, recorderOf } from './terminal/person.js';
import { remoteEnvironment } from './terminal/remote-options.js';
import { viewOf } from './terminal/view.js';

/** The base of all commands: a command parses its flags, calls a workflow, and answers with what it returns. */
export abstract class BankaiCommand extends Command {
  static override enableJsonFlag = true;

  static override baseFlags = {
    directory: Flags.string({
      char: 'C',
      helpGroup: 'GLOBAL',
      helpValue: 'DIR',
      summary: 'Run as if started in DIR.',
    }),
  };

  /** Flags of git's command of the same name that are not here, as they are written, and what to do instead. */
  static notOffered: Readonly<Record<string, string>> = {};

  /** Where relative paths start: the working directory, or what `-C` says. Known once flags are parsed. */
  protected directory = process.cwd();

  #signal: AbortSignal | undefined;
  #lines: LiveLine[] = [];

  /** How to write to stdout. */
  protected get view(): View {
    return viewOf(process.stdout, process.env);
  }

  /** Aborted by the first Ctrl-C; the second one ends the program. Before it is asked for, the first one does. */
  protected get signal(): AbortSignal {
    this.#signal ??= abortOnInterrupt(process, () => {
      this.clearProgress();
      process.stderr.write('Stopping. Press Ctrl-C again to quit at once.\n');
    });
    return this.#signal;
  }

  /** Who acts from this terminal, now. */
  protected get actor(): Actor {
    return actorOf(process.env, this.directory);
  }

  /** Who records from this terminal, now, and with which key: for commands with `signingFlags`. */
  protected recorder(flags: SigningFlags): Recorder {
    return recorderOf(process.env, this.config.version, this.directory, {
      key: keyChoice(flags, (path) => this.path(path), process.env),
      ...(flags.sign !== undefined && { sign: flags.sign }),
    });
  }

  /** How to talk to a remote, with progress of what is received and verified. */
  protected async remoteOptions(timeout: number): Promise<RemoteOptions> {
    const { remoteAccess } = await import('../src/workflows/remote-access.js');
    const receiving = this.progress('Receiving');
    const verifying = this.progress('Verifying');
    const interactive = process.stdin.isTTY === true && !this.jsonEnabled();
    const { directory, signal } = this;
    const { version } = this.config;
    const access = { directory, timeoutMs: timeout * 1000, version, signal };
    return {
      ...remoteAccess({ ...remoteEnvironment(process.env, interactive), ...access }),
      onBytes: (done) => receiving({ done, extra: 'bytes' }),
      onVerify: (done, total) => verifying({ done, total }),
    };
  }

  /** Resolves a path from the command line. */
  protected path(path: string): string {
    return resolve(this.directory, path);
  }

  /** Prints what a workflow returned, and returns it for `--json`. */
  protected answer<T>(data: T, render: (data: T, view: View) => readonly string[]): T {
    this.print(render(data, this.view));
    return data;
  }

  /** Prints lines on stdout, unless the answer is to be JSON. */
  protected print(lines: readonly string[]): void {
    this.clearProgress();
    if (!this.jsonEnabled()) process.stdout.write(lines.map((line) => `${line}\n`).join(''));
  }

  /** Makes the exit code say no: a difference, an untrusted patch. */
  protected sayNo(): void {
    process.exitCode = exitCodes.negative;
  }

  /** Gives a callback that draws progress on stderr, when that is a terminal, until the next output. */
  protected progress(label: string): (update: ProgressUpdate) => void {
    this.clearProgress();
    const line = liveLine(process.stderr, label, viewOf(process.stderr, process.env));
    this.#lines.push(line);
    return line.update;
  }

  protected clearProgress(): void {
    for (const line of this.#lines) line.clear();
  }

  protected override async parse<
    F extends Record<string, unknown>,
    B extends Record<string, unknown>,
    A extends Record<string, unknown>,
  >(options?: Interfaces.Input<F, B, A>, argv?: string[]): Promise<Interfaces.ParserOutput<F, B, A>> {
    const parsed = await super.parse(options, argv);
    const { directory } = parsed.flags as { directory?: string };
    if (directory !== undefined) this.directory = resolve(directory);
    return parsed;
  }

  /** Says of a wrong flag or argument which command's help to read; everything else goes on to `launch`. */
  protected override async catch(error: Error): Promise<never> {
    if (!(error instanceof Errors.CLIError)) throw error;
    const { message } = failureOf(error, false).report.error;
    const verb = (this.id ?? '').replaceAll(':', ' ');
    const flag = /^Nonexistent flags?: (-[^=,\s]+)/.exec(message)?.[1] ?? '';
    const { notOffered } = this.constructor as typeof BankaiCommand;
    const instead = Object.hasOwn(notOffered, flag) ? notOffered[flag] : undefined;
    throw new UsageError('USAGE', instead === undefined ? message : `"bankai ${verb}" has no ${flag}`, {
      hint: instead ?? `Use "bankai ${verb} --help" to see its flags and arguments.`,
      cause: error,
    });
  }

  protected override async finally(): Promise<void> {
    this.clearProgress();
  }

  protected override logJson(json: unknown): void {
    process.stdout.write(`${JSON.stringify(json, null, 2)}\n`);
  }
}
