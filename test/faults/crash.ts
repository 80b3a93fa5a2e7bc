/** Runs the real program on a disk that fails, and judges what the next command finds. */
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { differences, type Facts, factsOf } from './facts.js';
import { faultEnvironment, type FaultPlan } from './plan.js';
import { places, type Scenario } from './scenarios.js';

const entry = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** How the program ended. */
interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stderr: string;
  readonly elapsedMs: number;
}

/** What a trial found: nothing, when all is well. */
export interface Verdict {
  readonly findings: readonly string[];
  /** `old` or `new`, as far as one of them was found. */
  readonly state: 'old' | 'new' | undefined;
  readonly ended: Ended;
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
  const place = await newPlace(template, room, scenario);
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

/** Runs a scenario and kills it some milliseconds after it took the repository's lock; not at all without them. */
export async function tryKill(stage: Stage, delayMs: number | undefined, again = true): Promise<Verdict> {
  const clock = { place: stage.scenario.isUnlocked === true ? undefined : lockIn, delayMs };
  const run = (place: string) => runProgram(place, stage.scenario.args, undefined, clock);
  return inTrial(stage, run, { refused: false, again });
}

async function inTrial(
  stage: Stage,
  run: (place: string) => Promise<Ended>,
  { refused, again }: { refused: boolean; again: boolean },
): Promise<Verdict> {
  const place = await newPlace(stage.template, stage.room, stage.scenario);
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
  const changes = differences(stage.before, stage.after).length > 0;
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
    const found = await factsOf(place);
    const facts = stage.scenario.isAboutKeys === true ? found : { ...found, keys: stage.before.keys };
    if (differences(facts, stage.before).length === 0) return 'old';
    const keys = stage.scenario.isAboutKeys === true ? stage.after.keys : stage.before.keys;
    const missing = differences(facts, { ...stage.after, keys });
    if (missing.length === 0) return 'new';
    findings.push(`is of neither state: ${missing.join('; ')}`);
  } catch (error) {
    findings.push((error as Error).message);
  }
  return undefined;
}

let trials = 0;

async function newPlace(template: string, room: string, { isInit, prepare }: Scenario): Promise<string> {
  const place = join(room, `trial-${trials++}`);
  mkdirSync(place, { recursive: true });
  for (const name of places) {
    if (isInit === true && name !== 'home') mkdirSync(join(place, name));
    else cpSync(join(template, name), join(place, name), { recursive: true });
  }
  await prepare?.(join(place, 'work'));
  return place;
}

async function runProgram(
  place: string,
  args: readonly string[],
  fault?: Partial<FaultPlan>,
  clock: Clock = {},
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
  return run(
    process.execPath,
    [entry, ...args],
    join(place, 'work'),
    { ...env, ...(plan && faultEnvironment(plan)) },
    clock.place === undefined ? clock : { ...clock, place: join(place, clock.place) },
  );
}

/** When to kill a program: so long after it was started or, given a directory, after it first changed something there. */
interface Clock {
  readonly place?: string | undefined;
  readonly delayMs?: number | undefined;
}

const lockIn = join('work', '.git', 'bankai', 'lock');

/** Runs a program. `stderr` is all that it says there; `elapsedMs` is by the clock. */
function run(
  command: string,
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  { place, delayMs }: Clock,
): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] });
    let stderr = '';
    let start = performance.now();
    let timer: NodeJS.Timeout | undefined;
    const begin = (): void => {
      watcher?.close();
      start = performance.now();
      if (delayMs !== undefined) timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
    };
    const watcher = place === undefined ? undefined : watch(place, begin);
    if (!watcher) begin();
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      watcher?.close();
      resolve({ code, signal, stderr, elapsedMs: performance.now() - start });
    });
  });
}
