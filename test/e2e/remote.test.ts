/** The remotes of a repository from end to end: in git's own configuration, and with no secret of theirs in what is printed. */
import { beforeAll, expect, test } from '@jest/globals';
import { createCli } from './cli.js';
import { answerOf, fingerprint, makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
const git = async (...args: string[]) => outputOf(await cli.git(args)).trim();

beforeAll(() => makeSampleRepository(cli));

test('are listed, added, moved, renamed and removed', async () => {
  expect(outputOf(await cli.run(['remote']))).toBe('');
  const secret = 'https://ada:secret@example.org/a.git';
  const shown = 'https://***@example.org/a.git';
  expect(outputOf(await cli.run(['remote', 'add', 'origin', secret]))).toBe(`Remote origin is ${shown}\n`);
  expect(await git('remote', 'get-url', 'origin')).toBe(secret);
  expect(outputOf(await cli.run(['remote']))).toBe('origin\n');
  expect(outputOf(await cli.run(['remote', '-v']))).toBe(`origin  ${shown}  (fetch)\norigin  ${shown}  (push)\n`);
  expect(await answerOf(cli, ['remote'])).toEqual([{ name: 'origin', fetchUrl: shown, pushUrl: shown }]);
  expect(await answerOf(cli, ['remote', 'rename', 'origin', 'up'], 'remote-rename')).toMatchObject({ name: 'up' });
  expect(await answerOf(cli, ['remote', 'set-url', 'up', '../other'], 'remote-set-url')).toMatchObject({
    fetchUrl: '../other',
  });
  expect(await git('remote', '-v')).toBe('up\t../other (fetch)\nup\t../other (push)');
  expect(await answerOf(cli, ['remote', 'remove', 'up'], 'remote-remove')).toMatchObject({ name: 'up' });
  expect(await git('remote')).toBe('');
});

test('are refused with one error, and nothing changes', async () => {
  await answerOf(cli, ['remote', 'add', 'here', cli.directory], 'remote-add');
  const before = fingerprint(cli.directory);
  for (const [code, ...args] of [
    ['REMOTE_EXISTS', 'add', 'here', 'https://example.org'],
    ['URL_INVALID', 'add', 'evil', 'ext::sh -c id'],
    ['REMOTE_UNKNOWN', 'remove', 'there'],
    ['NAME_INVALID', 'rename', 'here', '../../x'],
  ]) {
    const { stdout, stderr } = await cli.run(['remote', ...args, '--json']);
    expect([JSON.parse(stdout), stderr]).toMatchObject([{ error: { code } }, '']);
  }
  expect(fingerprint(cli.directory)).toEqual(before);
});
