/** Owns probe sets: what a probe is, and reading it from a file (docs/FORMAT.md, "Probe files"). */
import { FormatError } from '../errors.js';
import { parseJson } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';

/** A question whose answer is known. A control is a probe that must not get worse. */
export interface Probe {
  readonly prompt: string;
  /** The whole answer, with the space that separates it from the prompt. */
  readonly correct: string;
  /** A plausible wrong answer. */
  readonly wrong?: string;
  readonly name?: string;
  readonly category?: string;
  /** Other answers that are right as well. */
  readonly alternates?: readonly string[];
}

/** The probes of one file. */
export interface ProbeSet {
  /** What people call it, as a rule its file's name. */
  readonly name: string;
  /** SHA-256 of the file's bytes, in hex. */
  readonly sha256: string;
  readonly probes: readonly Probe[];
}

/** The longest probe file that is read, in bytes. */
export const PROBE_FILE_LIMIT = 64 * 2 ** 20;

/**
 * Parses a probe file: a JSON array of probes, or an object whose `probes` is one. Fields that are not known are
 * left out. `name` is the set's name. Throws PROBES_INVALID.
 */
export function parseProbes(bytes: Uint8Array, name: string): ProbeSet {
  const fail = (fact: string, cause?: unknown) => invalid(name, `it ${fact}`, 'Give a UTF-8 file of JSON.', cause);
  const document = parseJson(bytes, PROBE_FILE_LIMIT, fail);
  const violation = schemaViolation('probes', document);
  if (violation !== undefined) {
    throw invalid(
      name,
      violation,
      'Give a JSON array of {"prompt", "correct", "wrong"}; see docs/FORMAT.md, "Probe files".',
    );
  }
  const entries = (Array.isArray(document) ? document : (document as { probes: unknown }).probes) as Probe[];
  return { name, sha256: sha256Hex(bytes), probes: entries.map(knownFields) };
}

function knownFields({ prompt, correct, wrong, name, category, alternates }: Probe): Probe {
  return {
    prompt,
    correct,
    ...(wrong !== undefined && { wrong }),
    ...(name !== undefined && { name }),
    ...(category !== undefined && { category }),
    ...(alternates !== undefined && { alternates }),
  };
}

/** Names a probe for a message: by its name or, counting from 1, by its place. */
export function probeLabel(probe: Probe, index: number): string {
  return probe.name ?? `probe ${index + 1}`;
}

function invalid(name: string, fact: string, hint: string, cause?: unknown): FormatError {
  return new FormatError('PROBES_INVALID', `Cannot read probes "${name}": ${fact}`, {
    hint,
    data: { name },
    ...(cause !== undefined && { cause }),
  });
}
