/**
 * Measures a registry of 10,000 versions with the program itself: `search` of a person who has never seen it and of one who
 * has, what `add` fetches, what publishing one more rewrites; and the way of a patch from one person to another in a registry
 * of its own. Run as `node dist/bench/registry.js [rounds]`. Exits with 1 when a bar is missed.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { performance } from 'node:perf_hooks';
import { fileURLToPath } from 'node:url';
import { sha256Hex } from '../src/patch/ids.js';
import { answerFile } from '../src/registry/static-files.js';
import { loadOrCreateKey } from '../src/trust/keys.js';
import { rootDigest } from '../src/workflows/registry.js';
import { openWorkspace } from '../src/workflows/workspace.js';
import { makeRegistry } from './registry/make-registry.js';
import { createPerson, type Person } from './registry/person.js';

const size = { namespaces: 200, patchesEach: 10, versionsEach: 5 };
const bars = { searchMs: 1000, files: 20, wayMs: 10_000 };
const model = fileURLToPath(new URL('../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));
const foreign = { version: 1, format: 'bankai_row_xor_v1', name: 'x', flips: [{ layer: 0, proj: 'up_proj', row: 9 }] };

/** Prints a figure, and whether it holds. */
function report(name: string, figure: string, holds?: boolean): void {
  console.log(`${name.padEnd(44)} ${figure}${holds === undefined ? '' : holds ? ': holds' : ': MISSED'}`);
  if (holds === false) process.exitCode = 1;
}

function reportTimes(name: string, elapsedMs: readonly number[], barMs?: number): void {
  const sorted = [...elapsedMs].sort((a, b) => a - b);
  const [median, min, max] = [sorted[sorted.length >> 1], sorted[0], sorted[sorted.length - 1]];
  const [a, b, c] = [median, min, max].map((value) => value.toFixed(0).padStart(5));
  const bar = barMs === undefined ? '' : `, bar ${barMs}`;
  report(name, `median ${a} ms, min ${b}, max ${c}${bar}`, barMs === undefined ? undefined : median <= barMs);
}

/** Serves a registry's files as `bankai registry serve` does, and counts what is asked for. */
async function serve(directory: string) {
  let asked = 0;
  const server = createServer((request, response) => {
    asked++;
    answerFile(directory, (request.url ?? '').slice(1), request, response).then(
      (known) => known || response.writeHead(404).end(),
      () => response.destroy(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** How many files were asked for since the last time. */
    count: (): number => [asked, (asked = 0)][0],
    close: (): void => void server.close(),
  };
}

/** Every file below a directory, by path: digest and time of its last change. */
function filesOf(directory: string): Map<string, string> {
  const paths = readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(
    paths.map((path) => [relative(directory, path), `${sha256Hex(readFileSync(path))} ${statSync(path).mtimeMs}`]),
  );
}

/** Somebody with a repository and a patch in it. */
async function personWithPatch(room: string, name: string): Promise<Person> {
  const person = createPerson(room, name);
  await person.run('init', '--model', model);
  const file = join(room, 'x.json');
  writeFileSync(file, JSON.stringify(foreign));
  await person.run('import', file, '-b', 'calc', '-m', 'calculus');
  return person;
}

async function trusting(room: string, name: string, url: string, root: string): Promise<Person> {
  const person = createPerson(room, name);
  await person.run('init', '--model', model);
  await person.run('registry', 'add', url, '--root', root, '--as', 'lab');
  return person;
}

async function measureLarge(room: string, rounds: number): Promise<void> {
  const ada = await personWithPatch(room, 'ada');
  const directory = join(room, 'registry');
  const start = performance.now();
  const { state } = await openWorkspace(ada.directory);
  await makeRegistry(directory, size, state.weightsId, await loadOrCreateKey(ada.config));
  const server = await serve(directory);
  const root = await rootDigest(directory);
  const before = filesOf(directory);
  const bytes = [...before.keys()].reduce((sum, path) => sum + statSync(join(directory, path)).size, 0);
  const made = ((performance.now() - start) / 1000).toFixed(0);
  report('registry of 10,000 versions', `${before.size} files, ${(bytes / 1e6).toFixed(0)} MB, made in ${made} s`);
  try {
    const bob = await trusting(room, 'bob', server.url, root);
    server.count();
    const cold = await bob.run('search', 'primes');
    report('search, never seen', `${cold.elapsedMs.toFixed(0)} ms, ${server.count()} files`);
    for (const args of [['primes'], [], ['--min-gain', '50', '--json'], ['--all', '--category', 'grammar']]) {
      const times = [];
      for (let i = 0; i < rounds; i++) times.push((await bob.run('search', ...args)).elapsedMs);
      reportTimes(`search ${args.join(' ')}, seen before`, times, bars.searchMs);
    }
    report('  files asked for by each', String(server.count() / rounds / 4));

    const carol = await trusting(room, 'carol', server.url, root);
    server.count();
    const added = await carol.run('add', 'mathlab/primes-1@^1', '-b', 'primes');
    const files = server.count();
    report(
      'add, never seen',
      `${files} files in ${added.elapsedMs.toFixed(0)} ms, bar ${bars.files}`,
      files <= bars.files,
    );
    await bob.run('add', 'mathlab/primes-1@^1', '-b', 'primes');
    const less = server.count();
    report('add, seen before', `${less} files, bar ${bars.files}`, less <= bars.files);

    const published = await ada.run('registry', 'publish', 'calc', 'mathlab/calc@1.0.0', '--registry', directory);
    report('publish one more', `${published.elapsedMs.toFixed(0)} ms`);
    const after = filesOf(directory);
    const changed = [...before.keys()].filter((path) => after.get(path) !== before.get(path));
    const added2 = [...after.keys()].filter((path) => !before.has(path) && !path.startsWith('.bankai'));
    for (const path of changed) report('  rewrites', path);
    for (const path of added2) report('  adds', path);
    const isLeast = changed.join() === join('metadata', 'timestamp.json') && added2.length === 4;
    report('  rewrites timestamp.json and adds 4 files', `${changed.length} and ${added2.length}`, isLeast);
    const next = await bob.run('search', 'calculus');
    report('search, after one more was published', `${next.elapsedMs.toFixed(0)} ms, ${server.count()} files`);
  } finally {
    server.close();
  }
}

/** From publishing to checking out, by somebody who has nothing but the address and the digest of the root. */
async function measureWay(room: string): Promise<void> {
  const ada = await personWithPatch(room, 'publisher');
  await ada.run('registry', 'init', 'site');
  await ada.run('registry', 'delegate', 'mathlab', 'personal', '--registry', 'site');
  const bob = createPerson(room, 'second');
  let total = 0;
  const timed = async (person: Person, ...args: string[]): Promise<void> => {
    const { elapsedMs } = await person.run(...args);
    total += elapsedMs;
    report(`  ${args.slice(0, args[0] === 'registry' ? 2 : 1).join(' ')}`, `${elapsedMs.toFixed(0)} ms`);
  };
  await timed(ada, 'registry', 'publish', 'calc', 'mathlab/calc@1.0.0', '--registry', 'site');
  const server = await serve(join(ada.directory, 'site'));
  try {
    await timed(bob, 'init', '--model', model);
    await timed(bob, 'registry', 'add', server.url, '--root', await rootDigest(join(ada.directory, 'site')));
    await timed(bob, 'search', 'calculus');
    await timed(bob, 'add', 'mathlab/calc@^1', '-b', 'calc');
    await timed(bob, 'checkout', 'base');
    await timed(bob, 'checkout', 'calc');
  } finally {
    server.close();
  }
  report('from one person to another', `${total.toFixed(0)} ms, bar ${bars.wayMs}`, total <= bars.wayMs);
}

const rounds = Number(process.argv[2] ?? 5);
const room = mkdtempSync(join(tmpdir(), 'bankai-registry-'));
try {
  const empty = [1, 2, 3, 4, 5].map(() => {
    const start = performance.now();
    spawnSync(process.execPath, ['-e', '0']);
    return performance.now() - start;
  });
  reportTimes('node -e 0, by which to judge the machine', empty);
  await measureWay(room);
  await measureLarge(room, rounds);
} finally {
  rmSync(room, { recursive: true, force: true });
}
