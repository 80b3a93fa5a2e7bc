/**
 * Owns objects that wait in memory until what they are for has been found good: a change that is refused leaves none of them
 * on the disk. To whoever holds the staged repository they are there; to git and everybody else they are not.
 */
import { reporting } from './git-error.js';
import type { ObjectId } from './ids.js';
import type { Repository } from './repository.js';
import { type ObjectType, writeObject } from './write-object.js';

/** The waiting objects, in the order in which they were written; undefined once they have been placed. */
export interface Staging {
  waiting: Map<ObjectId, { readonly type: ObjectType; readonly content: Buffer }> | undefined;
}

/** A view of a repository in which new objects wait. */
export const staged = (repository: Repository): Repository => ({ ...repository, staging: { waiting: new Map() } });

/** Writes the waiting objects durably, if there are any; what is written from now on is written at once. Throws IO. */
export async function placeStaged(repository: Repository): Promise<void> {
  const { staging } = repository;
  const waiting = staging?.waiting;
  if (!staging || !waiting) return;
  staging.waiting = undefined;
  await reporting('write the objects of the change', async () => {
    for (const { type, content } of waiting.values()) await writeObject(repository, type, content);
  });
}
