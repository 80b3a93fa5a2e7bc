/** Owns `bankai gc`: a repository is tidied, and nothing that it needs is lost. */
import { type Collection, collectGarbage } from '../repo/collect-garbage.js';
import { reporting } from '../repo/git-error.js';
import { changeWorkspace } from './workspace.js';

export interface GcOutcome extends Collection {
  readonly recovered?: string;
}

/**
 * Packs what is loose and removes what was left unfinished; with `prune` also what nothing has needed for two weeks. `now`
 * is in milliseconds since 1970. Throws REPOSITORY_LOCKED, REPOSITORY_CORRUPT, REPOSITORY_UNSUPPORTED, IO.
 */
export async function gc(directory: string, request: { prune: boolean; now: number }): Promise<GcOutcome> {
  return changeWorkspace(directory, async ({ repository, state, recovered }) => {
    const roots = [{ oid: state.root, from: '.git/bankai/state.json', type: 'commit' }];
    const collection = await reporting(`collect garbage in ${repository.directory}`, () =>
      collectGarbage(repository, { ...request, roots }),
    );
    return { ...collection, ...(recovered !== undefined && { recovered }) };
  });
}
