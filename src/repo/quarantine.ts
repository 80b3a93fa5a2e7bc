/**
 * Owns the place where objects from elsewhere wait until they have been verified: `.git/bankai/quarantine/`. To git and to
 * the rest of the program they are not there before they are accepted. What a killed process left is removed by the next.
 */
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, syncDirectory } from '../durable.js';
import { reporting } from './git-error.js';
import { openPacks, type Packs } from './pack.js';
import { emptyMemories, localDirectory, type Repository } from './repository.js';

/** Objects on probation. */
export interface Quarantine {
  /** Its own directory; laid out as a bare git repository's, so that the system's git can fetch into it. */
  readonly directory: string;
  /** Where packs go. */
  readonly packDirectory: string;
  /** The repository as it would be with these objects, as far as they have come in. Nothing must be written to it. */
  view(): Repository;
  /** Makes the objects part of the repository, durably. */
  accept(): Promise<void>;
}

/** Runs an action with an empty quarantine, which is gone afterwards. The repository must be locked. Throws IO. */
export async function withQuarantine<T>(
  repository: Repository,
  action: (quarantine: Quarantine) => Promise<T>,
): Promise<T> {
  const directory = join(localDirectory(repository), 'quarantine');
  const packDirectory = join(directory, 'objects', 'pack');
  const own = join(repository.gitDirectory, 'objects', 'pack');
  await reporting('make room for what comes in', async () => {
    await rm(directory, { recursive: true, force: true });
    await mkdir(packDirectory, { recursive: true });
  });
  try {
    return await action({
      directory,
      packDirectory,
      view: () => ({
        ...repository,
        packs: joined(openPacks(join(directory, 'objects')), repository.packs),
        ...emptyMemories(),
      }),
      accept: () =>
        reporting('take in what was sent', async () => {
          await makeDirectory(own);
          for (const name of readdirSync(packDirectory)) {
            const pack = /^(pack-[0-9a-f]+)\.pack$/.exec(name)?.[1];
            if (pack === undefined || existsSync(join(own, `${pack}.idx`))) continue;
            // The index last: only with it is a pack there.
            for (const file of [name, `${pack}.idx`]) {
              await syncFile(join(packDirectory, file));
              await rename(join(packDirectory, file), join(own, file));
            }
          }
          await syncDirectory(own);
          repository.packs.refresh();
        }),
    });
  } finally {
    // What cannot be removed now is removed by the next run.
    await rm(directory, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

function joined(first: Packs, second: Packs): Packs {
  return {
    read: (oid) => first.read(oid) ?? second.read(oid),
    has: (oid) => first.has(oid) || second.has(oid),
    refresh: () => [first.refresh(), second.refresh()].some(Boolean),
    ids: () => [...new Set([...first.ids(), ...second.ids()])],
    withPrefix: (prefix) => [...new Set([...first.withPrefix(prefix), ...second.withPrefix(prefix)])],
  };
}
