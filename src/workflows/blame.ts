/** Owns `bankai blame`: which commit flipped what, and how much each flip moves probes. */
import { SearchError, UsageError } from '../errors.js';
import { formatFlip } from '../patch/flip.js';
import { maskFlips } from '../patch/mask.js';
import { patchFlips } from '../patch/patch.js';
import { assertFlipFits } from '../patch/validate.js';
import { composeCommit } from '../repo/compose.js';
import { cutHistory } from '../repo/shallow.js';
import { measureFlips, type ProbeScores, scoreProbes } from '../search/flip-effects.js';
import { mean } from '../search/fitness/terms.js';
import { parseProbes } from '../search/probes.js';
import type { ProbeFile } from './commit.js';
import { withEngine } from './engine.js';
import { originsOf } from './origins.js';
import { loadStack, type LoadedStack } from './stack.js';
import { openWorkspace, shapesOf, withModel, type Workspace } from './workspace.js';

/** One row to be blamed, as `blk.1.ffn_up.weight:3150`; no name of a stack contains a colon. */
export interface RowPlace {
  readonly tensor: string;
  readonly row: number;
}

/** Parses a row; gives undefined for what is no row but a stack. Throws USAGE for a colon without a number. */
export function parseRowPlace(text: string): RowPlace | undefined {
  if (!text.includes(':')) return undefined;
  const match = /^([!-~]{1,64}):(0|[1-9][0-9]{0,9})$/.exec(text);
  if (match) return { tensor: match[1], row: Number(match[2]) };
  throw new UsageError('USAGE', `Cannot read the row "${text}"`, {
    hint: 'Give tensor and row as in blk.1.ffn_up.weight:3150, or a stack.',
  });
}

/**
 * Lists the flips of a stack, or those of one row, with the patches that make them and the commits that added these.
 * Throws UNKNOWN_REVISION, STACK_SYNTAX, TENSOR_UNKNOWN, TENSOR_TYPE, ROW_OUT_OF_RANGE, REPOSITORY_UNSUPPORTED in a
 * shallow clone that was cut there.
 */
export async function blame(directory: string, expression: string, place?: RowPlace) {
  const workspace = await openWorkspace(directory);
  const stack = await loadStack(workspace.repository, expression);
  if (place) await assertInModel(workspace, place);
  const inEffect = new Set(maskFlips(stack.mask).map(formatFlip));
  const { flips, patches } = await blamed(workspace, stack, place);
  return {
    stack: stack.expression,
    ...(place && { row: `${place.tensor} row ${place.row}` }),
    patches,
    flips: flips.map(({ flip, patches: makers }) => ({ flip, patches: makers, inEffect: inEffect.has(flip) })),
  };
}

async function assertInModel({ model }: Workspace, { tensor, row }: RowPlace): Promise<void> {
  await withModel(model, ({ gguf }) => assertFlipFits({ kind: 'row', tensor, row }, shapesOf(gguf), 'blame'));
}

/** The flips of the patches of a stack, and the patches that make any of them with their commits. */
async function blamed({ repository }: Workspace, stack: LoadedStack, place?: RowPlace) {
  const makers = new Map<string, string[]>();
  const counts = new Map<string, number>();
  for (const [id, patch] of stack.loaded) {
    const flips = patchFlips(patch).filter(
      (flip) => !place || (flip.tensor === place.tensor && flip.row === place.row),
    );
    for (const text of flips.map(formatFlip)) makers.set(text, [...(makers.get(text) ?? []), id]);
    if (flips.length > 0) counts.set(id, flips.length);
  }
  const origins = await originsOf(repository, await composeCommit(repository, stack));
  const patches = [...stack.loaded.keys()]
    .filter((id) => counts.has(id))
    .map((id) => {
      const origin = origins.get(id);
      if (origin && repository.cut.has(origin.id))
        throw cutHistory(repository, `say which commit patch ${id.slice(0, 10)} came with`);
      return {
        id,
        flips: counts.get(id) ?? 0,
        ...(origin && {
          commit: origin.id,
          author: origin.author.name,
          date: new Date(origin.author.timestamp * 1000).toISOString().slice(0, 10),
          message: origin.message.trimEnd(),
        }),
      };
    });
  return { patches, flips: [...makers].map(([flip, by]) => ({ flip, patches: by })) };
}

export interface BlameProbesRequest {
  readonly stack: string;
  readonly place?: RowPlace;
  readonly probes: ProbeFile;
  readonly threads: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/**
 * Measures how much each flip in effect of a stack moves probes: mean log-probability of the correct answer with the flip
 * minus without it, the others in place, largest first. Throws as `blame`, USAGE for a row not in effect, PROBES_INVALID, PROBES_UNUSABLE,
 * MODEL_CHANGED, INTERRUPTED.
 */
export async function blameProbes(directory: string, request: BlameProbesRequest) {
  const { place } = request;
  const set = parseProbes(request.probes.bytes, request.probes.name);
  if (set.probes.length === 0) {
    throw new SearchError('PROBES_UNUSABLE', `There are no probes in ${set.name}`, {
      hint: 'Name a probe file with at least one probe.',
    });
  }
  const workspace = await openWorkspace(directory);
  const stack = await loadStack(workspace.repository, request.stack);
  const flips = maskFlips(stack.mask).filter(
    (flip) => !place || (flip.tensor === place.tensor && flip.row === place.row),
  );
  if (place && flips.length === 0) throw notInEffect(place, stack.expression);
  const { flips: makers, patches } = await blamed(workspace, stack, place);
  const patchesOf = new Map(makers.map(({ flip, patches: by }) => [flip, by]));
  return withEngine(workspace, request.threads, async ({ engine, hold }) => {
    const base = meansOf(scoreProbes(engine, set.probes));
    hold(stack.mask);
    const { present, effects } = await measureFlips(engine, set.probes, flips, request);
    const measured = effects.map((effect) => ({
      flip: formatFlip(effect.flip),
      patches: patchesOf.get(formatFlip(effect.flip)) ?? [],
      ...meansOf(effect),
    }));
    // The sort is stable: equal effects stay in canonical order.
    measured.sort((a, b) => Math.abs(b.logProbability) - Math.abs(a.logProbability));
    return {
      stack: stack.expression,
      probes: { name: set.name, count: set.probes.length },
      base,
      present: meansOf(present),
      patches,
      effects: measured,
    };
  });
}

function meansOf({ correct, margin }: ProbeScores) {
  return { logProbability: mean(correct), ...(margin && { margin: mean(margin) }) };
}

function notInEffect({ tensor, row }: RowPlace, stack: string): UsageError {
  return new UsageError('USAGE', `Cannot measure ${tensor} row ${row}: ${stack} does not flip it`, {
    hint: `Use "bankai blame ${stack}" to see which rows it flips.`,
  });
}
