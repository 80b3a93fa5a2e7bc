/** Owns the gate that patches pass on their way into a model or an export: no wrong statement, and what policies demand. */
import { join } from 'node:path';
import { TrustError } from '../errors.js';
import type { PatchId } from '../patch/ids.js';
import { type Patch, patchFlips } from '../patch/patch.js';
import type { ShapeOf } from '../patch/validate.js';
import type { CommitId } from '../repo/ids.js';
import { localDirectory, type Repository } from '../repo/repository.js';
import { breaches, type Candidate, defaultPolicy, type Policy, readPolicy } from '../trust/policy.js';
import { type Standing, standingOf } from '../trust/revocations.js';
import { readTrust, type Trust, type TrustedKey } from '../trust/trust.js';
import { assertHolds, checkEvidence } from './evidence.js';
import { sourcesOf } from './patch-sources.js';

/** Patches that want to pass, and where their evidence is. */
export interface Arrivals {
  readonly patches: ReadonlyMap<PatchId, Patch>;
  readonly commitOf: (id: PatchId) => CommitId;
  readonly shapeOf: ShapeOf;
  /** Patches that the person has just recorded: policies are about what others made. */
  readonly fresh?: ReadonlySet<PatchId>;
  /** Patches that are in the model already: what is new about them is told, but they are not refused. */
  readonly staying?: ReadonlySet<PatchId>;
}

/** What is to be told of patches that passed. */
export interface Passed {
  /** Patches about which nobody signed a statement. */
  readonly unsigned: PatchId[];
  /** Breaches of policies that only warn, as sentences. */
  readonly warnings: string[];
}

/**
 * Lets patches pass, or throws: the code of the first statement that is wrong (SIGNATURE_INVALID, SIGNATURE_MALLEABLE,
 * PAYLOAD_TYPE, STATEMENT_MISMATCH, STATEMENT_INVALID, KEY_WEAK, …), whatever the policies are, REVOKED, POLICY_VIOLATION for
 * a breach of one that is enforced, POLICY_INVALID for one that cannot be read.
 */
export async function passGate(
  repository: Repository,
  keyDirectory: string | undefined,
  { patches, commitOf, shapeOf, fresh, staying }: Arrivals,
): Promise<Passed> {
  const policies = await policiesOf(repository, keyDirectory);
  const trust = await readTrust(keyDirectory);
  const sources = await sourcesOf(repository, keyDirectory, trust, patches.keys());
  const passed: Passed = { unsigned: [], warnings: [] };
  for (const [id, patch] of patches) {
    const { statements } = await checkEvidence(repository, commitOf(id), id, patch.base);
    const isStaying = staying?.has(id) === true;
    if (statements.length === 0 && !isStaying) passed.unsigned.push(id);
    const holding = statements.map((check) => assertHolds(check, id));
    if (fresh?.has(id) === true) continue;
    const origin = sources.get(id) ?? [];
    const standing = standingOf(holding, trust, origin);
    if (standing.revoked) {
      const strict = policies.some(({ policy }) => policy.mode !== 'off');
      if (strict && !isStaying) throw revoked(id, standing.revoked);
      passed.warnings.push(sentence(id, `was revoked: ${standing.revoked.reason}`));
    }
    if (isStaying) continue;
    const candidate = {
      tensors: Object.keys(patch.flips),
      bits: bitsOf(patch, shapeOf),
      statements: standing.statements,
      origin,
    };
    for (const { policy } of policies) {
      const facts = breaches(policy, candidate, trust);
      if (facts.length > 0 && policy.mode === 'enforce') throw refused(id, facts, outOfScope(candidate, trust));
      // Of unsigned patches everybody is told anyway.
      const news = facts.filter((fact) => !passed.warnings.includes(sentence(id, fact)) && statements.length > 0);
      passed.warnings.push(...news.map((fact) => sentence(id, fact)));
    }
  }
  return passed;
}

/** A policy and whose it is. */
export interface PolicyInForce {
  readonly policy: Policy;
  /** How a sentence calls it. */
  readonly name: 'your policy' | 'the policy of this clone' | 'the default policy';
}

/** The policies in force: the person's own, and the clone's. Neither is in a tree, for a tree is somebody else's data. Throws POLICY_INVALID. */
export async function policiesOf(repository: Repository, keyDirectory: string | undefined): Promise<PolicyInForce[]> {
  const own = keyDirectory === undefined ? undefined : await readPolicy(join(keyDirectory, 'policy.json'));
  const local = await readPolicy(join(localDirectory(repository), 'policy.json'));
  const found: PolicyInForce[] = [
    ...(own ? [{ policy: own, name: 'your policy' as const }] : []),
    ...(local ? [{ policy: local, name: 'the policy of this clone' as const }] : []),
  ];
  return found.length > 0 ? found : [{ policy: defaultPolicy, name: 'the default policy' }];
}

/** Counts the bits of the model that a patch inverts. */
export function bitsOf(patch: Patch, shapeOf: ShapeOf): number {
  return patchFlips(patch).reduce((bits, flip) => {
    if (flip.kind === 'scale-bit') return bits + 1;
    return bits + (flip.kind === 'row' ? (shapeOf(flip.tensor)?.groups ?? 0) : 1) * 128;
  }, 0);
}

const sentence = (patch: PatchId, fact: string): string => `Patch ${patch.slice(0, 10)} ${fact}`;

function revoked(patch: PatchId, { reason, by }: NonNullable<Standing['revoked']>): TrustError {
  return new TrustError('REVOKED', `${sentence(patch, 'was revoked')}: ${reason}`, {
    hint: 'Nothing was applied. Use "bankai show" to see by whom; leave it out with --without.',
    data: { patch, reason, key: by },
  });
}

/** A signer who is trusted for some namespaces or registries alone, where nothing is known of where the patch is from. */
function outOfScope({ statements, origin = [] }: Candidate, trust: Trust): TrustedKey | undefined {
  const signers = new Set(statements.flatMap((statement) => statement.signers));
  if (origin.length > 0) return undefined;
  return trust.others.find(({ publicKey, scopes }) => scopes.length > 0 && signers.has(publicKey.id));
}

function refused(patch: PatchId, facts: readonly string[], signer: TrustedKey | undefined): TrustError {
  const hint = signer
    ? `"${signer.name}" signed it, whom you trust for ${signer.scopes.join(', ')} alone, and nobody here has seen that it is from there: ` +
      'look into the registry with "bankai search", add it from there, or trust the key without a scope.'
    : 'Nothing was applied. Use "bankai verify" for the whole picture, or change policy.json.';
  return new TrustError('POLICY_VIOLATION', `${sentence(patch, facts[0])}: your policy refuses it`, {
    hint,
    data: { patch, facts },
  });
}
