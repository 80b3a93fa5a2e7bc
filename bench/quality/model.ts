/** Owns the models and probes that quality is judged on: those that ship, and what they become in the checks of nothing. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  bytesSource,
  parseProbes,
  parseText,
  type Probe,
  type ProbeSet,
  readGguf,
  type TextSet,
} from '../../src/index.js';

const pathOf = (name: string): string => fileURLToPath(new URL(`../../../fixtures/${name}`, import.meta.url));
const fixture = (name: string): Uint8Array => readFileSync(pathOf(name));

export const modelPath = pathOf('worksheet-5m-q1_0.gguf');
export const modelBytes = (): Uint8Array => readFileSync(modelPath);
const sets = new Map<string, ProbeSet>();

/** A shipped set: the same list of probes however often it is asked for. */
export function setOf(name: string): ProbeSet {
  const set = sets.get(name) ?? parseProbes(fixture(`probes/${name}.json`), name);
  sets.set(name, set);
  return set;
}

export const probesOf = (name: string): readonly Probe[] => setOf(name).probes;
export const text = (): TextSet => parseText(fixture('text.txt'), 'text.txt');

/** Bytes of a block of 128 weights in a Q1_0 tensor. */
const BLOCK = 18;

/**
 * The model with the blocks of each matrix in another order: every scale and every bit is still there, and nothing that it
 * learnt.
 */
export function shuffleWeights(model: Uint8Array, seed: number): Uint8Array {
  const shuffled = Uint8Array.from(model);
  const random = randomBelow(seed);
  const spare = new Uint8Array(BLOCK);
  for (const { type, byteOffset, byteLength } of readGguf(bytesSource(model)).tensors) {
    if (type !== 'Q1_0') continue;
    const block = (index: number) => shuffled.subarray(byteOffset + index * BLOCK, byteOffset + (index + 1) * BLOCK);
    for (let i = byteLength / BLOCK - 1; i > 0; i--) {
      const j = random(i + 1);
      spare.set(block(i));
      block(i).set(block(j));
      block(j).set(spare);
    }
  }
  return shuffled;
}

/** The probes with correct and wrong answer swapped in a random half of them. */
export function swapLabels(probes: readonly Probe[], seed: number): Probe[] {
  const random = randomBelow(seed);
  const order = probes.map((_, index) => index);
  for (let i = order.length - 1; i > 0; i--) {
    const j = random(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const swapped = new Set(order.slice(0, Math.floor(order.length / 2)));
  return probes.map(({ alternates: _, ...probe }, index) => {
    if (!swapped.has(index) || probe.wrong === undefined) return probe;
    return { ...probe, correct: probe.wrong, wrong: probe.correct };
  });
}

/** Whole numbers below a limit, from a seed: mulberry32. The search's own random numbers must not be what tests it. */
function randomBelow(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % limit;
  };
}
