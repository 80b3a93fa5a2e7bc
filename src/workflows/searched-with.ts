/** Owns what the patches of a commit were searched with, as their statements name it. */
import type { WeightsId } from '../patch/ids.js';
import type { CommitId } from '../repo/ids.js';
import type { Repository } from '../repo/repository.js';
import { readEvidence, readState } from '../repo/state.js';
import { judgeEvidence } from './evidence.js';

/** A probe file of a search. */
export interface SearchedFile {
  readonly role: 'search' | 'control';
  readonly name: string;
  readonly sha256: string;
  /** Undefined where the file is not recorded beside the patch. */
  readonly bytes: Uint8Array | undefined;
}

/** Lists the files of every search of a commit's patches, in the order of the patches; a file may come more than once. */
export async function filesSearchedWith(
  repository: Repository,
  commit: CommitId,
  base: WeightsId,
): Promise<SearchedFile[]> {
  const searched: SearchedFile[] = [];
  for (const id of await readState(repository, commit)) {
    const files = await readEvidence(repository, commit, id);
    const bytesOf = new Map(files.flatMap(({ kind, digest, bytes }) => (kind === 'probes' ? [[digest, bytes]] : [])));
    for (const check of judgeEvidence(files, id, base).statements) {
      if ('error' in check || check.statement.kind !== 'search') continue;
      for (const { role, name, sha256 } of check.statement.predicate.probes) {
        searched.push({ role, name, sha256, bytes: bytesOf.get(sha256) });
      }
    }
  }
  return searched;
}
