/**
 * Owns what a person demands of patches before they come into a model or an export (FORMAT.md, "Policy"). A policy is a
 * file that its owner writes by hand; several can hold at once, and then each is obeyed: none can loosen another.
 */
import { readFile } from 'node:fs/promises';
import { TrustError } from '../errors.js';
import { parseJson } from '../patch/canonical.js';
import { schemaViolation } from '../schema.js';
import type { StatementKind } from './predicates.js';
import type { Statement } from './statement.js';
import { isTrusted, type Origin, type Trust } from './trust.js';

const BYTE_LIMIT = 2 ** 16;

/** The content of a policy file; what it does not name is not demanded. */
export interface Policy {
  readonly format: 'bankai.policy/v1';
  /** `warn` tells of a breach, `enforce` refuses the patch, `off` demands nothing. */
  readonly mode: 'off' | 'warn' | 'enforce';
  /** Somebody signed a statement about it. */
  readonly signed?: boolean;
  /** Somebody trusted said how it came about. */
  readonly trusted?: boolean;
  /** At least so many trusted keys said how it came about: its author, and those who signed that too. */
  readonly signers?: number;
  /** Somebody trusted who did not make it measured it. */
  readonly evaluatedByOthers?: boolean;
  /** At least so many trusted keys that did not make it signed a review that approves. */
  readonly reviews?: number;
  /** Kinds of statements, each of which somebody trusted signed. */
  readonly statements?: readonly StatementKind[];
  /** Held-out problems, in one evaluation by somebody trusted. */
  readonly evidence?: {
    /** At least so many more fixed than broken. */
    readonly gain?: number;
    /** At most this p. */
    readonly p?: number;
    /** At least so many problems. */
    readonly problems?: number;
  };
  /** At most so many bits of the model inverted. */
  readonly bits?: number;
  /** Tensors that may be touched: names in which `*` stands for any characters. */
  readonly tensors?: readonly string[];
}

/** What is in force where nobody wrote a policy. */
export const defaultPolicy: Policy = { format: 'bankai.policy/v1', mode: 'warn', signed: true };

/** Reads a policy file; undefined when there is none. Throws POLICY_INVALID, IO: a policy that cannot be read is not obeyed by guess. */
export async function readPolicy(path: string): Promise<Policy | undefined> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return undefined;
    throw error;
  });
  if (bytes === undefined) return undefined;
  const fail = (fact: string) =>
    new TrustError('POLICY_INVALID', `Policy ${path} ${fact}`, {
      hint: 'Correct it (docs/FORMAT.md, "Policy"); nothing is allowed until then.',
      data: { path },
    });
  const policy = parseJson(bytes, BYTE_LIMIT, fail);
  const violation = schemaViolation('policy', policy);
  if (violation !== undefined) throw fail(violation);
  return policy as Policy;
}

/** What is known of a patch that is to be judged. */
export interface Candidate {
  readonly tensors: readonly string[];
  /** Bits of the model that it inverts. */
  readonly bits: number;
  /** The statements about it that hold, and who signed each. */
  readonly statements: readonly { readonly statement: Statement; readonly signers: readonly string[] }[];
  readonly origin?: Origin;
}

/** Lists what a patch lacks under a policy, as facts about it: "is signed by nobody". */
export function breaches(policy: Policy, candidate: Candidate, trust: Trust): string[] {
  if (policy.mode === 'off') return [];
  const { statements, origin } = candidate;
  const believed = statements.filter(({ signers }) => signers.some((id) => isTrusted(trust, id, origin)));
  const makers = statements.filter(({ statement }) => isMaking(statement));
  const authors = new Set(makers.flatMap(({ signers }) => signers));
  const othersOf = (of: Candidate['statements']): Set<string> =>
    new Set(of.flatMap(({ signers }) => signers.filter((id) => !authors.has(id) && isTrusted(trust, id, origin))));
  const evaluations = believed.filter(({ statement }) => isAboutItsSubject(statement));
  const approvals = statements.filter(
    ({ statement }) => statement.kind === 'review' && statement.predicate.verdict === 'approve',
  );
  const reviewers = othersOf(approvals).size;
  const guarantors = [...authors].filter((id) => isTrusted(trust, id, origin)).length;
  return [
    ...(policy.signed === true && statements.length === 0 ? ['is signed by nobody'] : []),
    ...(policy.trusted === true && !believed.some(({ statement }) => isMaking(statement))
      ? ['was made by nobody whom you trust']
      : []),
    ...(policy.signers !== undefined && guarantors < policy.signers
      ? [`has ${guarantors} of ${policy.signers} trusted signers of how it was made`]
      : []),
    ...(policy.evaluatedByOthers === true && othersOf(evaluations).size === 0
      ? ['was evaluated by nobody whom you trust but its author']
      : []),
    ...(policy.reviews !== undefined && reviewers < policy.reviews
      ? [`has ${reviewers} of ${policy.reviews} approvals by others whom you trust`]
      : []),
    ...(policy.statements ?? [])
      .filter((kind) => !believed.some(({ statement }) => statement.kind === kind))
      .map((kind) => `has no ${kind} statement by somebody whom you trust`),
    ...(policy.evidence && !evaluations.some(({ statement }) => suffices(policy.evidence ?? {}, statement))
      ? [`has no evaluation that you trust with ${demandOf(policy.evidence)} on held-out problems`]
      : []),
    ...(policy.bits !== undefined && candidate.bits > policy.bits
      ? [`inverts ${candidate.bits} bits (limit ${policy.bits})`]
      : []),
    ...foreignTensors(policy, candidate).map((name) => `touches ${name}, which is not allowed`),
  ];
}

/** Whether a statement says how a patch came about. */
export const isMaking = ({ kind }: Statement): boolean =>
  kind === 'search' || kind === 'import' || kind === 'derivation';

/** Whether a statement says what its subject does: not what it does together with something else. */
function isAboutItsSubject({ kind, patch, predicate }: Statement): boolean {
  if (kind !== 'evaluation') return false;
  const { patches, against } = predicate;
  return patches.length === against.length + 1 && patches.every((id) => id === patch || against.includes(id));
}

function suffices(demand: NonNullable<Policy['evidence']>, statement: Statement): boolean {
  if (statement.kind !== 'evaluation') return false;
  return statement.predicate.probes.some(
    ({ role, fixed, broke, p, count }) =>
      role === 'heldout' &&
      fixed - broke >= (demand.gain ?? -Infinity) &&
      Number(p) <= (demand.p ?? 1) &&
      count >= (demand.problems ?? 0),
  );
}

function demandOf({ gain, p, problems }: NonNullable<Policy['evidence']>): string {
  const parts = [
    ...(gain === undefined ? [] : [`a gain of ${gain} or more`]),
    ...(p === undefined ? [] : [`p of ${p} or less`]),
    ...(problems === undefined ? [] : [`${problems} problems or more`]),
  ];
  return parts.length === 0 ? 'answers' : parts.join(', ');
}

/** The first tensor that is not allowed, if there is one. */
function foreignTensors({ tensors: allowed }: Policy, { tensors }: Candidate): string[] {
  if (allowed === undefined) return [];
  const patterns = allowed.map((glob) => glob.split('*'));
  return tensors.filter((name) => !patterns.some((parts) => matches(parts, name))).slice(0, 1);
}

/** Whether a name is the given parts with anything between each; in time that grows with its length alone. */
function matches(parts: readonly string[], name: string): boolean {
  if (parts.length === 1) return name === parts[0];
  const [first, last] = [parts[0], parts[parts.length - 1]];
  if (!name.startsWith(first) || !name.endsWith(last) || name.length < first.length + last.length) return false;
  let at = first.length;
  for (const part of parts.slice(1, -1)) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}
