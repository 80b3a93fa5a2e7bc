/** Owns `bankai probes calibrate`: a probe file fitted to a model, with what it says itself as the wrong answers. */
import { openEngine } from '../engine/open.js';
import { SearchError } from '../errors.js';
import { type CalibratedProbe, calibrate } from '../search/calibrate.js';
import { formatProbes, parseProbes, type Probe } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { writeProbeTexts } from './probe-files.js';
import { openWorkspace, withModel } from './workspace.js';

export interface CalibrateRequest {
  readonly probes: ProbeFile;
  /** Path of the model to ask; the working model of the repository around `directory` when left out. */
  readonly model?: string;
  /** How many times likelier than any wrong answer of the model's a right one must be, to be sure. */
  readonly sureFrom: number;
  readonly path: string;
  readonly overwrite: boolean;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Writes the probes that the model gets wrong or is not sure of. Throws PROBES_INVALID, PROBES_UNUSABLE when it is sure of all,
 * FILE_EXISTS, INTERRUPTED, NOT_A_REPOSITORY without a model, and the codes of `openEngine`.
 */
export async function calibrateProbes(directory: string, request: CalibrateRequest) {
  const { probes, name } = parseProbes(request.probes.bytes, request.probes.name);
  const path = request.model ?? (await openWorkspace(directory)).model;
  const judged = await withModel(path, async ({ source }) => {
    const engine = await openEngine(source, { threads: request.threads });
    try {
      return await calibrate(engine, probes, {
        sureFrom: Math.log(request.sureFrom),
        ...(request.signal && { signal: request.signal }),
        ...(request.onProgress && { onProgress: request.onProgress }),
      });
    } finally {
      await engine.dispose();
    }
  });
  const kept = judged.filter(({ standing }) => standing !== 'sure').map((each) => keepProbe(probes[each.probe], each));
  if (kept.length === 0) {
    throw new SearchError('PROBES_UNUSABLE', `The model is sure of all ${probes.length} probes: nothing is left`, {
      hint: 'Give harder probes, or keep more of them with a greater --sure.',
    });
  }
  await writeProbeTexts(
    [{ path: request.path, text: formatProbes(kept.map(({ probe }) => probe)) }],
    request.overwrite,
  );
  return {
    probes: { name, count: probes.length },
    path: request.path,
    count: kept.length,
    sureFrom: request.sureFrom,
    categories: countByCategory(probes, judged),
    kept: kept.map(({ probe: { prompt, correct, wrong }, standing, distractor, replaced, margin }) => ({
      ...{ prompt, correct, standing, distractor },
      ...(wrong !== undefined && { wrong }),
      ...(replaced !== undefined && { replaced }),
      ...(margin !== undefined && { margin }),
    })),
    dropped: judged
      .filter(({ standing }) => standing === 'sure')
      .map(({ probe, margin }) => ({
        ...{ prompt: probes[probe].prompt, correct: probes[probe].correct },
        ...(margin !== undefined && { margin }),
      })),
  };
}

/** What became of the wrong answer: the file's gave way, was the model's already, was missing; or the model gave none. */
type Distractor = 'replaced' | 'same' | 'added' | 'kept' | 'none';

function keepProbe(probe: Probe, { standing, wrong, margin }: CalibratedProbe) {
  const same = wrong !== undefined && wrong.trim() === probe.wrong?.trim();
  const distractor: Distractor =
    wrong === undefined
      ? probe.wrong === undefined
        ? 'none'
        : 'kept'
      : probe.wrong === undefined
        ? 'added'
        : same
          ? 'same'
          : 'replaced';
  return {
    probe: { ...probe, ...(wrong !== undefined && { wrong }) },
    ...{ standing, distractor, margin },
    replaced: distractor === 'replaced' ? probe.wrong : undefined,
  };
}

function countByCategory(probes: readonly Probe[], judged: readonly CalibratedProbe[]) {
  const names = [...new Set(probes.map(({ category = '' }) => category))];
  return names.map((category) => {
    const members = judged.filter(({ probe }) => (probes[probe].category ?? '') === category);
    const count = (standing: CalibratedProbe['standing']): number =>
      members.filter((member) => member.standing === standing).length;
    return { category, wrong: count('wrong'), near: count('near'), sure: count('sure') };
  });
}
