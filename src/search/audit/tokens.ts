/** Owns the checks on what the model sees of the answers: their tokens. */
import type { TokenIds } from '../../engine/engine.js';
import type { Tokenizer } from '../../engine/tokenizer.js';
import type { Probe } from '../probes.js';
import { type AuditFinding, findingWhere } from './finding.js';

/** Finds answers that tokens cannot tell apart, or tell apart in a way that a metric may miss. */
export function tokenFindings(probes: readonly Probe[], tokenizer: Tokenizer): AuditFinding[] {
  const pairs = probes.map(({ correct, wrong }) => ({
    correct: tokenizer.encode(correct),
    wrong: wrong === undefined ? undefined : tokenizer.encode(wrong),
  }));
  const where = (holds: (correct: TokenIds, wrong: TokenIds) => boolean) => (_probe: Probe, index: number) => {
    const { correct, wrong } = pairs[index];
    return wrong !== undefined && holds(correct, wrong);
  };
  return [
    ...findingWhere(
      probes,
      where((correct, wrong) => isSame(correct, wrong)),
      { severity: 'error', code: 'SAME_TOKENS', fact: 'correct and wrong answer are the same tokens' },
    ),
    ...findingWhere(
      probes,
      where((correct, wrong) => isPrefix(correct, wrong) || isPrefix(wrong, correct)),
      {
        severity: 'warning',
        code: 'PREFIX_ANSWER',
        fact: 'one answer begins with all tokens of the other, which is likelier whatever the model knows',
      },
    ),
    ...findingWhere(
      probes,
      where((correct, wrong) => !isSame(correct, wrong) && correct.at(-1) === wrong.at(-1)),
      {
        severity: 'warning',
        code: 'SAME_LAST_TOKEN',
        fact: 'the answers end in the same token, so that a metric of last tokens is blind to them',
      },
    ),
    ...findingWhere(probes, ({ prompt, correct }) => !splitsAtAnswer(tokenizer, prompt, correct), {
      severity: 'warning',
      code: 'TOKEN_BOUNDARY',
      fact: 'prompt and answer written together are other tokens than apart, which is how they are asked',
    }),
  ];
}

function isSame(a: TokenIds, b: TokenIds): boolean {
  return a.length === b.length && a.every((token, index) => token === b[index]);
}

/** Whether `long` goes on after all of `short`. */
function isPrefix(short: TokenIds, long: TokenIds): boolean {
  return short.length < long.length && isSame(short, long.slice(0, short.length));
}

function splitsAtAnswer(tokenizer: Tokenizer, prompt: string, answer: string): boolean {
  return isSame(tokenizer.encode(prompt + answer), [...tokenizer.encode(prompt), ...tokenizer.encode(answer)]);
}
