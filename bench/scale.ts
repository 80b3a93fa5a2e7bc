/**
 * Measures commands in a large repository, 5,000 commits and 2,000 signed patches, on an 8B-shaped model file of 1.15 GB:
 * `log`, `status`, `checkout` of a neighbour, and of a stack of 500 patches from the base. Run as
 * `node dist/bench/scale.js [rounds]`. Exits with 1 when the bar is missed: 1 s each, 2 s for the stack.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import type { WeightsId } from '../src/patch/ids.js';
import { sha256Hex } from '../src/patch/ids.js';
import { createPatch, encodePatch, patchId } from '../src/patch/patch.js';
import { evidencePath, patchPath } from '../src/repo/state.js';
import { encodeEnvelope, signEnvelope } from '../src/trust/envelope.js';
import { encodePublicKey } from '../src/trust/public-key.js';
import { createKey } from '../src/trust/signing-key.js';
import { createStatement, encodeStatement, STATEMENT_PAYLOAD_TYPE } from '../src/trust/statement.js';
import { openWorkspace } from '../src/workflows/workspace.js';
import { shapes } from './random-model.js';
import { writeSparseModel } from './sparse-model.js';

const COMMITS = 5000;
const PATCHES = 2000;
const STACK = 500;

const entry = fileURLToPath(new URL('../../bin/bankai.cjs', import.meta.url));
const key = createKey();

/** Files that one patch adds: by path, their bytes. */
type Files = readonly (readonly [string, Uint8Array])[];

/** The n-th patch: one row, in another layer than the patch before. */
function patchFiles(weightsId: WeightsId, n: number): Files {
  const { layers } = shapes['8B'];
  const tensor = `blk.${n % layers}.${n % 2 ? 'ffn_up' : 'ffn_gate'}.weight`;
  const patch = createPatch(weightsId, [{ kind: 'row', tensor, row: n * 5 }]);
  const id = patchId(patch);
  const statement = createStatement('import', id, {
    base: weightsId,
    source: { format: 'bankai_row_xor_v1', sha256: sha256Hex(Buffer.from(`${n}`)) },
    importer: { name: 'bankai', version: '0.1.0' },
    createdAt: '2026-01-02T03:04:05.000Z',
  });
  const envelope = encodeEnvelope(signEnvelope(STATEMENT_PAYLOAD_TYPE, encodeStatement(statement), key));
  return [
    [patchPath(id), encodePatch(patch)],
    [evidencePath(id, { kind: 'import', digest: sha256Hex(envelope) }), envelope],
    [evidencePath(id, { kind: 'key', digest: key.id }), encodePublicKey(key.publicKey)],
  ];
}

/** The history for `git fast-import`: patches come one by one; then some go and come again. */
function history(weightsId: WeightsId, root: string): Buffer {
  const parts: Buffer[] = [];
  const say = (text: string): void => void parts.push(Buffer.from(text));
  const patches = Array.from({ length: PATCHES }, (_, n) => patchFiles(weightsId, n));
  for (let i = 1; i < COMMITS; i++) {
    const turn = i - PATCHES - 1;
    const files = turn < 0 ? patches[i - 1] : patches[(turn >> 1) % PATCHES];
    const message = turn < 0 || turn % 2 === 1 ? `Import ${i}` : `Revert ${i}`;
    say(`commit refs/heads/main\nmark :${i}\ncommitter Ada <ada@example.org> ${1_700_000_000 + i * 60} +0000\n`);
    say(`data ${message.length}\n${message}\n`);
    if (i === 1) say(`from ${root}\n`);
    for (const [path, bytes] of files) {
      if (turn >= 0 && turn % 2 === 0) say(`D ${path}\n`);
      else
        parts.push(
          Buffer.from(`M 100644 inline ${path}\ndata ${bytes.length}\n`),
          Buffer.from(bytes),
          Buffer.from('\n'),
        );
    }
    say('\n');
    if (i === STACK) say(`reset refs/heads/stack\nfrom :${i}\n\n`);
    if (i === COMMITS - 2) say(`reset refs/heads/near\nfrom :${i}\n\n`);
  }
  return Buffer.concat(parts);
}

const room = mkdtempSync(join(tmpdir(), 'bankai-scale-'));
const directory = join(room, 'work');
const env = { ...process.env, HOME: room, XDG_CONFIG_HOME: '', GIT_CONFIG_NOSYSTEM: '1' };

/** Runs a command. → milliseconds from start to end */
function bankai(...args: string[]): number {
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, [entry, ...args, '-C', directory], {
    ...{ cwd: room, env, encoding: 'utf8', maxBuffer: 2 ** 28 },
  });
  const elapsedMs = performance.now() - start;
  if (status !== 0) throw new Error(`bankai ${args.join(' ')} ended with ${status}: ${stderr}`);
  return elapsedMs;
}

/**
 * Goes back to the base. The files are moved away, not removed: ext4 without a journal looks at every file that was removed in
 * the last minutes before it makes one, and would so be slower from round to round.
 */
function leave(round: number): void {
  for (const name of ['patches', 'evidence']) renameSync(join(directory, name), join(room, `${name}-${round}`));
  bankai('checkout', 'base');
}

function report(name: string, elapsedMs: readonly number[], barMs: number): void {
  const sorted = [...elapsedMs].sort((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
  const [a, b, c] = [median, min, max].map((value) => value.toFixed(0).padStart(5));
  console.log(
    `${name.padEnd(34)} median ${a} ms, min ${b}, max ${c} (bar ${barMs}: ${median <= barMs ? 'holds' : 'MISSED'})`,
  );
  if (median > barMs) process.exitCode = 1;
}

const rounds = Number(process.argv[2] ?? 5);
try {
  const model = join(room, 'model.gguf');
  writeSparseModel(model);
  bankai('init', '--model', model, '--in-place');
  const { state } = await openWorkspace(directory);
  execFileSync('git', ['fast-import', '--quiet', '--force'], {
    cwd: directory,
    env,
    input: history(state.weightsId, state.root),
  });
  console.log(
    `${COMMITS} commits, ${PATCHES} patches; first checkout of all: ${bankai('checkout', 'main').toFixed(0)} ms`,
  );
  const times = (count: number, action: (round: number) => number): number[] =>
    Array.from({ length: count }, (_, round) => action(round));
  report(
    'log',
    times(rounds, () => bankai('log')),
    1000,
  );
  report(
    'log -n 20',
    times(rounds, () => bankai('log', '-n', '20')),
    1000,
  );
  report(
    'status',
    times(rounds, () => bankai('status')),
    1000,
  );
  report(
    'checkout, one patch of 2,000',
    times(rounds, () => (bankai('checkout', 'main'), bankai('checkout', 'near'))),
    1000,
  );
  leave(0);
  report(
    'checkout, 500 patches on the base',
    times(rounds, (round) => {
      const elapsedMs = bankai('checkout', 'stack');
      leave(round + 1);
      return elapsedMs;
    }),
    2000,
  );
} finally {
  rmSync(room, { recursive: true, force: true });
}
