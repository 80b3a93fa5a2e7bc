/** Owns `bankai eval`: what a stack fixes and breaks on a probe file, by greedy generation. */
import { compareAnswers, answerProbes } from '../search/evaluate.js';
import { parseProbes } from '../search/probes.js';
import { emptyMask } from '../patch/mask.js';
import type { ProbeFile } from './commit.js';
import { withEngine } from './engine.js';
import { loadStack } from './stack.js';
import { openWorkspace } from './workspace.js';

export interface EvalRequest {
  readonly stack: string;
  readonly probes: ProbeFile;
  readonly threads: number;
  readonly signal?: AbortSignal;
  /** Told how many answers of both runs are in. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** Evaluates a stack against the base. Throws UNKNOWN_REVISION, PROBES_INVALID, INTERRUPTED, MODEL_CHANGED. */
export async function evaluate(directory: string, request: EvalRequest) {
  const set = parseProbes(request.probes.bytes, request.probes.name);
  const workspace = await openWorkspace(directory);
  const { expression, mask } = await loadStack(workspace.repository, request.stack);
  return withEngine(workspace, request.threads, async ({ engine, hold }) => {
    const answers = async (offset: number) =>
      answerProbes(engine, set.probes, {
        ...(request.signal && { signal: request.signal }),
        onProgress: ({ answered, total }) => request.onProgress?.(offset + answered, 2 * total),
      });
    hold(emptyMask);
    const before = await answers(0);
    hold(mask);
    const after = await answers(set.probes.length);
    const comparison = compareAnswers(set.probes, before, after);
    const example = (change: 'fixed' | 'broke') => (index: number) => ({
      prompt: set.probes[index].prompt,
      correct: set.probes[index].correct,
      before: before[index].generated,
      after: after[index].generated,
      change,
    });
    return {
      stack: expression,
      probes: { name: set.name, count: set.probes.length },
      before: comparison.rightBefore,
      after: comparison.rightAfter,
      fixed: comparison.fixed,
      broke: comparison.broke,
      keptRight: comparison.keptRight,
      keptWrong: comparison.keptWrong,
      p: comparison.p,
      fixRate: { low: comparison.fixRate.low, high: comparison.fixRate.high },
      categories: comparison.perCategory.map(({ category, total, fixed, broke, keptRight }) => ({
        category,
        total,
        before: keptRight + broke,
        after: keptRight + fixed,
        fixed,
        broke,
      })),
      examples: [...comparison.fixedProbes.map(example('fixed')), ...comparison.brokeProbes.map(example('broke'))],
    };
  });
}
