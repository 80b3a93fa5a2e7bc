/** Settings, read and changed as plain git reads and changes them. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createCli } from './cli.js';
import { answerOf, makeSampleRepository, outputOf } from './repository.js';

describe('config', () => {
  const cli = createCli();
  const home = cli.env.HOME;
  const env = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'Person.Hair', GIT_CONFIG_VALUE_0: 'red' };
  // Git asks for the global file where we do only when it is not told of another.
  const git = async (...args: string[]) => outputOf(await cli.git(['config', ...args], { env })).trimEnd();
  const bankai = async (...args: string[]) => outputOf(await cli.run(['config', ...args], { env })).trimEnd();

  beforeAll(async () => {
    await makeSampleRepository(cli);
    writeFileSync(join(home, 'more'), '[person]\n\thair = black\n\tshoes = "size 9; wide"\n');
    writeFileSync(
      cli.env.GIT_CONFIG_GLOBAL,
      '# mine\n[user] name = Ada\n[include]\n\tpath = more\n[person "Sub.Section"]\n\tkey\n\tkey = two\n[person]\n\that = a \\\n  b\n',
    );
    mkdirSync(join(cli.directory, 'below'));
  });

  test('lists what git lists, in its order, from the same places', async () => {
    await bankai('person.hat', 'tall # or not');
    const origins = (text: string) => text.replaceAll('file:.git/', `file:${cli.directory}/.git/`).split('\n');
    expect(origins(await bankai('--show-origin'))).toEqual(
      origins(await git('--list', '--show-origin')).map((line) =>
        line.replace(/^(.*\tperson\.Sub\.Section\.key)$/, '$1=true'),
      ),
    );
    expect((await bankai('-l', '--global')).split('\n')).toEqual(
      (await git('--list', '--global', '--includes')).replace(/^(person\.Sub\.Section\.key)$/m, '$1=true').split('\n'),
    );
  });

  test.each(['user.name', 'USER.Name', 'person.hair', 'person.hat', 'person.shoes', 'person.Sub.Section.key'])(
    '%s has the value that git finds',
    async (name) => {
      expect(await bankai(name)).toBe(await git('--get', name));
      expect(await bankai(name, '--show-origin')).toContain(await git('--get', name));
    },
  );

  test('changes what git then reads, and leaves the rest', async () => {
    await bankai('branch.ca"lc.remote', 'o"ri\\gin');
    expect(await git('--local', '--get', 'branch.ca"lc.remote')).toBe('o"ri\\gin');
    await bankai('--global', 'person.cat', 'Tom');
    expect(await git('--global', '--get', 'person.cat')).toBe('Tom');
    expect(await answerOf(cli, ['config', 'person.cat'])).toMatchObject({ value: 'Tom', scope: 'global' });
    await bankai('--unset', 'person.hat');
    expect(await git('--get', 'person.hat')).toBe('a   b');
    for (const args of [['person.dog'], ['--unset', 'person.dog'], ['--unset', 'person.hat']]) {
      const absent = await cli.run(['config', ...args]);
      expect([absent.code, absent.stdout, absent.stderr]).toEqual([1, '', '']);
    }
    expect((await cli.run(['config', 'nonsense'])).code).toBe(129);
  });
});
