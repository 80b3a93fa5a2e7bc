/** Owns the check that wrong answers are competitors: that the model ever considers them. */
import type { Engine, TokenIds } from '../../engine/engine.js';
import type { Probe } from '../probes.js';
import { type AuditFinding, labels } from './finding.js';

/** A wrong token is ranked nowhere from this place on among the tokens other than the correct one, the first being 1 … */
const RANK_LIMIT = 10;

/** … or when the strongest competitor is likelier by so many nats: a thousand times. */
const NATS_LIMIT = Math.log(1000);

/** Prompts evaluated at once. */
const BATCH_SIZE = 64;

/** How a wrong answer stands where it first differs from the correct one. */
interface Standing {
  readonly probe: number;
  /** Rank of the wrong token among all but the correct one, the likeliest being 1. */
  readonly rank: number;
  /** log p(strongest competitor) − log p(wrong token), nats. */
  readonly nats: number;
  /** The text of the strongest competitor. */
  readonly competitor: string;
}

interface Fork {
  readonly probe: number;
  /** Prompt and what the answers have in common. */
  readonly context: TokenIds;
  readonly correct: number;
  readonly wrong: number;
}

/**
 * Asks the model how likely the wrong answer's first differing token is. One finding tells which of them are ranked
 * nowhere, and of how many probes the wrong token is not the strongest competitor.
 */
export function distractorFindings(probes: readonly Probe[], engine: Engine): AuditFinding[] {
  const forks = probes.flatMap((probe, index) => forkOf(engine, probe, index));
  const standings: Standing[] = [];
  for (let first = 0; first < forks.length; first += BATCH_SIZE) {
    const batch = forks.slice(first, first + BATCH_SIZE);
    const logits = engine.lastLogits(batch.map((fork) => fork.context));
    batch.forEach((fork, index) => standings.push(standingOf(fork, logits[index], engine)));
  }
  const weak = standings.filter(({ rank, nats }) => rank > RANK_LIMIT || nats > NATS_LIMIT);
  if (weak.length === 0) return [];
  const notStrongest = standings.filter(({ rank }) => rank > 1).length;
  const indices = weak.map(({ probe }) => probe);
  const message =
    `${weak.length} of ${standings.length} wrong answers are ones the model ranks nowhere (${labels(probes, indices)}); ` +
    `${notStrongest} are not the strongest competitor`;
  return [
    {
      severity: 'warning',
      code: 'WEAK_DISTRACTOR',
      message,
      probes: indices,
      data: { compared: standings.length, notStrongest, standings: weak },
    },
  ];
}

/** Finds where the answers part; nowhere when there is no wrong one, or one goes on where the other ends. */
function forkOf({ tokenizer }: Engine, { prompt, correct, wrong }: Probe, probe: number): Fork[] {
  if (wrong === undefined) return [];
  const right = tokenizer.encode(correct);
  const other = tokenizer.encode(wrong);
  const at = right.findIndex((token, index) => token !== other[index]);
  if (at === -1 || at >= other.length) return [];
  return [
    { probe, context: [...tokenizer.encode(prompt), ...right.slice(0, at)], correct: right[at], wrong: other[at] },
  ];
}

function standingOf({ probe, correct, wrong }: Fork, logits: Float32Array, { tokenizer }: Engine): Standing {
  let rank = 1;
  let best = wrong;
  for (let token = 0; token < logits.length; token++) {
    if (token === correct || logits[token] <= logits[wrong]) continue;
    rank++;
    if (logits[token] > logits[best]) best = token;
  }
  return { probe, rank, nats: logits[best] - logits[wrong], competitor: tokenizer.decode([best]) };
}
