/**
 * Kills the real program in the middle of an exchange with somebody else, a git host or a registry, or has its disk fail, and
 * judges what both sides have then, and after the same command was run again.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sha256Hex } from '../../src/patch/ids.js';
import { bundlePath, metadataPath } from '../../src/registry/layout.js';
import { addRegistry } from '../../src/registry/known-registries.js';
import { readLock } from '../../src/registry/lock-file.js';
import { openCatalogue } from '../../src/registry/trusted-metadata.js';
import type { CommitId } from '../../src/repo/ids.js';
import { listRefs } from '../../src/repo/refs.js';
import { openRepository } from '../../src/repo/repository.js';
import { readState } from '../../src/repo/state.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { publish } from '../../src/workflows/publish.js';
import { delegateNamespace, initRegistry } from '../../src/workflows/registry.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { runGit } from '../repo/run-git.js';
import type { GitHost } from '../transport/git-server.js';
import { faultEnvironment, type FaultPlan } from './plan.js';

const entry = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const baseModel = fileURLToPath(new URL('../../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));

/** A command that exchanges something. */
export interface Exchange {
  readonly name: string;
  /** `URL` stands for the address of the git host. */
  readonly args: readonly string[];
  /** The repository that the command makes. */
  readonly makes?: string;
}

/** On the sample: `main` has gone on here and over there, and a version waits in the registry. */
export const exchanges: readonly Exchange[] = [
  { name: 'fetch', args: ['fetch'] },
  { name: 'pull', args: ['pull'] },
  { name: 'push', args: ['push', '-u', 'origin', 'HEAD:mine'] },
  { name: 'clone', args: ['clone', 'URL', 'here', '--model', baseModel], makes: 'here' },
  { name: 'add', args: ['add', 'lab/first'] },
  { name: 'publish', args: ['registry', 'publish', 'HEAD~1', 'lab/second@1.0.0', '--registry', '../registry'] },
];

/** What a trial has: the person's repository and home, a git host's repository, a registry. */
const places = ['work', 'home', 'graves', 'remote.git', 'registry'] as const;

const rowsPatch = (row: number): Buffer =>
  Buffer.from(
    JSON.stringify({ version: 1, format: 'bankai_row_xor_v1', flips: [{ layer: 0, proj: 'gate_proj', row }] }),
  );

/** Makes the sample that every trial begins with a copy of. */
export async function makeExchangeTemplate(place: string): Promise<void> {
  for (const name of places) mkdirSync(join(place, name), { recursive: true });
  const [work, other, bare, registry] = ['work', 'other', 'remote.git', 'registry'].map((name) => join(place, name));
  const person = { name: 'Ada', email: 'ada@example.org' };
  const recorder = { keyDirectory: keysIn(place), identity: person, time: new Date(), version: '1.2.3', days: 3650 };
  const importRow = (directory: string, row: number) =>
    importFile(directory, { name: `${row}.json`, bytes: rowsPatch(row), message: `row ${row}` }, recorder);
  await init({ directory: work, model: baseModel, inPlace: false });
  await importRow(work, 1);
  runGit(place, 'init', '--quiet', '--bare', '--template=', '--initial-branch=main', bare);
  for (const name of ['receive.fsckObjects', 'http.receivepack']) runGit(bare, 'config', name, 'true');
  runGit(work, 'push', '--quiet', bare, 'main');
  runGit(work, 'remote', 'add', 'origin', 'to be set');
  runGit(work, 'fetch', '--quiet', bare, '+refs/heads/*:refs/remotes/origin/*');
  runGit(work, 'config', 'branch.main.remote', 'origin');
  runGit(work, 'config', 'branch.main.merge', 'refs/heads/main');
  cpSync(work, other, { recursive: true });
  await importRow(other, 2);
  runGit(other, 'push', '--quiet', bare, 'main');
  await importRow(work, 3);
  await initRegistry({ directory: registry, rootKeys: [], threshold: 1, onlineKeys: [] }, recorder);
  await delegateNamespace(registry, { namespace: 'lab', keys: ['personal'], threshold: 1 }, recorder);
  const known = (await status(work)).stack;
  const [theirs] = (await status(other)).stack.filter((id) => !known.includes(id));
  await publish(other, { patch: theirs, as: 'lab/first@1.0.0', registry }, recorder);
  const first = { bytes: readFileSync(join(registry, metadataPath('root', 1))) };
  await addRegistry(keysIn(place), { name: 'here', url: pathToFileURL(`${registry}/`).href, first });
  rmSync(other, { recursive: true });
}

const keysIn = (place: string): string => join(place, 'home', '.config', 'bankai');

/** An exchange with what it is to lead from and to. */
export interface ExchangeStage {
  readonly exchange: Exchange;
  readonly template: string;
  readonly room: string;
  readonly host: GitHost;
  readonly before: Facts;
  readonly after: Facts;
  readonly points: readonly string[];
}

/** Runs an exchange undisturbed, to learn its points and its outcome. `host` must serve `room`. */
export async function rehearseExchange(
  exchange: Exchange,
  template: string,
  room: string,
  host: GitHost,
): Promise<ExchangeStage> {
  const place = newPlace(exchange, template, room, host);
  const before = await factsOf(place, exchange);
  const ended = await runProgram(place, exchange, host, { kind: 'count' });
  if (ended.code !== 0) throw new Error(`${exchange.name} fails undisturbed: ${ended.stderr}`);
  const points = readFileSync(join(place, 'points'), 'utf8').trimEnd().replaceAll(`${place}/`, '').split('\n');
  const after = await factsOf(place, exchange);
  rmSync(place, { recursive: true });
  return { exchange, template, room, host, before, after, points };
}

/** What was found wrong, and whether what came after the fault was already the whole. */
export interface ExchangeVerdict {
  readonly findings: readonly string[];
  readonly finished: boolean;
}

/**
 * Runs an exchange with one fault: what is there then must be sound, and the same command must finish it or say why not. What
 * comes over a network comes in more or fewer pieces, so the last points are not reached every time: it is run again then.
 */
export async function tryExchange(
  stage: ExchangeStage,
  fault: Partial<FaultPlan>,
  attempts = 5,
): Promise<ExchangeVerdict> {
  const { exchange, host } = stage;
  const place = newPlace(exchange, stage.template, stage.room, host);
  const findings: string[] = [];
  let finished = false;
  try {
    const ended = await runProgram(place, exchange, host, fault);
    const isRefusal = fault.kind === 'error';
    // Ids differ from run to run, and with them the count: the point was not reached.
    if (ended.code === 0 && !isRefusal && attempts > 1) {
      rmSync(place, { recursive: true });
      return await tryExchange(stage, fault, attempts - 1);
    }
    const isTold = /^error: [^\n]+\nhint: [^\n]+\n$/.test(ended.stderr);
    // Where the disk refuses what can be done without, the command may go on.
    const isRight = isRefusal ? ended.code === 0 || (ended.code === 128 && isTold) : ended.signal === 'SIGKILL';
    if (!isRight) findings.push(`ended with ${ended.code}: ${ended.stderr}`);
    const between = await factsOf(place, exchange);
    finished = same(between, stage.after);
    for (const problem of halfDone(between, stage)) findings.push(problem);
    const second = await runProgram(place, exchange, host);
    const [, hint] = /^error: [^\n]+\nhint: ([^\n]+)\n$/.exec(second.stderr) ?? [];
    // What only the model lacks the hint says.
    const [, advice] = /"bankai ([^"]+)" in there/.exec(hint ?? '') ?? [];
    const last = ['-C', exchange.makes ?? '.', ...(advice ?? '').split(' ')];
    if (advice !== undefined) await runProgram(place, { ...exchange, args: last }, host);
    if (second.code !== 0 && !(finished && hint) && !advice)
      findings.push(`cannot be done afterwards: ${second.stderr}`);
    const facts = await factsOf(place, exchange);
    if (!same(facts, stage.after)) findings.push(`is not finished: ${JSON.stringify(facts)}`);
    if (facts.quarantine) findings.push('the quarantine is still there');
  } catch (error) {
    findings.push((error as Error).message);
  }
  rmSync(place, { recursive: true, force: true });
  return { findings, finished };
}

/** What both sides have. */
interface Facts {
  readonly head: string;
  readonly model: string;
  /** The patches that each ref leads to. */
  readonly refs: Readonly<Record<string, readonly string[]>>;
  readonly lock: readonly string[];
  readonly cache: readonly string[];
  readonly quarantine: boolean;
  /** Over there: refs with the number of their commits, and versions with their bundles. */
  readonly remote: readonly string[];
  readonly versions: readonly string[];
}

const same = (a: Facts, b: Facts): boolean =>
  JSON.stringify({ ...a, quarantine: false }) === JSON.stringify({ ...b, quarantine: false });

/** What of a state between is neither as before nor as after. */
function halfDone(between: Facts, { before, after }: ExchangeStage): string[] {
  const refs = Object.entries(between.refs).filter(
    ([name, patches]) =>
      ![before.refs[name], after.refs[name]].some((known) => JSON.stringify(known) === JSON.stringify(patches)),
  );
  const keys = ['model', 'remote', 'versions', 'lock'] as const;
  return [
    ...refs.map(([name, patches]) => `${name} has ${patches.length} patches, as neither before nor after`),
    ...keys
      .filter(
        (key) => ![before[key], after[key]].some((known) => JSON.stringify(known) === JSON.stringify(between[key])),
      )
      .map((key) => `${key} is as neither before nor after: ${JSON.stringify(between[key])}`),
  ];
}

/** Reads the facts by way of the next command, which recovers. Throws when anything is unsound. */
async function factsOf(place: string, { makes }: Exchange): Promise<Facts> {
  const directory = makes === undefined ? join(place, 'work') : join(place, 'work', makes);
  const [bare, registry] = [join(place, 'remote.git'), join(place, 'registry')];
  const refsOver = runGit(bare, 'for-each-ref', '--format=%(refname)').split('\n');
  runGit(bare, 'fsck', '--strict', '--full', '--no-dangling');
  return {
    ...(await ownFacts(directory)),
    cache: namesBelow(join(place, 'home', '.cache', 'bankai', 'bundles')),
    remote: refsOver.map((ref) => `${ref} ${runGit(bare, 'rev-list', '--count', ref)}`),
    versions: await versionsIn(place, registry),
  };
}

async function ownFacts(directory: string): Promise<Omit<Facts, 'cache' | 'remote' | 'versions'>> {
  const none = { head: 'none', model: '', refs: {}, lock: [], quarantine: false };
  if (!existsSync(join(directory, '.git', 'bankai', 'state.json'))) return none;
  const { branch, stack, model, worktree } = await status(directory);
  const isBase = stack.length > 0 && model.state === 'behind';
  if ((model.state !== 'clean' && !isBase) || worktree !== 'clean')
    throw new Error(`model ${model.state}, worktree ${worktree}`);
  if (!isBase && !(await verifyStack(directory, 'HEAD')).ok) throw new Error('HEAD does not verify');
  for (const args of [
    ['fsck', '--strict', '--full', '--no-dangling'],
    ['status', '--porcelain', '--untracked-files=no'],
  ]) {
    const output = runGit(directory, ...args);
    if (output !== '') throw new Error(`git ${args[0]}: ${output}`);
  }
  const repository = await openRepository(directory);
  const refs: [string, string[]][] = [];
  for (const [ref, oid] of listRefs(repository, 'refs/')) {
    // What is below refs/bankai follows from the rest.
    if (!ref.startsWith('refs/bankai/')) refs.push([ref, await readState(repository, oid as CommitId)]);
  }
  return {
    head: branch ?? 'detached',
    // A clone whose model is not there yet has the base's.
    model: isBase
      ? ''
      : createHash('sha256')
          .update(readFileSync(join(directory, model.path)))
          .digest('hex'),
    refs: Object.fromEntries(refs),
    lock: [...(await readLock(directory))].map(([name, { version }]) => `${name}@${version}`),
    quarantine: existsSync(join(directory, '.git', 'bankai', 'quarantine')),
  };
}

/** What somebody finds in a registry who trusts its root alone; every bundle that is offered must be there. */
async function versionsIn(place: string, registry: string): Promise<string[]> {
  const own = join(place, 'client');
  const first = { bytes: readFileSync(join(registry, metadataPath('root', 1))) };
  const known = await addRegistry(own, { name: 'here', url: pathToFileURL(`${registry}/`).href, first });
  try {
    const { packages } = await (await openCatalogue(known)).index('lab');
    return [...packages].flatMap(([name, versions]) =>
      [...versions].map(([version, { sha256 }]) => {
        const bundle = readFileSync(join(registry, bundlePath(sha256)));
        if (sha256Hex(bundle) !== sha256) throw new Error(`the bundle of ${name} is damaged`);
        return `${name}@${version}`;
      }),
    );
  } finally {
    rmSync(own, { recursive: true });
  }
}

/** Files below a directory. Temporary ones that a killed process left are none: nobody reads them. */
const namesBelow = (directory: string): string[] =>
  existsSync(directory)
    ? (readdirSync(directory, { recursive: true }) as string[]).filter((name) => !name.endsWith('.tmp')).sort()
    : [];

let trials = 0;

function newPlace({ makes }: Exchange, template: string, room: string, host: GitHost): string {
  const place = join(room, `exchange-${trials++}`);
  mkdirSync(place, { recursive: true });
  for (const name of places) {
    if (makes !== undefined && name === 'work') mkdirSync(join(place, name));
    else cpSync(join(template, name), join(place, name), { recursive: true });
  }
  if (makes === undefined) runGit(join(place, 'work'), 'config', 'remote.origin.url', urlOf(place, room, host));
  return place;
}

const urlOf = (place: string, room: string, host: GitHost): string =>
  host.url(`${place.slice(room.length + 1)}/remote.git`);

/** How the program ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

function runProgram(place: string, { args }: Exchange, host: GitHost, fault?: Partial<FaultPlan>): Promise<Ended> {
  const home = join(place, 'home');
  const plan: FaultPlan | undefined = fault && {
    ...{ kind: 'kill', at: 0, code: 'EIO', lasting: false, seed: 0 },
    ...{ roots: ['work', 'home', 'registry'].map((name) => join(place, name)) },
    ...{ log: join(place, 'points'), graveyard: join(place, 'graves') },
    ...fault,
  };
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: home, TMPDIR: place, NO_COLOR: '1', GIT_TERMINAL_PROMPT: '0' },
    ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' },
    ...(plan && faultEnvironment(plan)),
  };
  const real = args.map((argument) => (argument === 'URL' ? urlOf(place, host.directory, host) : argument));
  return new Promise((resolve, reject) => {
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe'];
    const child = spawn(process.execPath, [entry, ...real], { cwd: join(place, 'work'), env, stdio });
    let stderr = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, stderr }));
  });
}
