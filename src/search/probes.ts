/** Owns probe sets: what a probe is, and reading and writing files of them (docs/FORMAT.md, "Probe files"). */
import { FormatError } from '../errors.js';
import { parseJson } from '../patch/canonical.js';
import { sha256Hex } from '../patch/ids.js';
import { schemaViolation } from '../schema.js';
import { expandTemplate, expansionBudget, isTemplate, type Template } from './templates/expand.js';

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
  /** The set that it came with, where a search is given several. Not in files. */
  readonly set?: string;
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

/** The most probes of one set, those of its templates included. */
export const PROBE_COUNT_LIMIT = 100_000;

/**
 * Parses a probe file: a JSON array of probes and templates, or an object whose `probes` is one. Templates are expanded
 * where they stand. Fields of probes that are not known are left out. `name` is the set's name. Throws PROBES_INVALID.
 */
export function parseProbes(bytes: Uint8Array, name: string): ProbeSet {
  const fail = (fact: string, cause?: unknown) => invalid(name, `it ${fact}`, 'Give a UTF-8 file of JSON.', cause);
  const document = parseJson(bytes, PROBE_FILE_LIMIT, fail);
  const violation = schemaViolation('probes', document);
  if (violation !== undefined) throw invalid(name, violation, FORM);
  const bare = Array.isArray(document);
  const entries = (bare ? document : (document as { probes: unknown }).probes) as (Probe | Template)[];
  const budget = expansionBudget(
    PROBE_COUNT_LIMIT - entries.filter((entry) => !isTemplate(entry)).length,
    PROBE_FILE_LIMIT,
  );
  const probes = entries.flatMap((entry, index) => {
    if (!isTemplate(entry)) return [knownFields(entry)];
    const place = `${bare ? '' : '/probes'}/${index}`;
    const expanded = expandTemplate(entry, budget, (below, fact) =>
      invalid(name, `${place}${below} ${fact}`, 'See docs/FORMAT.md, "Templates".'),
    );
    const misfit = schemaViolation('probes', expanded);
    if (misfit !== undefined) throw invalid(name, `${place} expands to what is no probe: ${misfit}`, FORM);
    return expanded;
  });
  return { name, sha256: sha256Hex(bytes), probes };
}

/** The probes of several sets as one search takes them, each marked with its set. */
export function joinProbes(sets: readonly ProbeSet[]): readonly Probe[] {
  return sets.flatMap(({ sha256, probes }) => probes.map((probe) => ({ ...probe, set: sha256 })));
}

/** Tells the probes of sets that are named by the first digits of their digests. */
export const isOfSets =
  (digests: readonly string[]) =>
  ({ set }: Probe): boolean =>
    digests.some((digits) => set?.startsWith(digits));

const FORM = 'Give a JSON array of {"prompt", "correct", "wrong"}; see docs/FORMAT.md, "Probe files".';

/** Formats probes as a file that `parseProbes` reads. */
export function formatProbes(probes: readonly (Probe | Template)[]): string {
  return `${JSON.stringify(probes, null, 2)}\n`;
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
