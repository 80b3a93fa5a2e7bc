/** Owns the programs by which git verifies signatures in tests. */
import { spawnSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root, temporaryDirectory } from '../paths.js';

/** What `gpg.ssh.program` is tried with: a stand-in, and the real ssh-keygen where the machine has it. → its name and path */
export function gitVerifiers(): [name: string, program: string][] {
  const standIn = join(temporaryDirectory(), 'ssh-keygen');
  const script = join(root, 'dist', 'test', 'e2e', 'ssh-keygen.js');
  writeFileSync(standIn, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`);
  chmodSync(standIn, 0o755);
  const isThere = spawnSync('ssh-keygen', ['-?']).error === undefined;
  return [['a stand-in', standIn], ...(isThere ? [['ssh-keygen', 'ssh-keygen'] as [string, string]] : [])];
}
