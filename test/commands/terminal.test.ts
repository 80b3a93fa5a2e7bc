/** What stands between commands and the terminal, in process. */
import { describe, expect, test } from '@jest/globals';
import { Errors } from '@oclif/core';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { BankaiCommand } from '../../commands/base.js';
import { arrangeArguments, wantsJson } from '../../commands/terminal/arguments.js';
import { failureOf } from '../../commands/terminal/failure.js';
import { abortOnInterrupt } from '../../commands/terminal/interrupt.js';
import { liveLine } from '../../commands/terminal/live-line.js';
import { askSecret, keyChoice, newPassphrase } from '../../commands/terminal/passphrase.js';
import { nearest } from '../../commands/terminal/unknown-command.js';
import { viewOf } from '../../commands/terminal/view.js';
import { EventEmitter } from 'node:events';
import * as errors from '../../src/errors.js';
import { colourStyle, plainStyle } from '../../src/render/style.js';
import { plainView } from '../../src/render/view.js';
import { schemaViolation } from '../../src/schema.js';

describe('arrangeArguments', () => {
  test.each([
    [[], ['--help']],
    [['--json'], ['--help']],
    [['help'], ['--help']],
    [
      ['help', 'probes', 'audit'],
      ['probes', 'audit', '--help'],
    ],
    [
      ['-C', 'dir', 'status'],
      ['status', '-C', 'dir'],
    ],
    [
      ['--directory=dir', '--json', 'try', '--', '--json'],
      ['try', '--directory=dir', '--json', '--', '--json'],
    ],
    [
      ['status', '-C', 'dir'],
      ['status', '-C', 'dir'],
    ],
    [['-C'], ['-C']],
  ])('%j becomes %j', (argv, arranged) => {
    expect(arrangeArguments(argv)).toEqual(arranged);
  });

  test('JSON is wanted only before --', () => {
    expect([wantsJson(['a', '--json']), wantsJson(['a', '--', '--json'])]).toEqual([true, false]);
  });
});

describe('flags of git that are not offered', () => {
  const folder = fileURLToPath(new URL('../../commands/', import.meta.url));
  const verbs = readdirSync(folder).flatMap((name) => /^([a-z-]+)\.js$/.exec(name)?.[1] ?? []);

  test.each(verbs.filter((verb) => verb !== 'base'))('are none of those of %s, and say what to do', async (verb) => {
    const { default: command } = (await import(`${folder}${verb}.js`)) as { default: typeof BankaiCommand };
    const flags = Object.entries({ ...command.baseFlags, ...command.flags });
    const offered = flags.flatMap(([name, { char }]) => [`--${name}`, `-${char ?? '-'}`]);
    for (const [flag, instead] of Object.entries(command.notOffered)) {
      expect([flag, offered.includes(flag)]).toEqual([flag, false]);
      expect(instead).toMatch(/^(["A-Z-]).*\.$/s);
      expect(instead).not.toMatch(/undefined|\n/);
    }
  });
});

describe('viewOf', () => {
  const terminal = { isTTY: true, columns: 100 };

  test.each([
    ['a terminal', terminal, {}, true],
    ['a pipe', {}, {}, false],
    ['a terminal with NO_COLOR', terminal, { NO_COLOR: '1' }, false],
    ['a terminal with empty NO_COLOR', terminal, { NO_COLOR: '' }, true],
    ['a dumb terminal', terminal, { TERM: 'dumb' }, false],
    ['a pipe with FORCE_COLOR', {}, { FORCE_COLOR: '1', NO_COLOR: '1' }, true],
    ['a terminal with FORCE_COLOR=0', terminal, { FORCE_COLOR: '0' }, false],
  ])('colours of %s', (_, stream, environment, coloured) => {
    expect(viewOf(stream, environment).style).toBe(coloured ? colourStyle : plainStyle);
  });

  test('width follows the terminal within bounds', () => {
    const widths = [
      {},
      terminal,
      { isTTY: true, columns: 10 },
      { isTTY: true, columns: 400 },
      { isTTY: true, columns: 0 },
    ];
    expect(widths.map((stream) => viewOf(stream, {}).width)).toEqual([80, 100, 40, 120, 80]);
  });

  test('only a locale that says so is ASCII', () => {
    const locales = [{}, { LANG: 'C' }, { LANG: 'C', LC_ALL: 'de_DE.UTF-8' }, { LC_CTYPE: 'POSIX' }];
    expect(locales.map((environment) => viewOf({}, environment).ascii)).toEqual([false, true, false, true]);
  });
});

describe('failureOf', () => {
  const system = (code: string, path?: string) => Object.assign(new Error(`${code}: raw`), { code, path });

  test.each([
    ['usage', new errors.UsageError('USAGE', 'm'), 129, 'USAGE'],
    ['repository', new errors.RepositoryError('NO_MODEL', 'm'), 128, 'NO_MODEL'],
    ['format', new errors.FormatError('GGUF_INVALID', 'm'), 128, 'GGUF_INVALID'],
    ['trust', new errors.TrustError('KEY_INVALID', 'm'), 128, 'KEY_INVALID'],
    ['compatibility', new errors.CompatibilityError('BASE_MISMATCH', 'm'), 128, 'BASE_MISMATCH'],
    ['nothing to commit', new errors.SearchError('NOTHING_TO_COMMIT', 'm'), 1, 'NOTHING_TO_COMMIT'],
    ['unusable probes', new errors.SearchError('PROBES_UNUSABLE', 'm'), 128, 'PROBES_UNUSABLE'],
    ['interrupted', new errors.SearchError('INTERRUPTED', 'm'), 130, 'INTERRUPTED'],
    ['aborted', Object.assign(new Error('m'), { name: 'AbortError' }), 130, 'INTERRUPTED'],
    ['internal', new errors.InternalError('INTERNAL', 'm'), 128, 'INTERNAL'],
    ['oclif', new Errors.CLIError('m\nSee more help with --help'), 129, 'USAGE'],
    ['full disk', system('ENOSPC'), 128, 'IO'],
    ['forbidden', system('EACCES', '/x'), 128, 'IO'],
    ['read-only', system('EROFS', '/x'), 128, 'IO'],
    ['open files', system('EMFILE', '/x'), 128, 'IO'],
    ['missing', system('ENOENT', '/x'), 128, 'FILE_NOT_FOUND'],
    ['a fault', new TypeError('m'), 128, 'INTERNAL'],
    ['a thrown string', 'm', 128, 'INTERNAL'],
  ])('%s', (_, error, exitCode, code) => {
    const failure = failureOf(error, false);
    expect([failure.exitCode, failure.report.error.code]).toEqual([exitCode, code]);
    expect(schemaViolation('error', failure.report)).toBeUndefined();
  });

  test("oclif's messages lose their tabs and their advice", () => {
    const { report } = failureOf(new Errors.CLIError('Parsing --n \n\tExpected x\nSee more help with --help'), false);
    expect(report.error.message).toBe('Parsing --n\n  Expected x');
  });

  test('every error that is not ours has a hint', () => {
    for (const error of [new Error('m'), system('EIO', '/x'), new Errors.CLIError('m'), 'm']) {
      expect(failureOf(error, false).report.error.hint).toMatch(/./);
    }
  });
});

describe('liveLine', () => {
  function record(isTTY: boolean) {
    const written: string[] = [];
    let time = 0;
    const stream = { isTTY, write: (text: string) => written.push(text) };
    const line = liveLine(stream, 'searching', { ...plainView, width: 40 }, () => time);
    return { written, line, at: (ms: number, done: number) => ((time = ms), line.update({ done })) };
  }

  test('waits at first, then draws ten times a second at most, and leaves no trace', () => {
    const { written, line, at } = record(true);
    for (const ms of [0, 299, 300, 399, 400]) at(ms, ms);
    expect(written.map((text) => text.trim())).toEqual(['searching  300  1,000/s', 'searching  400  1,000/s']);
    expect(written.map((text) => text.length)).toEqual([40, 40]);
    line.clear();
    line.clear();
    expect(written.slice(2)).toEqual([`\r${' '.repeat(39)}\r`]);
  });

  test('draws nothing on a pipe', () => {
    const { written, line, at } = record(false);
    at(1000, 1);
    line.clear();
    expect(written).toEqual([]);
  });
});

test('the first interrupt aborts, the second one exits', () => {
  const exits: number[] = [];
  let interrupt = (): void => undefined;
  const program = {
    on: (_: 'SIGINT', listener: () => void) => (interrupt = listener),
    exit: (code: number) => exits.push(code),
  };
  let told = 0;
  const signal = abortOnInterrupt(program, () => (told += 1));
  expect(signal.aborted).toBe(false);
  interrupt();
  expect([signal.aborted, told, exits]).toEqual([true, 1, []]);
  interrupt();
  expect([told, exits]).toEqual([1, [130]]);
});

test.each([
  ['statsu', 'status'],
  ['chekout', 'checkout'],
  ['lgo', 'log'],
  ['xyzzy', undefined],
])('the verb nearest to %s is %s', (verb, expected) => {
  expect(nearest(verb, ['status', 'checkout', 'log', 'probes audit'])).toBe(expected);
});

/** A terminal that types `chunks`, and what was written to it. */
function typing(...chunks: string[]) {
  const raw: boolean[] = [];
  const written: string[] = [];
  const input = Object.assign(new EventEmitter(), {
    isTTY: true,
    setRawMode: (on: boolean) => raw.push(on),
    pause: () => undefined,
    resume: () => {
      const chunk = chunks.shift();
      setImmediate(() => chunk !== undefined && input.emit('data', Buffer.from(chunk)));
    },
  });
  return { prompt: { input, output: { write: (text: string) => written.push(text) } }, raw, written };
}

describe('askSecret', () => {
  test.each([
    ['open sesame\r', 'open sesame'],
    ['wrong\u0015right\n', 'right'],
    ['grün\u007f\u007fün\r', 'grün'],
    ['\u007fx\r', 'x'],
    ['end\u0004', 'end'],
  ])('%j is %j, and is not shown', async (keys, secret) => {
    const { prompt, raw, written } = typing(keys);
    expect(await askSecret('Passphrase: ', prompt)).toBe(secret);
    expect([raw, written]).toEqual([
      [true, false],
      ['Passphrase: ', '\n'],
    ]);
  });

  test('Ctrl-C interrupts, and leaves the terminal as it was', async () => {
    const { prompt, raw } = typing('secr\u0003');
    await expect(askSecret('Passphrase: ', prompt)).rejects.toMatchObject({ name: 'AbortError' });
    expect(raw).toEqual([true, false]);
  });

  test('a new passphrase is typed twice, and must be the same', async () => {
    const ask = (...chunks: string[]) => {
      const { prompt } = typing(...chunks);
      return newPassphrase(
        keyChoice({}, (path) => path, {}, prompt),
        'work',
        prompt,
      );
    };
    expect(await ask('one\r', 'one\r')).toBe('one');
    await expect(ask('one\r', 'two\r')).toFailWithCode('USAGE');
    await expect(ask('\r')).toFailWithCode('USAGE');
  });
});
