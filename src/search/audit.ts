/**
 * Owns the audit of probe sets: it looks for what made published results unsound. The checks are in `audit/`, one file
 * for each thing they need: texts alone, a tokenizer, a model.
 */
import type { Engine } from '../engine/engine.js';
import type { Tokenizer } from '../engine/tokenizer.js';
import { distractorFindings } from './audit/distractors.js';
import type { AuditFinding } from './audit/finding.js';
import { textFindings } from './audit/texts.js';
import { tokenFindings } from './audit/tokens.js';
import type { Probe } from './probes.js';

export type { AuditCode, AuditFinding } from './audit/finding.js';

export interface AuditSubject {
  readonly probes: readonly Probe[];
  /** Probes that must have nothing in common with the others. */
  readonly heldOut?: readonly Probe[];
  /** Enables the checks on tokens; the engine's own unless given. */
  readonly tokenizer?: Tokenizer;
  /** Enables the checks that ask the model. */
  readonly engine?: Engine;
}

/** Lists what is wrong with a probe set, errors before warnings. What has an error cannot be measured; a warning makes results weak. */
export function auditProbes({
  probes,
  heldOut = [],
  engine,
  tokenizer = engine?.tokenizer,
}: AuditSubject): AuditFinding[] {
  const findings = [
    ...textFindings(probes, heldOut),
    ...(tokenizer ? tokenFindings(probes, tokenizer) : []),
    ...(engine ? distractorFindings(probes, engine) : []),
  ];
  const bySeverity = (severity: AuditFinding['severity']) =>
    findings.filter((finding) => finding.severity === severity);
  return [...bySeverity('error'), ...bySeverity('warning')];
}
