/** Owns what the statements about a patch come to: how it was made, what was measured, reviews, revocations, policies. */
import { breaches, type Candidate, isMaking } from '../trust/policy.js';
import { type Standing, standingOf } from '../trust/revocations.js';
import type { Statement } from '../trust/statement.js';
import type { Origin, Trust } from '../trust/trust.js';
import type { Check, CheckResult } from './checklist.js';
import type { PolicyInForce } from './gate.js';
import { reportOf } from './measurement.js';
import { linesOf, type Signer, signerOf } from './statement-lines.js';

type Signed = Standing['statements'][number];

/** A patch to be judged, but for what is said about it. */
export type Judged = Pick<Candidate, 'tensors' | 'bits'> & { readonly origin: Origin };

/** Judges a patch by the statements about it that hold, as the person sees their signers and as the policies demand. */
export function judge(
  judged: Judged,
  holding: readonly Signed[],
  trust: Trust,
  policies: readonly PolicyInForce[] | Check,
): Check[] {
  const standing = standingOf(holding, trust, judged.origin);
  const { statements } = standing;
  const signersOf = ({ signers }: Signed): Signer[] => signers.map((id) => signerOf(trust, id, judged.origin));
  const inForce = 'check' in policies ? [] : policies;
  return [
    ...madeChecks(statements),
    ...evidenceChecks(statements, signersOf),
    ...reviewChecks(statements, signersOf),
    ...revocationChecks(holding, standing, signersOf, inForce),
    ...('check' in policies ? [policies] : []),
    ...inForce.map((one) => policyCheck(one, { ...judged, statements }, trust)).flat(),
  ];
}

const none = (check: string, detail: string): Check => ({ check, result: 'none', detail });

function madeChecks(statements: readonly Signed[]): Check[] {
  const made = statements.filter(({ statement }) => isMaking(statement));
  if (made.length === 0) return [{ check: 'made', result: 'warning', detail: 'nobody who counts says how' }];
  return made.map(({ statement }) => ({ check: 'made', result: 'good', detail: linesOf(statement)[0] }));
}

/** Names alone: whose key it is, the signatures say. */
const namesOf = (signers: readonly Signer[]): string => signers.map(({ name }) => name).join(', ');

function evidenceChecks(statements: readonly Signed[], signersOf: (signed: Signed) => Signer[]): Check[] {
  const checks = statements.flatMap((signed): Check[] => {
    const { statement } = signed;
    if (statement.kind !== 'evaluation') return [];
    const who = `, says ${namesOf(signersOf(signed))}`;
    const { probes, texts } = reportOf(statement.predicate);
    return [
      ...probes.map(({ role, name, count, before, after, fixed, broke, p, verdict }): Check => {
        const isFine = verdict === 'better' || (role !== 'heldout' && verdict !== 'worse');
        const change = `${before} to ${after} of ${count} right (${fixed} fixed, ${broke} broke)`;
        const chance = fixed + broke === 0 ? verdict : `${verdict}, p = ${Number(p.toPrecision(2))}`;
        const detail = `${role === 'heldout' ? 'held-out' : role} ${name}: ${change}, ${chance}${who}`;
        return { check: 'evidence', result: isFine ? 'good' : 'warning', detail };
      }),
      ...texts.map(({ name, perplexityBefore, perplexityAfter }): Check => {
        const change = `perplexity ${perplexityBefore.toFixed(4)} to ${perplexityAfter.toFixed(4)}`;
        return { check: 'evidence', result: 'good', detail: `text ${name}: ${change}${who}` };
      }),
    ];
  });
  return checks.length > 0 ? checks : [none('evidence', 'nobody signed a measurement')];
}

function reviewChecks(statements: readonly Signed[], signersOf: (signed: Signed) => Signer[]): Check[] {
  const authors = new Set(statements.filter(({ statement }) => isMaking(statement)).flatMap(({ signers }) => signers));
  const checks = statements.flatMap((signed): Check[] => {
    const { statement, signers } = signed;
    if (statement.kind !== 'review') return [];
    const { verdict, comment } = statement.predicate;
    const by = signersOf(signed);
    const isAuthor = signers.every((id) => authors.has(id));
    const counts = by.some(({ believed }) => believed) && !isAuthor;
    const result: CheckResult = verdict === 'reject' ? 'warning' : counts ? 'good' : 'none';
    const who = `${namesOf(by)}${isAuthor ? ', who made it,' : counts ? '' : ', whom you do not trust,'}`;
    const said = linesOf(statement)[0].replace(/, [^,]*$/, '');
    return [{ check: 'review', result, detail: `${who} ${said}${comment === undefined ? '' : `: "${comment}"`}` }];
  });
  return checks.length > 0 ? checks : [none('review', 'nobody has reviewed it')];
}

function revocationChecks(
  holding: readonly Signed[],
  { revoked, deadKeys }: Standing,
  signersOf: (signed: Signed) => Signer[],
  policies: readonly PolicyInForce[],
): Check[] {
  const strict = policies.length === 0 || policies.some(({ policy }) => policy.mode !== 'off');
  const keys = [...deadKeys].map(([id, reason]): Check => {
    const detail = `key ${id.slice(0, 10)} is revoked: ${reason}; what it alone signed does not count`;
    return { check: 'revoked', result: 'warning', detail };
  });
  if (revoked) {
    const result = strict ? 'bad' : 'warning';
    return [...keys, { check: 'revoked', result, detail: `is not to be used: ${revoked.reason}`, code: 'REVOKED' }];
  }
  const unheard = holding.filter(({ statement }) => statement.kind === 'revocation' && !deadKeys.has(statement.patch));
  const checks = unheard.map((signed): Check => {
    const { predicate } = signed.statement as Statement<'revocation'>;
    const detail = `${namesOf(signersOf(signed))} revokes the ${predicate.of}, which does not count: ${predicate.reason}`;
    return { check: 'revoked', result: 'warning', detail };
  });
  const all = [...keys, ...checks];
  return all.length > 0
    ? all
    : [{ check: 'revoked', result: 'good', detail: 'neither the patch nor a key that signed it' }];
}

function policyCheck({ policy, name }: PolicyInForce, candidate: Candidate, trust: Trust): Check[] {
  if (policy.mode === 'off') return [none('policy', `${name} demands nothing (off)`)];
  const facts = breaches(policy, candidate, trust);
  if (facts.length === 0) {
    return [{ check: 'policy', result: 'good', detail: `${name} has nothing against it (${policy.mode})` }];
  }
  return facts.map((fact) =>
    policy.mode === 'enforce'
      ? { check: 'policy', result: 'bad', detail: `${name} refuses it: it ${fact}`, code: 'POLICY_VIOLATION' }
      : { check: 'policy', result: 'warning', detail: `${name} warns: it ${fact}` },
  );
}
