/** Owns `bankai init`: a repository for a base model, and the working model in it. */
import { isAbsolute, join, relative, sep } from 'node:path';
import { stat } from 'node:fs/promises';
import { assertNotLinked, copyModel } from '../checkout/model-file.js';
import { RepositoryError } from '../errors.js';
import { describeTensors, type TensorDigest, weightsId } from '../gguf/identity.js';
import { createRepository } from '../repo/create-repository.js';
import { createDescriptor } from '../repo/descriptor.js';
import type { CommitId } from '../repo/ids.js';
import { readFileStamp, readLocalState, writeLocalState } from '../repo/local-state.js';
import { withLock } from '../repo/lock.js';
import { pointModelRef } from '../repo/model-ref.js';
import { localDirectory } from '../repo/repository.js';
import { type Actor, noteOf, someone } from './actor.js';
import { moveTo } from './move-to.js';
import { withModel } from './workspace.js';

/** Name of the working model's copy in the worktree. */
const WORKING_MODEL = 'working.gguf';

export interface InitRequest {
  /** The worktree: made when it does not exist. */
  readonly directory: string;
  /** Path of the base model. */
  readonly model: string;
  /** Use that very file as the working model instead of a copy. */
  readonly inPlace: boolean;
  /** Whom the reflog names. */
  readonly actor?: Actor;
  /** Told while the model is read, in bytes. */
  readonly onProgress?: (done: number, total: number) => void;
}

export interface InitOutcome {
  readonly repository: string;
  readonly commit: CommitId;
  readonly base: { readonly weightsId: string; readonly name?: string };
  readonly model: { readonly path: string; readonly byteLength: number; readonly made: 'copy' | 'in-place' };
  /** Patches that a clone's HEAD has, applied to the working model now. */
  readonly patches: number;
  /** What policies that only warn have against them. */
  readonly warnings: readonly string[];
}

/**
 * Makes a repository for a base model, or makes a clone of one ready to use. Throws REPOSITORY_EXISTS, MODEL_LINKED,
 * BASE_MISMATCH, REPOSITORY_UNSUPPORTED, the codes of `readGguf` and `assertOneBit`, IO. An interrupted init is repeated.
 */
export async function init({ directory, model, inPlace, actor, onProgress }: InitRequest): Promise<InitOutcome> {
  if (inPlace) assertNotLinked(model);
  const base = await describeBase(model, onProgress);
  const path = inPlace ? pathFrom(directory, model) : WORKING_MODEL;
  const descriptor = createDescriptor(base.weightsId, base.tensors);
  const { repository, root, head } = await createRepository({
    ...{ directory, descriptor, model: path },
    note: (repository) => noteOf(repository, actor ?? someone(), `commit (initial): Base model ${base.weightsId}`),
  });
  return withLock(repository, async () => {
    const working = isAbsolute(path) ? path : join(directory, path);
    if (!inPlace) await provideCopy(model, working, base.weightsId, join(localDirectory(repository), 'model.tmp'));
    const file = await readFileStamp(working);
    await pointModelRef(repository, root);
    await writeLocalState(repository, {
      format: 'bankai.state/v1',
      model: path,
      weightsId: base.weightsId,
      root,
      patches: [],
      file,
    });
    const workspace = { repository, state: await readLocalState(repository), model: working };
    const { patches, warnings } = await moveTo(workspace, head, actor ?? someone());
    return {
      repository: directory,
      commit: head.commit,
      base: { weightsId: base.weightsId, ...(base.name !== undefined && { name: base.name }) },
      model: { path, byteLength: file.byteLength, made: inPlace ? 'in-place' : 'copy' },
      patches,
      warnings,
    };
  });
}

interface BaseModel {
  readonly weightsId: ReturnType<typeof weightsId>;
  readonly tensors: readonly TensorDigest[];
  readonly name: string | undefined;
}

async function describeBase(path: string, onProgress?: InitRequest['onProgress']): Promise<BaseModel> {
  return withModel(path, ({ source, gguf }) => {
    const tensors = describeTensors(source, gguf, onProgress);
    const { metadata } = gguf;
    const name = metadata.typeOf('general.name') === 'string' ? metadata.text('general.name') : undefined;
    return { weightsId: weightsId(tensors), tensors, name };
  });
}

/** Copies the model, or finds that an interrupted init had done so. */
async function provideCopy(model: string, target: string, base: string, temporary: string): Promise<void> {
  if ((await stat(target).catch(() => undefined)) === undefined) return copyModel(model, target, temporary);
  assertNotLinked(target);
  const present = await describeBase(target);
  if (present.weightsId === base) return;
  throw new RepositoryError('FILE_EXISTS', `${target} exists already and holds other weights than ${model}`, {
    hint: 'Move it away, or choose another directory with -C.',
    data: { path: target },
  });
}

/** A path as local state keeps it: relative with `/` inside the worktree, else absolute. */
function pathFrom(directory: string, path: string): string {
  const inside = relative(directory, path);
  const isInside = inside !== '' && !inside.startsWith('..') && !isAbsolute(inside);
  return isInside ? inside.split(sep).join('/') : path;
}
