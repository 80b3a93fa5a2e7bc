/** Owns what a model says once it has left the right answer, at the tokens where it is readiest to. */
import type { Engine, TokenIds } from '../../engine/engine.js';
import { answerStop, firstLine } from '../answers.js';
import type { Probe } from '../probes.js';

/** An answer that a model gave. */
export interface GivenAnswer {
  readonly text: string;
  /** Whether it came to its end within the limit. */
  readonly ended: boolean;
}

export interface DeviationOptions {
  /** Tokens within which an answer must end. */
  readonly maximumTokens: number;
  /** Deviations of each probe that are followed. */
  readonly count: number;
}

/** Bytes that the distributions of one evaluation may take. */
const LOGIT_BYTES = 64 << 20;

/** A place of the right answer, and the likeliest other token there. */
interface Fork {
  readonly probe: number;
  readonly place: number;
  readonly token: number;
  /** Of the right answer's tokens before the place and of that token, nats. */
  readonly logProbability: number;
}

/**
 * Follows, for each probe, the likeliest ways out of its right answer: a token of it is replaced by its strongest competitor,
 * and the model goes on greedily. → (probes), each the likeliest way out first
 */
export function deviations(engine: Engine, probes: readonly Probe[], options: DeviationOptions): GivenAnswer[][] {
  const { tokenizer } = engine;
  const answers = probes.map(({ correct }) => tokenizer.encode(correct));
  const prompts = probes.map(({ prompt }) => tokenizer.encode(prompt));
  const forks = forksOf(engine, prompts, answers);
  const chosen = probes.flatMap((_, probe) =>
    forks
      .filter((fork) => fork.probe === probe)
      .sort((a, b) => b.logProbability - a.logProbability || a.place - b.place)
      .slice(0, options.count),
  );
  const begun = chosen.map(({ probe, place, token }) => [...answers[probe].slice(0, place), token]);
  const stop = answerStop(tokenizer);
  const going = engine.generate(
    chosen.map(({ probe }, i) => [...prompts[probe], ...begun[i]]),
    { maximumTokens: options.maximumTokens, stop },
  );
  const given: GivenAnswer[][] = probes.map(() => []);
  chosen.forEach(({ probe }, i) => {
    const ended = going[i].length < options.maximumTokens || stop(going[i]);
    given[probe].push({ text: firstLine(tokenizer.decode([...begun[i], ...going[i]])), ended });
  });
  return given;
}

/** The strongest competitor at every token of every answer. */
function forksOf(engine: Engine, prompts: readonly TokenIds[], answers: readonly TokenIds[]): Fork[] {
  const places = answers.flatMap((answer, probe) => answer.map((_, place) => ({ probe, place })));
  const room = Math.max(1, Math.floor(LOGIT_BYTES / (4 * engine.config.vocabulary)));
  const forks: Fork[] = [];
  // log p of each answer's tokens so far: places come in their order.
  const before = answers.map(() => 0);
  for (let first = 0; first < places.length; first += room) {
    const batch = places.slice(first, first + room);
    const logits = engine.lastLogits(
      batch.map(({ probe, place }) => [...prompts[probe], ...answers[probe].slice(0, place)]),
    );
    batch.forEach(({ probe, place }, i) => {
      const correct = answers[probe][place];
      const total = logSumExp(logits[i]);
      const token = bestBut(logits[i], correct, engine.tokenizer.endOfText);
      forks.push({ probe, place, token, logProbability: before[probe] + logits[i][token] - total });
      before[probe] += logits[i][correct] - total;
    });
  }
  return forks;
}

/** The likeliest token that is neither the right one nor the end of the text; of equals the first. */
function bestBut(logits: Float32Array, correct: number, endOfText: number | undefined): number {
  let best = -1;
  for (let token = 0; token < logits.length; token++) {
    if (token === correct || token === endOfText) continue;
    if (best === -1 || logits[token] > logits[best]) best = token;
  }
  return best;
}

function logSumExp(logits: Float32Array): number {
  const highest = logits.reduce((most, logit) => Math.max(most, logit), -Infinity);
  let total = 0;
  for (const logit of logits) total += Math.exp(logit - highest);
  return highest + Math.log(total);
}
