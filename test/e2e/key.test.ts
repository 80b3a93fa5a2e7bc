/** Signing keys as a person uses them: made, taken over from OpenSSH, under a passphrase, and signing commits for git. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { schemaViolation } from '../../src/schema.js';
import { verifySsh } from '../../src/trust/ssh-signature.js';
import * as samples from '../trust/openssh-samples.js';
import { createCli } from './cli.js';
import { gitVerifiers } from './git-verifier.js';
import { answerOf, foreignPatch, makeSampleRepository, outputOf } from './repository.js';

interface Key {
  readonly name: string;
  readonly id: string;
}

describe('keys', () => {
  const cli = createCli();
  const directory = join(cli.env.XDG_CONFIG_HOME, 'bankai', 'keys');

  test('of OpenSSH are taken over, an encrypted one under its own passphrase', async () => {
    writeFileSync(join(cli.directory, 'plain'), samples.plain);
    writeFileSync(join(cli.directory, 'locked'), samples.locked);
    writeFileSync(join(cli.directory, 'secret.txt'), `${samples.passphrase}\n`);
    await answerOf(cli, ['key', 'import', 'plain', '--name', 'ssh'], 'key-import');
    const { code, stderr } = await cli.run(['key', 'import', 'locked']);
    expect([code, stderr]).toEqual([128, expect.stringMatching(/^error: .*passphrase.*\nhint: .*--passphrase-file/)]);
    await answerOf(cli, ['key', 'import', 'locked', '--passphrase-file', 'secret.txt'], 'key-import');
    expect(schemaViolation('encrypted-key', JSON.parse(readFileSync(join(directory, 'locked.json'), 'utf8')))).toBe(
      undefined,
    );
    expect(readdirSync(directory).map((file) => statSync(join(directory, file)).mode & 0o777)).toEqual([0o600, 0o600]);
    expect(outputOf(await cli.run(['key', 'list']))).toMatch(
      /^ {2}locked {2}\w{16} {2}passphrase\n\* ssh {5}\w{16}\n$/,
    );
    expect(outputOf(await cli.run(['key', 'export']))).toBe(`${samples.plainLine.replace('ada@example.org', 'ssh')}\n`);
  });

  test('under a passphrase are opened by a file or the environment, and by nothing else', async () => {
    const made = await answerOf<Key>(cli, ['key', 'new', 'work', '--passphrase-file', 'secret.txt'], 'key-new');
    await makeSampleRepository(cli);
    writeFileSync(join(cli.directory, 'third.json'), foreignPatch('third', [[4, 'up_proj', 9]]));
    const imported = ['import', 'third.json', '-b', 'third', '--key', 'work'];
    expect((await cli.run(imported)).stderr).toMatch(/^error: .*has a passphrase, and none was given\n/);
    const wrong = await cli.run(imported, { env: { BANKAI_PASSPHRASE: 'wrong' } });
    expect(wrong.stderr).toMatch(/^error: The passphrase does not open/);
    expect(outputOf(await cli.git(['branch', '--list', 'third']))).toBe('');
    outputOf(await cli.run(imported, { env: { BANKAI_PASSPHRASE: samples.passphrase } }));
    expect(outputOf(await cli.run(['show', 'third']))).toContain(made.id);
  });

  test('of others are trusted by name, and no more', async () => {
    const add = ['trust', 'add', 'grace', samples.plainLine, '--namespace', 'mathlab'];
    const { id } = await answerOf<Key>(cli, add, 'trust-add');
    expect(await answerOf(cli, ['trust', 'list'], 'trust-list')).toEqual([
      { name: 'grace', id, scopes: ['namespace:mathlab'] },
    ]);
    expect((await cli.run(['trust', 'remove', 'nobody'])).stderr).toMatch(/^error: No key "nobody" is trusted\n/);
    await answerOf(cli, ['trust', 'remove', 'grace'], 'trust-remove');
    expect(outputOf(await cli.run(['trust', 'list']))).toMatch(/^You trust no keys but your own/);
  });

  test('an empty passphrase is none', async () => {
    writeFileSync(join(cli.directory, 'empty.txt'), '');
    const { code, stderr } = await cli.run(['key', 'new', 'empty', '--passphrase-file', 'empty.txt']);
    expect([code, stderr]).toEqual([129, expect.stringContaining('none was given')]);
    expect(readdirSync(directory)).not.toContain('empty.json');
  });
});

describe('commits', () => {
  const cli = createCli();
  let line = '';

  beforeAll(async () => {
    await makeSampleRepository(cli);
    writeFileSync(join(cli.directory, 'third.json'), foreignPatch('third', [[4, 'up_proj', 9]]));
    line = outputOf(await cli.run(['key', 'export'])).trim();
  });

  test('are signed when asked, also by a setting of git', async () => {
    outputOf(await cli.run(['import', 'third.json', '-b', 'unsigned']));
    outputOf(await cli.run(['import', 'third.json', '-b', 'signed', '--sign']));
    outputOf(await cli.git(['config', 'bankai.signCommits', 'true']));
    outputOf(await cli.run(['import', 'third.json', '-b', 'by-setting']));
    outputOf(await cli.run(['import', 'third.json', '-b', 'not', '--no-sign']));
    const signers = await Promise.all(
      ['signed', 'by-setting', 'unsigned', 'not'].map(async (branch) => {
        const commit = outputOf(await cli.git(['cat-file', 'commit', branch]));
        const signature = /^gpgsig ((?:.*\n )*.*)\n/m.exec(commit);
        if (!signature) return undefined;
        const armoured = signature[1].replaceAll('\n ', '\n');
        return verifySsh(armoured, Buffer.from(commit.replace(signature[0], '')), 'git').id;
      }),
    );
    const { id } = await answerOf<Key>(cli, ['key', 'export'], 'key-export');
    expect(signers).toEqual([id, id, undefined, undefined]);
    expect(outputOf(await cli.git(['fsck', '--strict', '--full', '--no-dangling']))).toBe('');
    expect(outputOf(await cli.run(['log', 'signed', '--oneline']))).toMatch(/Import/);
  });

  test.each(gitVerifiers())('are verified by git with %s', async (_, program) => {
    outputOf(await cli.git(['config', 'gpg.ssh.program', program]));
    writeFileSync(join(cli.directory, '.git', 'allowed'), `ada@example.org ${line}\n`);
    outputOf(await cli.git(['config', 'gpg.ssh.allowedSignersFile', join(cli.directory, '.git', 'allowed')]));
    const { code, stderr } = await cli.git(['verify-commit', 'signed']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Good "git" signature for ada@example.org/)]);
    expect((await cli.git(['verify-commit', 'unsigned'])).code).toBe(1);
  });
});
