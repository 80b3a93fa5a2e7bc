/** What holds for every command: arguments, output, errors and exit codes, seen from outside the process. */
import { describe, expect, test } from '@jest/globals';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { schemaViolation } from '../../src/schema.js';
import { root, temporaryDirectory } from '../paths.js';
import { createCli } from './cli.js';

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

/** A program of one command that does as it is told, on the project's own base command and launcher. */
function createSampleProgram(): string {
  const directory = temporaryDirectory();
  const url = (path: string): string => JSON.stringify(pathToFileURL(join(root, 'dist', path)).href);
  mkdirSync(join(directory, 'commands'));
  for (const name of ['node_modules', 'dist']) symlinkSync(join(root, name), join(directory, name));
  writeFileSync(
    join(directory, 'package.json'),
    JSON.stringify({
      name: 'bankai',
      version: '9.9.9',
      type: 'module',
      oclif: {
        bin: 'bankai',
        dirname: 'bankai',
        commands: './commands',
        topicSeparator: ' ',
        hooks: {
          command_not_found: {
            target: './dist/commands/terminal/unknown-command.js',
            identifier: 'unknownCommand',
          },
        },
      },
    }),
  );
  writeFileSync(
    join(directory, 'run.js'),
    `import { launch } from ${url('commands/terminal/launch.js')};\nawait launch(import.meta.url);\n`,
  );
  writeFileSync(
    join(directory, 'commands', 'sample.js'),
    `import { Args } from '@oclif/core';
import { readFile } from 'node:fs/promises';
import { BankaiCommand } from ${url('commands/base.js')};
import * as errors from ${url('src/errors.js')};
export default class Sample extends BankaiCommand {
  static summary = 'Do as told.';
  static args = { what: Args.string({ required: true }), path: Args.string() };
  async run() {
    const { args } = await this.parse(Sample);
    this.progress('sampling')({ done: 1, total: 2 });
    if (args.what === 'no') this.sayNo();
    if (args.what === 'read') await readFile(this.path(args.path));
    if (args.what === 'break') undefined.x;
    if (args.what === 'many') this.print(Array.from({ length: 100_000 }, (_, i) => 'line ' + i));
    if (args.what === 'nothing') throw new errors.SearchError('NOTHING_TO_COMMIT', 'Nothing was gained', { hint: 'Give more probes.' });
    if (args.what === 'trust') throw new errors.TrustError('SIGNATURE_INVALID', 'Signature of 3f1c is invalid', { hint: 'Ask.', data: { bytes: 5n } });
    if (args.what === 'usage') throw new errors.UsageError('STACK_SYNTAX', 'Cannot parse "a++b"');
    if (args.what === 'wait') {
      const wait = new Promise((resolve) => this.signal.addEventListener('abort', resolve));
      const alive = setInterval(() => undefined, 1000);
      process.stdout.write('ready');
      await wait;
      if (args.path === 'forever') { process.stdout.write('stopping'); await new Promise(() => undefined); }
      clearInterval(alive);
      this.signal.throwIfAborted();
    }
    return this.answer({ directory: this.directory }, (data) => [data.directory]);
  }
}
`,
  );
  return join(directory, 'run.js');
}

describe('bankai', () => {
  const cli = createCli();

  test('--version names the version', async () => {
    const { code, stdout, stderr } = await cli.run(['--version']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toBe(`bankai/${version} ${process.platform}-${process.arch} node-${process.version}\n`);
  });

  test.each([[[]], [['--help']], [['-h']], [['help']]])('%j prints help that fits 80 columns', async (args) => {
    const { code, stdout } = await cli.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain('USAGE');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('an unknown command is a usage error with a hint', async () => {
    const { code, stdout, stderr } = await cli.run(['nosuchverb']);
    expect([code, stdout]).toEqual([129, '']);
    expect(stderr).toMatch(/^error: "nosuchverb" is not a bankai command\nhint: Use "bankai --help"/);
  });

  test('help for an unknown command is a usage error', async () => {
    const { code, stderr } = await cli.run(['help', 'nosuchverb']);
    expect(code).toBe(129);
    expect(stderr).toContain('nosuchverb');
  });

  test('an unknown command with --json prints the error as JSON', async () => {
    const { code, stdout, stderr } = await cli.run(['nosuchverb', '--json']);
    expect([code, stderr]).toEqual([129, '']);
    expect(schemaViolation('error', JSON.parse(stdout))).toBeUndefined();
  });
});

describe('every command', () => {
  const cli = createCli({ program: createSampleProgram() });

  test('answers with lines, or with JSON', async () => {
    expect(await cli.run(['sample', 'yes'])).toEqual({ code: 0, stdout: `${cli.directory}\n`, stderr: '' });
    const { stdout } = await cli.run(['sample', 'yes', '--json']);
    expect(JSON.parse(stdout)).toEqual({ directory: cli.directory });
  });

  test.each([
    ['before', ['-C', 'sub', 'sample', 'yes']],
    ['after', ['sample', 'yes', '-C', 'sub']],
  ])('runs in another directory with -C %s the verb', async (_, args) => {
    expect((await cli.run(args)).stdout).toBe(`${join(cli.directory, 'sub')}\n`);
  });

  test('a negative answer exits with 1', async () => {
    expect(await cli.run(['sample', 'no'])).toMatchObject({ code: 1, stdout: `${cli.directory}\n` });
  });

  test.each([
    ['nothing', 1, 'error: Nothing was gained\nhint: Give more probes.\n'],
    ['trust', 128, 'error: Signature of 3f1c is invalid\nhint: Ask.\n'],
    ['usage', 129, 'error: Cannot parse "a++b"\n'],
  ])('error of kind %s exits with %i', async (what, code, stderr) => {
    expect(await cli.run(['sample', what])).toEqual({ code, stdout: '', stderr });
  });

  test('errors are JSON with --json', async () => {
    const { code, stdout, stderr } = await cli.run(['sample', 'trust', '--json']);
    expect([code, stderr]).toEqual([128, '']);
    const report: unknown = JSON.parse(stdout);
    expect(schemaViolation('error', report)).toBeUndefined();
    expect(report).toMatchObject({ error: { code: 'SIGNATURE_INVALID', hint: 'Ask.', data: { bytes: '5' } } });
  });

  test('a missing file is named', async () => {
    const { code, stderr } = await cli.run(['-C', 'sub', 'sample', 'read', 'gone.json']);
    expect(code).toBe(128);
    expect(stderr).toContain(
      `error: Cannot use "${join(cli.directory, 'sub', 'gone.json')}": no such file or directory\nhint: `,
    );
  });

  test('a fault of our own asks to be reported, with its stack only under DEBUG', async () => {
    const plain = await cli.run(['sample', 'break']);
    expect(plain.code).toBe(128);
    expect(plain.stderr).toMatch(/^error: internal: Cannot read prop.*\nhint: .*report it.*\n$/);
    const debug = await cli.run(['sample', 'break'], { env: { DEBUG: '1' } });
    expect(debug.stderr).toContain('sample.js');
  });

  test.each([
    ['flag', ['sample', 'yes', '--nosuch'], 'nosuch'],
    ['missing argument', ['sample'], 'what'],
    ['extra argument', ['sample', 'yes', 'path', 'extra'], 'extra'],
  ])('a wrong %s is a usage error that names the help to read', async (_, args, named) => {
    const { code, stdout, stderr } = await cli.run(args);
    expect([code, stdout]).toEqual([129, '']);
    expect(stderr).toContain(named);
    expect(stderr).toMatch(/hint: Use "bankai sample --help"/);
    expect(stderr).not.toContain('See more help');
  });

  test('a misspelt verb gets the nearest one', async () => {
    expect((await cli.run(['smaple'])).stderr).toContain('Did you mean "bankai sample"?');
  });

  test.each([[['sample', '--help']], [['help', 'sample']]])('%j prints the help of the command', async (args) => {
    const { code, stdout } = await cli.run(args);
    expect(code).toBe(0);
    expect(stdout).toContain('-C, --directory=DIR');
    expect(stdout).toContain('--json');
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  test('the first Ctrl-C asks the workflow to stop', async () => {
    const finished = await cli.run(['sample', 'wait'], {
      onStdout: (soFar, kill) => soFar === 'ready' && kill('SIGINT'),
    });
    expect(finished.code).toBe(130);
    expect(finished.stderr).toMatch(/^Stopping\. .*\nerror: Interrupted\n/);
  });

  test('the second Ctrl-C ends the program', async () => {
    const finished = await cli.run(['sample', 'wait', 'forever'], {
      onStdout: (soFar, kill) => (soFar === 'ready' || soFar === 'readystopping') && kill('SIGINT'),
    });
    expect(finished.code).toBe(130);
    expect(finished.stderr).not.toContain('error');
  });

  test('a reader that has seen enough is no error', async () => {
    const finished = await cli.run(['sample', 'many'], { closeStdoutEarly: true });
    expect([finished.code, finished.stderr]).toEqual([0, '']);
  });
});
