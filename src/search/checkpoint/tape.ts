/**
 * Owns the tape of a search: the result of every evaluation, in order. A strategy is a function of its problem and of what
 * its evaluations give; so one that is run again and given the recorded results takes every step that it took before, and
 * goes on from there. Nothing of its own state has to be saved.
 */
import { type Flip, formatFlip } from '../../patch/flip.js';
import { type Json, pack, unpack } from './pack.js';

/** One evaluation. */
export interface TapeEntry {
  /** What was asked. */
  readonly call: string;
  /** Digest of the flips in effect when it was asked. */
  readonly state: number;
  /** Tokens pushed through the model since the start of the search. */
  readonly tokens: number;
  /** Milliseconds since then. */
  readonly ms: number;
  readonly result: Json;
}

/** What a tape measures work and time by. */
export interface Meters {
  readonly tokens: () => number;
  readonly now: () => number;
}

export interface Tape {
  /**
   * Gives the recorded result if this call is next on the tape, in the same state; else forgets the rest of the tape,
   * computes the result and records it. `compute` must give plain data (see `pack`). `fits` may refuse what was recorded.
   */
  take<T>(call: string, compute: () => T, fits?: (recorded: T) => boolean): T;
  /** Told of every flip that is toggled. */
  toggled(flip: Flip): void;
  /** Everything toggled from a mark on, `mark()` being now. */
  readonly mark: () => number;
  readonly since: (mark: number) => readonly Flip[];
  /** Called once, before the first result is computed after recorded ones. */
  onLive(prepare: () => void): void;
  /** Whether results are computed, no longer read. */
  readonly live: () => boolean;
  /** Work and time since the start, those of the recorded part included. */
  readonly tokens: () => number;
  readonly elapsedMs: () => number;
  readonly entries: readonly TapeEntry[];
}

/** Starts a tape, with what was recorded earlier; `onRecord` is told after every new entry. */
export function createTape(
  recorded: readonly TapeEntry[],
  meters: Meters,
  onRecord: (entries: readonly TapeEntry[]) => void,
): Tape {
  const entries = [...recorded];
  const toggles: Flip[] = [];
  const preparations: (() => void)[] = [];
  let state = 0;
  let next = 0;
  let live = entries.length === 0;
  let tokensBase = meters.tokens();
  let msBase = meters.now();
  const last = (): Pick<TapeEntry, 'tokens' | 'ms'> => entries[next - 1] ?? { tokens: 0, ms: 0 };
  const tokens = (): number => (live ? meters.tokens() - tokensBase : last().tokens);
  const elapsedMs = (): number => (live ? meters.now() - msBase : last().ms);

  function goLive(): void {
    const { tokens: reached, ms } = last();
    entries.length = next;
    for (const prepare of preparations) prepare();
    // What it took to get ready again is not the search's own work.
    tokensBase = meters.tokens() - reached;
    msBase = meters.now() - ms;
    live = true;
  }

  return {
    take<T>(call: string, compute: () => T, fits?: (recorded: T) => boolean): T {
      const entry = live ? undefined : entries[next];
      if (entry?.call === call && entry.state === state) {
        const result = unpack(entry.result) as T;
        if (fits?.(result) ?? true) {
          next += 1;
          return result;
        }
      }
      if (!live) goLive();
      const result = compute();
      entries.push({ call, state, tokens: tokens(), ms: elapsedMs(), result: pack(result) });
      next = entries.length;
      onRecord(entries);
      return result;
    },
    toggled(flip) {
      toggles.push(flip);
      // The order in which flips are made does not matter, and one that is made twice is none: so it is with XOR.
      state = (state ^ digestOf(formatFlip(flip))) >>> 0;
    },
    mark: () => toggles.length,
    since: (mark) => toggles.slice(mark),
    onLive: (prepare) => void preparations.push(prepare),
    live: () => live,
    tokens,
    elapsedMs,
    entries,
  };
}

/** FNV-1a of 32 bits. */
function digestOf(text: string): number {
  let digest = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) digest = Math.imul(digest ^ text.charCodeAt(i), 0x01000193);
  return digest >>> 0;
}
