/** Owns what a published version says for itself, and how its gain on held-out probes looks: counts, never a claim. */
import { signs, type View } from './view.js';

/** Answers to one held-out probe file, as an index has them. */
export interface HeldOut {
  readonly name: string;
  readonly sha256: string;
  readonly fixed: number;
  readonly broke: number;
  readonly keptRight: number;
  readonly keptWrong: number;
}

/** How well a text is predicted; perplexities are decimals as text. */
export interface MeasuredText {
  readonly name: string;
  readonly sha256: string;
  readonly perplexityBefore: string;
  readonly perplexityAfter: string;
}

/** A version of a patch in a registry. */
export interface PublishedVersion {
  readonly name: string;
  readonly version: string;
  readonly patch: string;
  readonly base: string;
  readonly baseName?: string;
  readonly description: string;
  readonly flips: number;
  readonly categories: readonly string[];
  readonly heldOut: readonly HeldOut[];
  readonly texts: readonly MeasuredText[];
  readonly signers: readonly string[];
  /** Of the bundle. */
  readonly sha256: string;
  readonly bytes: number;
}

/** Adds the answers to several files up. */
export function totalOf(heldOut: readonly Omit<HeldOut, 'name' | 'sha256'>[]) {
  const sum = (key: 'fixed' | 'broke' | 'keptRight' | 'keptWrong') =>
    heldOut.reduce((total, file) => total + file[key], 0);
  const counts = { fixed: sum('fixed'), broke: sum('broke'), keptRight: sum('keptRight'), keptWrong: sum('keptWrong') };
  return { ...counts, count: counts.fixed + counts.broke + counts.keptRight + counts.keptWrong };
}

/** Writes `+107 −19 of 302`: answers fixed and broken among all. */
export function gainOf(heldOut: readonly HeldOut[], view: View): string {
  const { fixed, broke, count } = totalOf(heldOut);
  return `+${fixed} ${signs(view).minus}${broke} of ${count}`;
}
