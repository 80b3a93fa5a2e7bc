/** Owns the checks that need no more than the probes' texts. */
import { matchesAnswer, normalizeText } from '../answers.js';
import { sharedPrompts } from '../overlap.js';
import type { Probe } from '../probes.js';
import { type AuditFinding, findingWhere, groupIndices, labels } from './finding.js';

/** A category of fewer probes than this is not called repetitive. */
const SMALL_CATEGORY = 4;

/** A category must have more than one contrast for every so many probes. */
const PROBES_PER_CONTRAST = 8;

/** Finds duplicates, contradictions, overlap, unusable answers, repeated contrasts and uneven spacing. */
export function textFindings(probes: readonly Probe[], heldOut: readonly Probe[]): AuditFinding[] {
  return [
    ...repeatedPrompts(probes),
    ...overlap(probes, heldOut),
    ...findingWhere(probes, ({ wrong }, index) => wrong !== undefined && matchesAnswer(wrong, probes[index]), {
      severity: 'error',
      code: 'WRONG_IS_RIGHT',
      fact: 'the wrong answer counts as right',
    }),
    ...findingWhere(probes, (probe) => !matchesAnswer(probe.correct, probe), {
      severity: 'error',
      code: 'MULTILINE_ANSWER',
      fact: 'the correct answer has a line break, so that no first line can equal it',
    }),
    ...repeatedContrasts(probes),
    ...findingWhere(probes, hasUnevenSpacing, {
      severity: 'warning',
      code: 'SPACING',
      fact: 'the prompt ends with a space, or only one of the answers begins with one, so that spacing decides',
    }),
  ];
}

function repeatedPrompts(probes: readonly Probe[]): AuditFinding[] {
  const findings: AuditFinding[] = [];
  const byPrompt = groupIndices(probes, (probe) => normalizeText(probe.prompt));
  for (const [prompt, indices] of byPrompt) {
    if (indices.length === 1) continue;
    const answers = [...new Set(indices.map((index) => normalizeText(probes[index].correct)))];
    const where = labels(probes, indices);
    findings.push(
      answers.length > 1
        ? {
            severity: 'error',
            code: 'CONFLICTING_ANSWERS',
            message: `"${prompt}" has ${answers.length} different correct answers (${where})`,
            probes: indices,
            data: { prompt, answers },
          }
        : {
            severity: 'warning',
            code: 'DUPLICATE',
            message: `"${prompt}" is asked ${indices.length} times (${where})`,
            probes: indices,
            data: { prompt },
          },
    );
  }
  return findings;
}

function overlap(probes: readonly Probe[], heldOut: readonly Probe[]): AuditFinding[] {
  const both = sharedPrompts(probes, heldOut);
  if (both.length === 0) return [];
  return [
    {
      severity: 'error',
      code: 'HELDOUT_OVERLAP',
      message: `${both.length} of ${probes.length} probes are among the held-out ones (${labels(probes, both)})`,
      probes: both,
      data: { heldOutProbes: sharedPrompts(heldOut, probes) },
    },
  ];
}

function repeatedContrasts(probes: readonly Probe[]): AuditFinding[] {
  const findings: AuditFinding[] = [];
  for (const [category, indices] of groupIndices(probes, (probe) => probe.category ?? '')) {
    // Which of the two answers is the right one does not matter: yes/no and no/yes are one contrast.
    const contrasts = new Set(indices.map((index) => JSON.stringify(answerPair(probes[index]).sort())));
    if (indices.length < SMALL_CATEGORY || contrasts.size > Math.max(1, indices.length / PROBES_PER_CONTRAST)) continue;
    const name = category === '' ? 'the probes without category' : `category "${category}"`;
    findings.push({
      severity: 'warning',
      code: 'REPEATED_CONTRAST',
      message: `${name}: ${indices.length} probes, but only ${contrasts.size} different pairs of answers`,
      probes: indices,
      data: { category, contrasts: contrasts.size },
    });
  }
  return findings;
}

function answerPair({ correct, wrong }: Probe): string[] {
  return [correct, ...(wrong === undefined ? [] : [wrong])].map(normalizeText);
}

function hasUnevenSpacing({ prompt, correct, wrong }: Probe): boolean {
  return /[ \t]$/.test(prompt) || (wrong !== undefined && /^\s/.test(correct) !== /^\s/.test(wrong));
}
