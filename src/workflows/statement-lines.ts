/** Owns the words for statements: what each says in a few lines, and who signed it. */
import type { Statement } from '../trust/statement.js';
import { holderOf, isTrusted, type Origin, type Trust } from '../trust/trust.js';

/** Says what a statement says: the first line in short, the others in detail. */
export function linesOf(statement: Statement): string[] {
  if (statement.kind === 'import') {
    const { source, importer, createdAt } = statement.predicate;
    return [
      `imported from ${source.format}${source.name === undefined ? '' : ` "${source.name}"`}, ${createdAt}`,
      `source sha256 ${source.sha256}`,
      `by ${importer.name} ${importer.version}`,
    ];
  }
  if (statement.kind === 'evaluation') {
    const { patches, against, engine, elapsedMs, createdAt } = statement.predicate;
    const others = patches.length > 1 ? ` with ${patchCount(patches.length - 1, 'other ')}` : '';
    const reference = against.length > 0 ? `a stack of ${patchCount(against.length)}` : 'the base';
    return [
      `measured${others} against ${reference}, ${createdAt}`,
      `by ${engine.name} ${engine.version} in ${(elapsedMs / 1000).toFixed(1)} s`,
    ];
  }
  if (statement.kind === 'review') {
    const { verdict, read, ran, comment, createdAt } = statement.predicate;
    const did = [...(read ? ['read it'] : []), ...(ran ? ['ran it'] : [])].join(' and ');
    return [
      `${verdict === 'approve' ? 'approves' : 'rejects'}: ${did}, ${createdAt}`,
      ...(comment === undefined ? [] : [comment]),
    ];
  }
  if (statement.kind === 'revocation') {
    const { of, reason, createdAt } = statement.predicate;
    return [`revokes ${of === 'key' ? `key ${statement.patch}` : 'the patch'}, ${createdAt}`, reason];
  }
  if (statement.kind === 'derivation') {
    const { operation, parents, settings, result, engine, createdAt } = statement.predicate;
    const how = Object.entries(settings).map(([key, value]) => `${key} ${value}`);
    return [
      `made by ${operation} of ${parents.map((id) => id.slice(0, 10)).join(', ')}, ${createdAt}`,
      ...(how.length > 0 ? [how.join(', ')] : []),
      ...(result
        ? [
            `flips ${result.flipsBefore} to ${result.flipsAfter}, right answers ${result.rightBefore} to ${result.rightAfter}`,
            `objective ${shorten(result.objectiveBefore)} to ${shorten(result.objectiveAfter)}`,
          ]
        : []),
      `by ${engine.name} ${engine.version}`,
    ];
  }
  const { probes, strategy, fitness, seed, engine, result, createdAt, parents } = statement.predicate;
  const held = String(fitness.settings.known ?? '')
    .split(' ')
    .filter((digits) => digits !== '');
  return [
    `searched by ${strategy.name} on ${fitness.name}, seed ${seed}, ${createdAt}`,
    ...probes.map(({ role, name, count, sha256 }) => {
      const isHeld = role === 'search' && held.some((digits) => sha256.startsWith(digits));
      return `${role === 'search' ? 'probes' : 'controls'} ${name} (${count})${isHeld ? ', known below and held' : ''}`;
    }),
    ...(parents.length > 0 ? [`on top of ${patchCount(parents.length, 'other ')}`] : []),
    `objective ${shorten(result.objectiveBefore)} to ${shorten(result.objectiveAfter)}: ${result.accepted} flips accepted in ${result.iterations} trials`,
    `${result.evaluations} evaluations in ${(result.elapsedMs / 1000).toFixed(1)} s, stopped by ${result.stoppedBy}`,
    `by ${engine.name} ${engine.version}`,
  ];
}

const patchCount = (count: number, which = ''): string => `${count} ${which}${count === 1 ? 'patch' : 'patches'}`;

const shorten = (decimal: string): string => Number(decimal).toFixed(4);

/** How a signer stands to a person who reads a statement: what people are told, and whether it is believed. */
export interface Signer {
  readonly words: string;
  /** The name alone; what there is of the key where it has none. */
  readonly name: string;
  readonly believed: boolean;
}

/** Says who a key is to a person, for a patch of this origin: "ada (trusted) 56475aa754". */
export function signerOf(trust: Trust, id: string, origin?: Origin): Signer {
  const { name, relation } = holderOf(trust, id);
  const believed = isTrusted(trust, id, origin);
  const short = id.slice(0, 10);
  if (name === undefined) return { words: `unknown key ${short}`, name: `unknown key ${short}`, believed };
  const why = trust.revoked.has(id) ? 'revoked' : relation === 'own' ? 'yours' : trustIn(trust, id, believed);
  return { words: `${name} (${why}) ${short}`, name, believed };
}

function trustIn({ others }: Trust, id: string, believed: boolean): string {
  const scopes = others.find(({ publicKey }) => publicKey.id === id)?.scopes ?? [];
  if (scopes.length === 0) return 'trusted';
  return believed ? `trusted for ${scopes.join(', ')}` : `trusted for ${scopes.join(', ')} only, not for this`;
}
