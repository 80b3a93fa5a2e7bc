/** A process killed in the middle of checkouts leaves one state or the other, whole, whatever the moment. */
import { beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { checkout } from '../../src/workflows/checkout.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { root } from '../paths.js';
import { createCli } from './cli.js';
import { answerOf, digestOf, makeSampleRepository, outputOf } from './repository.js';

const cli = createCli();
const model = () => digestOf(join(cli.directory, 'working.gguf'));
/** By commit: what the model must be there. */
const digests = new Map<string, string>();
const swinging = join(cli.directory, '.git', 'swing.mjs');

beforeAll(async () => {
  await makeSampleRepository(cli);
  for (const stack of ['calc+math', 'base']) {
    const { commit } = await checkout(cli.directory, stack);
    digests.set(commit, model());
  }
  // Goes to and fro for ever, so that a kill hits a checkout and not the start of a program.
  const url = pathToFileURL(join(root, 'dist', 'src', 'workflows', 'checkout.js')).href;
  writeFileSync(
    swinging,
    `const { checkout } = await import(${JSON.stringify(url)});
for (let i = 0; ; i++) {
  await checkout(${JSON.stringify(cli.directory)}, i % 2 === 0 ? 'calc+math' : 'base');
  if (i === 0) process.stdout.write('swinging');
}
`,
  );
});

/** Starts a program and kills it `delayMs` after it wrote something, or after its start. */
async function killDuring(args: readonly string[], delayMs: number, afterOutput: boolean): Promise<void> {
  const child = spawn(process.execPath, args, { cwd: cli.directory, env: cli.env });
  const closed = once(child, 'close');
  if (afterOutput) await once(child.stdout, 'data');
  setTimeout(() => child.kill('SIGKILL'), delayMs);
  await closed;
}

async function expectOneState(): Promise<void> {
  const { commit, model: file, worktree } = await status(cli.directory);
  expect({ state: file.state, worktree, model: model() }).toEqual({
    state: 'clean',
    worktree: 'clean',
    model: digests.get(commit),
  });
  expect(await verifyStack(cli.directory, 'HEAD')).toMatchObject({ ok: true });
  expect(existsSync(join(cli.directory, '.git', 'bankai', 'journal.bin'))).toBe(false);
}

// Steps that share no factor with the length of a checkout, so that its phases are all met.
test.each(Array.from({ length: 12 }, (_, i) => 3 + i * 9))(
  'a process killed after %i ms of checkouts',
  async (delayMs) => {
    await killDuring([swinging], delayMs, true);
    await expectOneState();
  },
);

test.each([200, 300, 400])('the program killed %i ms after its start', async (delayMs) => {
  const { stack } = await status(cli.directory);
  await killDuring([join(root, 'bin', 'run.js'), 'checkout', stack.length > 0 ? 'base' : 'calc+math'], delayMs, false);
  expect(await answerOf(cli, ['status'])).toMatchObject({ model: { state: 'clean' }, worktree: 'clean' });
  await expectOneState();
});

test('the repository is as sound as ever', async () => {
  expect(outputOf(await cli.git(['fsck', '--strict', '--full', '--no-dangling']))).toBe('');
  expect(outputOf(await cli.git(['status', '--porcelain']))).toBe('');
  expect(await answerOf(cli, ['checkout', 'calc+math'])).toMatchObject({ patches: 2 });
  expect(await answerOf(cli, ['verify'])).toMatchObject({ ok: true });
});
