/** Owns which patches an argument means: all of a stack, or the one whose id begins so. */
import type { PatchId } from '../patch/ids.js';
import { isPatchId } from '../patch/ids.js';
import { readHead } from '../repo/branch.js';
import type { Repository } from '../repo/repository.js';
import { readState } from '../repo/state.js';
import { loadStack, type LoadedStack } from './stack.js';

/** Finds the patch of HEAD's state whose id begins with a text of six digits or more, if there is exactly one. */
export async function findPatch(repository: Repository, text: string): Promise<PatchId | undefined> {
  if (!/^[0-9a-f]{6,64}$/.test(text)) return undefined;
  const found = (await readState(repository, (await readHead(repository)).commit)).filter((id) => id.startsWith(text));
  return found.length === 1 && isPatchId(found[0]) ? found[0] : undefined;
}

/** The patches of a stack, or the one that `findPatch` finds. Throws UNKNOWN_REVISION, STACK_SYNTAX. */
export async function choosePatches(
  repository: Repository,
  text: string,
): Promise<{ readonly name: string } & Pick<LoadedStack, 'loaded' | 'commitOf'>> {
  const byId = await findPatch(repository, text);
  const { expression, loaded, commitOf } = await loadStack(repository, byId === undefined ? text : 'HEAD');
  if (byId === undefined) return { name: expression, loaded, commitOf };
  return { name: byId.slice(0, 10), loaded: new Map([...loaded].filter(([id]) => id === byId)), commitOf };
}
