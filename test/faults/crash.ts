/** Runs the real program on a disk that fails, and judges what the next command finds. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { listBranches } from '../../src/repo/branch.js';
import { readReflog } from '../../src/repo/reflog.js';
import { openRepository } from '../../src/repo/repository.js';
import { readState } from '../../src/repo/state.js';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { init } from '../../src/workflows/init.js';
import { status } from '../../src/workflows/status.js';
import { verifyStack } from '../../src/workflows/verify.js';
import { faultEnvironment, type FaultPlan } from './plan.js';

const entry = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));
const baseModel = fileURLToPath(new URL('../../../fixtures/worksheet-5m-q1_0.gguf', import.meta.url));

/** A command that changes a repository. */
export interface Scenario {
  readonly name: string;
  readonly args: readonly string[];
  /** Whether it makes the repository, instead of changing the sample. */
  readonly isInit?: boolean;
}

const search = ['--probes', 'calculus', '--controls', 'knowledge', '--strategy', 'greedy', '--iterations', '4'];

/** Every verb that changes something, on the sample: HEAD on `calc` of the branches `calc` and `math`. */
export const scenarios: readonly Scenario[] = [
  { name: 'checkout', args: ['checkout', 'calc+math'] },
  { name: 'checkout to the base', args: ['checkout', 'base'] },
  { name: 'import', args: ['import', '.git/third.json'] },
  { name: 'import to a new branch', args: ['import', '.git/third.json', '-b', 'third'] },
  { name: 'commit', args: ['commit', '-m', 'found', '--threads', '1', ...search] },
  { name: 'branch', args: ['branch', 'both', 'calc+math'] },
  { name: 'squash', args: ['squash', 'calc+math', '-b', 'both'] },
  { name: 'rm', args: ['rm', 'HEAD'] },
  { name: 'merge', args: ['merge', 'math'] },
  { name: 'gc', args: ['gc'] },
  { name: 'init', args: ['init', '--model', baseModel], isInit: true },
];

/** The directories of one trial: `work` is the repository, `home` has the keys. */
const places = ['work', 'home', 'graves'] as const;

/** How the program ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
}

/** What a trial found: nothing, when all is well. */
export interface Verdict {
  readonly findings: readonly string[];
  /** `old` or `new`, as far as one of them was found. */
  readonly state: 'old' | 'new' | undefined;
  readonly ended: Ended;
}

/** Makes the sample that every trial begins with a copy of. */
export async function makeTemplate(place: string): Promise<void> {
  for (const name of places) mkdirSync(join(place, name), { recursive: true });
  const directory = join(place, 'work');
  await init({ directory, model: baseModel, inPlace: false });
  const recorder = {
    keyDirectory: join(place, 'home', 'keys'),
    identity: { name: 'Ada', email: 'ada@example.org' },
    time: new Date('2026-01-02T03:04:05Z'),
    version: '1.2.3',
  };
  for (const [branch, rows] of Object.entries({ calc: [1, 2, 3], math: [2, 7] })) {
    await importFile(directory, { name: branch, bytes: foreignPatch(rows), branch, message: branch }, recorder);
  }
  await checkout(directory, 'calc');
  writeFileSync(join(directory, '.git', 'third.json'), foreignPatch([1, 9, 11]));
}

/** A patch in the format of another tool. */
export function foreignPatch(rows: readonly number[]): Buffer {
  const flips = rows.map((row) => ({ layer: row % 3, proj: 'gate_proj', row }));
  return Buffer.from(JSON.stringify({ version: 1, format: 'bankai_row_xor_v1', flips }));
}

/** A scenario with what it is to lead from and to. */
export interface Stage {
  readonly scenario: Scenario;
  readonly template: string;
  /** A directory for the trials. */
  readonly room: string;
  readonly before: Facts;
  readonly after: Facts;
  /** The changes of the disk that the command makes: `fsync work/.git/index`. */
  readonly points: readonly string[];
  /** How long it takes. */
  readonly elapsedMs: number;
}

/** Runs a scenario undisturbed, to learn its points and its outcome. */
export async function rehearse(scenario: Scenario, template: string, room: string): Promise<Stage> {
  const place = newPlace(template, room, scenario);
  const before = await factsOf(place);
  const start = performance.now();
  const ended = await runProgram(place, scenario.args, { kind: 'count' });
  const elapsedMs = performance.now() - start;
  if (ended.code !== 0) throw new Error(`${scenario.name} fails undisturbed: ${ended.stderr}`);
  const points = readFileSync(join(place, 'points'), 'utf8').trimEnd().replaceAll(`${place}/`, '').split('\n');
  const after = await factsOf(place);
  rmSync(place, { recursive: true });
  return { scenario, template, room, before, after, points, elapsedMs };
}

/**
 * Runs a scenario with one fault, and judges what the next command finds; and with `again` what the same command does
 * then, if it had not been done.
 */
export async function tryFault(stage: Stage, fault: Partial<FaultPlan>, again = true): Promise<Verdict> {
  const run = (place: string) => runProgram(place, stage.scenario.args, fault);
  return inTrial(stage, run, { refused: fault.kind === 'error', again });
}

/** Runs a scenario and kills it after some milliseconds. */
export async function tryKill(stage: Stage, delayMs: number, again = true): Promise<Verdict> {
  const run = (place: string) => runProgram(place, stage.scenario.args, undefined, delayMs);
  return inTrial(stage, run, { refused: false, again });
}

async function inTrial(
  stage: Stage,
  run: (place: string) => Promise<Ended>,
  { refused, again }: { refused: boolean; again: boolean },
): Promise<Verdict> {
  const place = newPlace(stage.template, stage.room, stage.scenario);
  const ended = await run(place);
  const findings: string[] = [];
  if (
    refused &&
    ended.code !== 0 &&
    !(ended.code === 128 && /^error: (?!internal)[^\n]+\nhint: [^\n]+\n$/.test(ended.stderr))
  ) {
    findings.push(`ended with ${ended.code ?? ended.signal}: ${ended.stderr}`);
  }
  const state = await judge(place, stage, findings);
  // What `gc` changes is none of these facts.
  const changes = JSON.stringify(stage.before) !== JSON.stringify(stage.after);
  if (state === 'old' && ended.code === 0 && changes) findings.push('ended well and changed nothing');
  if (state === 'old' && again) {
    const second = await runProgram(place, stage.scenario.args);
    if (second.code !== 0) findings.push(`cannot be done afterwards: ${second.stderr}`);
    else if ((await judge(place, stage, findings)) === 'old' && changes)
      findings.push('changed nothing when done afterwards');
  }
  rmSync(place, { recursive: true });
  return { findings, state, ended };
}

/** Holds a repository against the states that it may be in. */
async function judge(place: string, stage: Stage, findings: string[]): Promise<Verdict['state']> {
  try {
    const facts = await factsOf(place);
    // An init that is done again says so again in the reflog.
    const text = JSON.stringify(
      stage.scenario.isInit === true && facts.moves > 0 ? { ...facts, moves: stage.after.moves } : facts,
    );
    if (text === JSON.stringify(stage.before)) return 'old';
    if (text === JSON.stringify(stage.after)) return 'new';
    findings.push(`is of neither state: ${text}`);
  } catch (error) {
    findings.push((error as Error).message);
  }
  return undefined;
}

/** What a repository is, but for the moments in which it was made. */
interface Facts {
  readonly head: string;
  readonly branches: Readonly<Record<string, readonly string[]>>;
  readonly stack: readonly string[];
  readonly model: string;
  /** Lines in the reflog of HEAD. */
  readonly moves: number;
}

/** Reads the facts by way of the next command, which recovers. Throws when anything is unsound. */
async function factsOf(place: string): Promise<Facts> {
  const directory = join(place, 'work');
  if (!existsSync(join(directory, '.git', 'bankai', 'state.json'))) {
    return { head: 'none', branches: {}, stack: [], model: '', moves: 0 };
  }
  const { branch, stack, model, worktree } = await status(directory);
  if (model.state !== 'clean' || worktree !== 'clean') throw new Error(`model ${model.state}, worktree ${worktree}`);
  const { ok, ...lists } = await verifyStack(directory, 'HEAD');
  if (!ok) throw new Error(`verify: ${JSON.stringify(lists)}`);
  if (existsSync(join(directory, '.git', 'bankai', 'journal.bin'))) throw new Error('the journal is still there');
  await assertQuiet(directory, ['fsck', '--strict', '--full', '--no-dangling']);
  await assertQuiet(directory, ['status', '--porcelain']);
  const repository = await openRepository(directory);
  const branches: [string, string[]][] = [];
  for (const { name, commit } of await listBranches(repository))
    branches.push([name, await readState(repository, commit)]);
  return {
    head: branch ?? 'detached',
    branches: Object.fromEntries(branches),
    stack,
    model: createHash('sha256')
      .update(readFileSync(join(directory, model.path)))
      .digest('hex'),
    moves: readReflog(repository, 'HEAD').length,
  };
}

async function assertQuiet(directory: string, args: readonly string[]): Promise<void> {
  const { code, output } = await run('git', args, directory, { PATH: process.env.PATH ?? '', HOME: '/nonexistent' });
  if (code !== 0 || output !== '') throw new Error(`git ${args[0]}: ${code} ${output}`);
}

let trials = 0;

function newPlace(template: string, room: string, { isInit }: Scenario): string {
  const place = join(room, `trial-${trials++}`);
  mkdirSync(place, { recursive: true });
  for (const name of places) {
    if (isInit === true && name !== 'home') mkdirSync(join(place, name));
    else cpSync(join(template, name), join(place, name), { recursive: true });
  }
  return place;
}

async function runProgram(
  place: string,
  args: readonly string[],
  fault?: Partial<FaultPlan>,
  delayMs?: number,
): Promise<Ended> {
  const home = join(place, 'home');
  const env = {
    ...{ PATH: process.env.PATH ?? '', HOME: home, XDG_CONFIG_HOME: '', TMPDIR: place, NO_COLOR: '1' },
    ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_AUTHOR_NAME: 'Ada', GIT_AUTHOR_EMAIL: 'ada@example.org' },
  };
  const plan: FaultPlan | undefined = fault && {
    ...{ kind: 'kill', at: 0, code: 'EIO', lasting: false, seed: 0 },
    ...{ roots: [join(place, 'work'), home], log: join(place, 'points'), graveyard: join(place, 'graves') },
    ...fault,
  };
  const { code, signal, output } = await run(
    process.execPath,
    [entry, ...args],
    join(place, 'work'),
    { ...env, ...(plan && faultEnvironment(plan)) },
    delayMs,
  );
  return { code, signal, stderr: output };
}

/** Runs a program. `output` is what git says at all, and what ours says on stderr. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  delayMs?: number,
): Promise<{ code: number | null; signal: NodeJS.Signals | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', command === 'git' ? 'pipe' : 'ignore', 'pipe'] });
    const timer = delayMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), delayMs);
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
    }
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, output });
    });
  });
}
