/** Owns `bankai diff`: what two stacks have in common, what cancels, and what only one of them flips. */
import { canonicalBytes } from '../patch/canonical.js';
import { overlap, type SharedRow } from '../patch/overlap.js';
import { maskFlips } from '../patch/mask.js';
import { createPatch, PATCH_FORMAT } from '../patch/patch.js';
import { loadStack, type LoadedStack } from './stack.js';
import { openWorkspace } from './workspace.js';

export type Side = 'a' | 'b' | 'both' | 'cancel';

/** Compares the states of two stacks. Throws STACK_SYNTAX, UNKNOWN_REVISION. */
export async function diff(directory: string, expressionA: string, expressionB: string) {
  const { repository } = await openWorkspace(directory);
  const a = await loadStack(repository, expressionA);
  const b = await loadStack(repository, expressionB);
  const { both, onlyA, onlyB, total, byLayer } = overlap(a.loaded.values(), b.loaded.values());
  const row = (side: Side) => (place: { tensor: string; row: number }) => ({
    flip: `${place.tensor} row ${place.row}`,
    side,
  });
  const sideOf = ({ cancelled }: SharedRow): Side => (cancelled === 'none' ? 'both' : 'cancel');
  return {
    a: { name: a.expression, patches: a.patches.length },
    b: { name: b.expression, patches: b.patches.length },
    both: total.both,
    cancel: total.cancelled,
    onlyA: total.onlyA,
    onlyB: total.onlyB,
    rows: [...both.map((shared) => row(sideOf(shared))(shared)), ...onlyA.map(row('a')), ...onlyB.map(row('b'))],
    layers: byLayer.map(({ layer, onlyA, onlyB, both }) => ({
      ...(layer !== 'other' && { layer }),
      onlyA,
      onlyB,
      both,
    })),
  };
}

/** The two states as patch documents, for a diff of their text. */
export async function diffDocuments(directory: string, expressionA: string, expressionB: string) {
  const { repository, state } = await openWorkspace(directory);
  const document = ({ expression, mask }: LoadedStack) => {
    const flips = maskFlips(mask);
    const value =
      flips.length > 0
        ? createPatch(state.weightsId, flips)
        : { base: state.weightsId, flips: {}, format: PATCH_FORMAT };
    return { name: expression, text: formatDocument(value) };
  };
  return {
    a: document(await loadStack(repository, expressionA)),
    b: document(await loadStack(repository, expressionB)),
  };
}

/** The canonical document, indented: one line for every row, so that a diff of lines is one of flips. */
function formatDocument(document: object): string {
  return `${JSON.stringify(JSON.parse(new TextDecoder().decode(canonicalBytes(document))), null, 2)}\n`;
}
