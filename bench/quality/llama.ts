/**
 * Owns the check in llama.cpp: patches are imported into a repository, exported by `bankai export`, and every problem is put to
 * llama.cpp, which reads the file, tokenizes and generates by itself. Only the rule of what counts as right is ours.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { answerProbes, createPatch, encodePatch, type Engine, type Flip, type WeightsId } from '../../src/index.js';
import { answerTokenLimit, firstLine, matchesAnswer } from '../../src/search/answers.js';
import { openReferee, type Referee } from '../../test/referee/llama.js';
import { under } from '../../experiments/laboratory.js';
import { modelPath, probesOf } from './model.js';
import { atMost } from './verdict.js';

const program = fileURLToPath(new URL('../../../bin/run.js', import.meta.url));

/** Patches that make one state of the model, by the name of what found them. */
export type Patches = Readonly<Record<string, readonly Flip[]>>;

/** Right answers to one file by one state of the model: plain data. */
export interface LlamaRun {
  /** The stack, as it was exported. */
  readonly stack: string;
  readonly problems: string;
  readonly total: number;
  readonly ours: number;
  readonly llama: number;
  /** Problems that one of the two got right and the other wrong. */
  readonly apart: number;
}

export const llamaBars = [
  atMost(
    'difference in problems right, %',
    2,
    ({ ours, llama, total }: LlamaRun) => (100 * Math.abs(ours - llama)) / total,
  ),
];

/** Where models are exported for llama.cpp. */
export interface LlamaRoom {
  /** Asks both for the answers to all the problems, of the base (no patches) or of a stack. */
  compare(patches: Patches, problems: readonly string[]): Promise<LlamaRun[]>;
  close(): void;
}

/** Makes a repository of the shipped model; `engine` holds the same model, without flips. */
export async function openLlamaRoom(engine: Engine): Promise<LlamaRoom> {
  const room = mkdtempSync(join(tmpdir(), 'bankai-quality-'));
  const repository = join(room, 'repository');
  // Nothing of the person who runs this is used, or touched.
  const env = {
    ...{ PATH: process.env.PATH, HOME: room, XDG_CONFIG_HOME: join(room, 'config'), XDG_DATA_HOME: join(room, 'data') },
    ...{ GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: join(room, '.gitconfig') },
    ...{ GIT_AUTHOR_NAME: 'Bench', GIT_AUTHOR_EMAIL: 'bench@example.org' },
    ...{ GIT_COMMITTER_NAME: 'Bench', GIT_COMMITTER_EMAIL: 'bench@example.org' },
  };
  const bankai = async (...args: string[]): Promise<Record<string, unknown>> => {
    const { stdout } = await promisify(execFile)(process.execPath, [program, ...args, '--json'], { env });
    return JSON.parse(stdout);
  };
  mkdirSync(repository);
  const { base } = (await bankai('init', '-C', repository, '--model', modelPath)) as { base: { weightsId: WeightsId } };
  const branches = new Map<string, readonly Flip[]>();

  async function importPatch(name: string, flips: readonly Flip[]): Promise<void> {
    if (branches.has(name)) return;
    const file = join(room, `${name}.json`);
    writeFileSync(file, encodePatch(createPatch(base.weightsId, flips)));
    await bankai('import', file, '-C', repository, '-b', name);
    branches.set(name, flips);
  }

  return {
    async compare(patches, problems) {
      // A search that found nothing leaves nothing to import.
      const named = Object.entries(patches).filter(([, flips]) => flips.length > 0);
      for (const [name, flips] of named) await importPatch(name, flips);
      const stack = named.map(([name]) => name).join('+') || 'base';
      const path = join(room, 'exported.gguf');
      await bankai('export', stack, '-C', repository, '-o', path, '--force');
      const referee = await openReferee(path);
      const runs: LlamaRun[] = [];
      for (const name of problems) {
        const asked = probesOf(name);
        const flips = named.flatMap(([, some]) => some);
        const ours = (await under(engine, flips, () => answerProbes(engine, asked))).map(({ correct }) => correct);
        const theirs = await answersOf(referee, name);
        runs.push({
          ...{ stack, problems: name, total: asked.length, ours: count(ours), llama: count(theirs) },
          apart: count(ours.map((right, i) => right !== theirs[i])),
        });
      }
      await referee.dispose();
      return runs;
    },
    close: () => rmSync(room, { recursive: true, force: true }),
  };

  async function answersOf(referee: Referee, name: string): Promise<boolean[]> {
    const asked = probesOf(name);
    const limit = answerTokenLimit(asked, engine.tokenizer);
    const answers: boolean[] = [];
    for (const probe of asked) {
      const stop = (ids: readonly number[]): boolean => /[\r\n]/.test(referee.detokenize(ids.slice(-1)));
      const ids = await referee.generate(probe.prompt, limit, stop);
      answers.push((ids.length < limit || stop(ids)) && matchesAnswer(firstLine(referee.detokenize(ids)), probe));
    }
    return answers;
  }
}

const count = (answers: readonly boolean[]): number => answers.filter((right) => right).length;

export function describeLlama({ stack, problems, total, ours, llama, apart }: LlamaRun): string {
  const difference = (100 * (llama - ours)) / total;
  return (
    `${stack} on ${problems}: ${ours} right of ${total} here, ${llama} in llama.cpp ` +
    `(${difference < 0 ? '−' : '+'}${Math.abs(difference).toFixed(1)} % of the problems; ${apart} judged differently)`
  );
}
