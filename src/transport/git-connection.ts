/** Owns the way to a remote through the system's git: over SSH, and on this machine. */
import { existsSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { RemoteError } from '../errors.js';
import { malformedObject } from '../repo/index-pack.js';
import type { Advertisement, Connection, ConnectionOptions, RemoteRef } from './connection.js';
import type { GitRun } from './git-program.js';
import { garbled } from './pkt-line.js';
import { remoteLines } from './talk.js';
import { withoutSecrets } from './url.js';

/** Objects are checked on the way in, kept as a pack, and nothing else happens. */
const settings = {
  'transfer.fsckObjects': 'true',
  'fetch.unpackLimit': '1',
  'protocol.ext.allow': 'never',
  'gc.auto': '0',
  'maintenance.auto': 'false',
};
const configuration = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);

/** Connects through git. `address` is a path, or what git takes for SSH; `own` is the git directory on our side. */
export function connectGit(address: string, own: string, options: ConnectionOptions, path?: string): Connection {
  const { git, signal, timeoutMs, onBytes } = options;
  const ask = async (args: readonly string[]): Promise<GitRun> =>
    git.run([...configuration, ...args], { signal, timeoutMs });
  const advertised = async (): Promise<Advertisement> => {
    const answer = await ask(['--git-dir', own, 'ls-remote', '--symref', '--', address]);
    if (answer.code !== 0) throw failed(address, answer, path);
    return parseRefs(answer.stdout);
  };
  return {
    advertised,
    pushable: advertised,
    async fetch(repository, refs, { directory, packDirectory }) {
      await prepare(directory, join(repository.gitDirectory, 'objects'));
      const specs = [...refs.keys()].map((ref) => `+${ref}:${ref}`);
      // Progress is a sign of life.
      const fetch = ['fetch', '--progress', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance', '--stdin'];
      const ssh = await sshSettings(ask, own);
      const answer = await git.run([...configuration, ...ssh, '--git-dir', directory, ...fetch, '--', address], {
        ...{ signal, timeoutMs },
        input: `${specs.join('\n')}\n`,
      });
      if (answer.code !== 0) throw failed(address, answer, path);
      if (existsSync(join(directory, 'shallow'))) throw shallow(withoutSecrets(address));
      await assertSame(directory, refs, ask);
      const bytes = readdirSync(packDirectory)
        .filter((name) => name.endsWith('.pack'))
        .reduce((sum, name) => sum + statSync(join(packDirectory, name)).size, 0);
      onBytes?.(bytes);
      return bytes;
    },
    async push(repository, updates) {
      const leases = updates.map(({ ref, from }) => `--force-with-lease=${ref}:${from ?? ''}`);
      const specs = updates.map(({ ref, to }) => `${to ?? ''}:${ref}`);
      const push = ['push', '--porcelain', '--progress', '--no-verify', ...leases, '--', address, ...specs];
      const answer = await ask(['--git-dir', repository.gitDirectory, ...push]);
      const results = new Map<string, string | undefined>();
      for (const line of answer.stdout.split('\n')) {
        const [, flag, ref, summary] = /^([ +\-*=!])\t[^\t]*:([^\t]+)\t(.*)$/.exec(line) ?? [];
        if (ref !== undefined)
          results.set(ref, flag === '!' ? summary.replace(/^\[[^\]]*\] ?\(?|\)$/g, '') : undefined);
      }
      if (results.size === 0) throw failed(address, answer, path);
      for (const { ref } of updates) if (!results.has(ref)) results.set(ref, 'the remote says nothing of it');
      return { results, said: remoteLines(answer.stderr) };
    },
  };
}

/** Makes the quarantine a bare repository that sees our objects, so that only what we lack is sent. */
async function prepare(directory: string, objects: string): Promise<void> {
  await rm(join(directory, 'refs'), { recursive: true, force: true });
  await mkdir(join(directory, 'refs', 'heads'), { recursive: true });
  await mkdir(join(directory, 'objects', 'info'), { recursive: true });
  writeFileSync(join(directory, 'HEAD'), 'ref: refs/heads/none\n');
  writeFileSync(join(directory, 'config'), '[core]\n\trepositoryformatversion = 0\n\tbare = true\n');
  writeFileSync(join(directory, 'objects', 'info', 'alternates'), `${objects}\n`);
}

/** The repository's own settings of SSH, which git would not look for in the quarantine. */
async function sshSettings(ask: (args: readonly string[]) => Promise<GitRun>, own: string): Promise<string[]> {
  const { stdout } = await ask([
    '--git-dir',
    own,
    'config',
    '--null',
    '--get-regexp',
    '^(core\\.sshcommand|ssh\\.variant)$',
  ]);
  const settings = stdout.split('\0').filter((setting) => setting.includes('\n'));
  return settings.flatMap((setting) => ['-c', setting.replace('\n', '=')]);
}

/** What was fetched must be what was advertised: between the two somebody may have pushed. */
async function assertSame(
  directory: string,
  refs: ReadonlyMap<string, RemoteRef>,
  ask: (args: readonly string[]) => Promise<GitRun>,
): Promise<void> {
  const { stdout } = await ask(['--git-dir', directory, 'for-each-ref', '--format=%(objectname) %(refname)']);
  const fetched = new Set(stdout.split('\n'));
  for (const [name, { oid }] of refs) {
    if (fetched.has(`${oid} ${name}`)) continue;
    throw new RemoteError('REMOTE_FAILED', `${name} changed while it was fetched`, { hint: 'Run the command again.' });
  }
}

function parseRefs(text: string): Advertisement {
  const refs = new Map<string, RemoteRef>();
  let head: string | undefined;
  for (const line of text.split('\n')) {
    const [left, name] = line.split('\t');
    if (name === undefined) continue;
    const target = /^ref: (\S+)$/.exec(left)?.[1];
    if (target !== undefined) {
      if (name === 'HEAD') head = target;
      continue;
    }
    if (/^[0-9a-f]{64}$/.test(left))
      throw new RemoteError('REMOTE_UNSUPPORTED', 'Cannot use the remote: it uses SHA-256');
    if (!/^[0-9a-f]{40}$/.test(left)) throw garbled('it names no refs');
    const tag = name.endsWith('^{}') ? name.slice(0, -3) : undefined;
    const tagged = tag === undefined ? undefined : refs.get(tag);
    if (tag !== undefined && tagged) refs.set(tag, { ...tagged, peeled: left });
    else if (name !== 'HEAD') refs.set(name, { oid: left });
  }
  return { refs, ...(head !== undefined && { head }) };
}

function failed(secret: string, run: GitRun, path: string | undefined): RemoteError {
  const address = withoutSecrets(secret);
  const stderr = run.stderr.replaceAll(secret, address);
  const lines = stderr.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const plain = (line = ''): string => line.replace(/^(fatal|error|remote): /, '').trim();
  const fact = plain(lines.find((line) => /^(fatal|error|remote): /.test(line)) ?? lines.at(-1));
  if (path !== undefined && (!existsSync(path) || /does not appear to be a git repository|not a git/.test(stderr))) {
    return new RemoteError('REMOTE_NOT_FOUND', `There is no git repository at ${path}`, { hint: 'Check the path.' });
  }
  // What SSH says comes before what git makes of it.
  const denial = lines.find((line) => /Permission denied|Host key verification/i.test(line));
  if (denial !== undefined) {
    return new RemoteError('REMOTE_DENIED', `Cannot get into ${address}: ${plain(denial)}`, {
      hint: 'Check with "ssh" that you can log in there.',
    });
  }
  const distance = lines.find((line) => /Could not resolve|Connection (refused|timed out|closed)|No route/i.test(line));
  if (distance !== undefined) {
    return new RemoteError('REMOTE_UNREACHABLE', `Cannot reach ${address}: ${plain(distance)}`, {
      hint: 'Nothing was changed. Check the network and the address, and try again.',
    });
  }
  const [, fault] = /^error: object ([0-9a-f]{40}: .*)$/m.exec(stderr) ?? [];
  if (fault !== undefined) return malformedObject(`object ${fault}`);
  return new RemoteError('REMOTE_FAILED', `git cannot use ${address}: ${fact}`, {
    hint: 'Nothing was changed. Try the same with git itself to see more.',
  });
}

function shallow(address: string): RemoteError {
  return new RemoteError('REMOTE_UNSUPPORTED', `Cannot use ${address}: it is shallow, its history is not whole`, {
    hint: 'Make it whole over there with "git fetch --unshallow".',
  });
}
