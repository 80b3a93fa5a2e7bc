/** Owns the form of what an audit finds. */
import { type Probe, probeLabel } from '../probes.js';

export type AuditCode =
  | 'CONFLICTING_ANSWERS'
  | 'DUPLICATE'
  | 'HELDOUT_OVERLAP'
  | 'WRONG_IS_RIGHT'
  | 'MULTILINE_ANSWER'
  | 'REPEATED_CONTRAST'
  | 'SPACING'
  | 'SAME_TOKENS'
  | 'SAME_LAST_TOKEN'
  | 'PREFIX_ANSWER'
  | 'TOKEN_BOUNDARY'
  | 'WEAK_DISTRACTOR';

/** One thing that is wrong with a probe set: plain data. */
export interface AuditFinding {
  readonly severity: 'error' | 'warning';
  readonly code: AuditCode;
  readonly message: string;
  /** Indices of the probes it is about, ascending. */
  readonly probes: readonly number[];
  readonly data: Readonly<Record<string, unknown>>;
}

/** Makes one finding about all probes of which a predicate holds, or none when it holds of none. */
export function findingWhere(
  probes: readonly Probe[],
  holds: (probe: Probe, index: number) => boolean,
  finding: Pick<AuditFinding, 'severity' | 'code'> & { fact: string },
): AuditFinding[] {
  const found = probes.flatMap((probe, index) => (holds(probe, index) ? [index] : []));
  if (found.length === 0) return [];
  const { severity, code, fact } = finding;
  const message = `${found.length} of ${probes.length} probes: ${fact} (${labels(probes, found)})`;
  return [{ severity, code, message, probes: found, data: {} }];
}

/** Names the first few of some probes. */
export function labels(probes: readonly Probe[], indices: readonly number[]): string {
  const shown = indices.slice(0, 3).map((index) => probeLabel(probes[index], index));
  return shown.join(', ') + (indices.length > shown.length ? ', …' : '');
}

/** Gathers the indices of the probes that share a key, in the order in which keys first occur. */
export function groupIndices(probes: readonly Probe[], keyOf: (probe: Probe) => string): Map<string, number[]> {
  const groups = new Map<string, number[]>();
  probes.forEach((probe, index) => {
    const group = groups.get(keyOf(probe));
    if (group) group.push(index);
    else groups.set(keyOf(probe), [index]);
  });
  return groups;
}
