/** Owns which revocations count: a key takes back what it said, and somebody trusted takes back anything. */
import { isMaking } from './policy.js';
import type { Statement } from './statement.js';
import { isTrusted, type Origin, type Trust } from './trust.js';

/** A statement that holds, and the ids of the keys that signed it. */
interface Signed {
  readonly statement: Statement;
  readonly signers: readonly string[];
}

/** Statements about a patch after its revocations. */
export interface Standing {
  /** Why the patch is not to be used, if it is not. */
  readonly revoked?: { readonly reason: string; readonly by: string };
  /** The statements that no revoked key alone has signed. */
  readonly statements: readonly Signed[];
  /** The revoked keys that signed something about it, or that a statement about it revokes, and why. */
  readonly deadKeys: ReadonlyMap<string, string>;
}

/**
 * Weighs the revocations among the statements about a patch. That of a key counts when that key or a trusted one signed
 * it; that of the patch when a trusted key did, or one that said how the patch came about, unless somebody trusted said
 * that too: for anybody can say it.
 */
export function standingOf(all: readonly Signed[], trust: Trust, origin?: Origin): Standing {
  const revocations = all.flatMap(({ statement, signers }) =>
    statement.kind === 'revocation' ? [{ subject: statement.patch as string, ...statement.predicate, signers }] : [],
  );
  const trusted = (id: string): boolean => isTrusted(trust, id, origin);
  const revokedKeys = new Map(
    revocations
      .filter(({ of, subject, signers }) => of === 'key' && signers.some((id) => id === subject || trusted(id)))
      .map(({ subject, reason }) => [subject, reason]),
  );
  const signed = all.flatMap(({ signers }) => signers);
  const deadKeys = new Map([...[...trust.revoked].filter(([id]) => signed.includes(id)), ...revokedKeys]);
  const isDead = (id: string): boolean => deadKeys.has(id);
  const statements = all
    .map(({ statement, signers }) => ({ statement, signers: signers.filter((id) => !isDead(id)) }))
    .filter(({ signers }) => signers.length > 0);
  const makers = statements.filter(({ statement }) => isMaking(statement)).flatMap(({ signers }) => signers);
  const heard = makers.some(trusted) ? makers.filter(trusted) : makers;
  const ofPatch = revocations.find(
    ({ of, signers }) => of === 'patch' && signers.some((id) => trusted(id) || heard.includes(id)),
  );
  if (ofPatch) return { statements, deadKeys, revoked: { reason: ofPatch.reason, by: ofPatch.signers[0] } };
  const dead = all.filter(({ statement }) => isMaking(statement)).flatMap(({ signers }) => signers.filter(isDead));
  if (makers.length > 0 || dead.length === 0) return { statements, deadKeys };
  return { statements, deadKeys, revoked: { reason: deadKeys.get(dead[0]) ?? '', by: dead[0] } };
}
