/** Owns where patches come from as far as a person knows: what was added here, and what registries were seen to publish. */
import type { PatchId } from '../patch/ids.js';
import type { Repository } from '../repo/repository.js';
import { readSources, type Sources } from '../repo/sources.js';
import type { Trust } from '../trust/trust.js';

/**
 * Says where patches come from. What was not added here, but cloned, may still be known: a registry that the person trusts
 * publishes it, by an index that was verified. Nobody is asked, and nothing in a tree is believed. Throws REPOSITORY_CORRUPT,
 * REGISTRY_INVALID, IO.
 */
export async function sourcesOf(
  repository: Repository,
  keyDirectory: string | undefined,
  trust: Trust,
  patches: Iterable<PatchId>,
): Promise<Sources> {
  const added = await readSources(repository);
  const unknown = new Set([...patches].filter((id) => !added.has(id)));
  // Only scopes ask where something is from.
  const matters = trust.others.some(({ scopes }) => scopes.length > 0);
  if (keyDirectory === undefined || !matters || unknown.size === 0) return added;
  // Few get here: a checkout does without loading the registry and all its libraries.
  const { listRegistries } = await import('../registry/known-registries.js');
  const { seenIndexes } = await import('../registry/trusted-metadata.js');
  const found = new Map([...added].map(([id, scopes]) => [id, new Set(scopes)]));
  for (const registry of await listRegistries(keyDirectory)) {
    for (const { namespace, packages } of await seenIndexes(registry)) {
      for (const { patch } of [...packages.values()].flatMap((versions) => [...versions.values()])) {
        if (!unknown.has(patch)) continue;
        const scopes = found.get(patch) ?? new Set();
        found.set(patch, scopes.add(`namespace:${namespace}`).add(`registry:${registry.name}`));
      }
    }
  }
  return new Map([...found].map(([id, scopes]) => [id, [...scopes].sort()]));
}
