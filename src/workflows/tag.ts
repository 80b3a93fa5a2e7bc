/** Owns `bankai tag`: names that stay where they are. */
import { composeCommit } from '../repo/compose.js';
import { resolveRef } from '../repo/refs.js';
import { resolveStack } from '../repo/resolve.js';
import { readState } from '../repo/state.js';
import { findTag, listTags, prepareTag } from '../repo/tag.js';
import { GIT_NAMESPACE, signSsh } from '../trust/ssh-signature.js';
import { signatureOf } from './actor.js';
import { isoDate } from './log.js';
import { changeOnly } from './change-refs.js';
import { openSigner } from './commit-tree.js';
import type { Recorder } from './record.js';
import { changeWorkspace, openWorkspace } from './workspace.js';

/** Lists the tags with the sizes of their states. */
export async function tags(directory: string) {
  const { repository } = await openWorkspace(directory);
  return Promise.all(
    (await listTags(repository)).map(async ({ name, commit, annotation }) => ({
      name,
      commit,
      patches: (await readState(repository, commit)).length,
      ...(annotation && {
        message: annotation.message,
        signed: annotation.signed,
        ...(annotation.tagger && {
          tagger: `${annotation.tagger.name} <${annotation.tagger.email}>`,
          date: isoDate(annotation.tagger),
        }),
      }),
    })),
  );
}

export interface TagRequest {
  readonly name: string;
  readonly stack: string;
  /** Makes an annotated tag. */
  readonly message?: string;
  /** Signs it, so that "git verify-tag" can tell whose it is. */
  readonly sign: boolean;
  /** Moves a tag that is there already. */
  readonly replace: boolean;
}

/** Creates a tag at a stack. Throws NAME_INVALID, TAG_EXISTS, UNKNOWN_REVISION, STACK_SYNTAX, and what opening the key throws. */
export async function newTag(directory: string, request: TagRequest, recorder: Recorder) {
  const { name, message, sign, replace } = request;
  return changeWorkspace(directory, async (workspace) => {
    const { repository } = workspace;
    const stack = await resolveStack(repository, request.stack);
    const key = sign ? await openSigner(recorder) : undefined;
    const commit = await composeCommit(repository, stack);
    const annotation =
      message === undefined
        ? undefined
        : {
            tagger: await signatureOf(repository, recorder),
            message,
            ...(key && { sign: (bytes: Uint8Array) => signSsh(key, bytes, GIT_NAMESPACE) }),
          };
    const after = await prepareTag(repository, { name, commit, replace, ...(annotation && { annotation }) });
    const before = resolveRef(repository, `refs/tags/${name}`);
    const change = { name: `refs/tags/${name}`, after, ...(before !== undefined && { before }) };
    await changeOnly(workspace, `tag: ${name}`, { refs: [change] });
    return { name, commit, patches: stack.patches.length };
  });
}

/** Deletes a tag. Throws UNKNOWN_REVISION. */
export async function dropTag(directory: string, name: string) {
  return changeWorkspace(directory, async (workspace) => {
    const object = findTag(workspace.repository, name);
    await changeOnly(workspace, `tag -d: ${name}`, { refs: [{ name: `refs/tags/${name}`, before: object }] });
    return { name, object, deleted: true as const };
  });
}
