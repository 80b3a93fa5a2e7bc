/** Owns `bankai import`: a patch from a file, checked against the base and recorded. */
import { FormatError } from '../errors.js';
import { importPatch } from '../patch/interchange.js';
import { sha256Hex } from '../patch/ids.js';
import { decodePatch, type Patch, PATCH_FORMAT, countPatchFlips, patchId } from '../patch/patch.js';
import { assertPatchFits } from '../patch/validate.js';
import { assertNewBranch, readHead } from '../repo/branch.js';
import { readState } from '../repo/state.js';
import { createStatement } from '../trust/statement.js';
import { record, type Recorder } from './record.js';
import { changeWorkspace, shapesOf, withModel } from './workspace.js';

export interface ImportRequest {
  /** Name of the file, for messages. */
  readonly name: string;
  readonly bytes: Uint8Array;
  /** Starts this branch at the base; without it the patch goes on top of HEAD. */
  readonly branch?: string;
  /** By default made of the file's own name. */
  readonly message?: string;
}

interface Foreign {
  readonly patch: Patch;
  readonly format: string;
  readonly summary: {
    readonly name?: string;
    readonly description?: string;
    readonly baseModel?: string;
    readonly unknownFields: readonly string[];
    readonly notes: readonly string[];
  };
}

/**
 * Imports a patch: our own format, `bankai_row_xor_v1` or `bankai_group_xor_v2`. The working model then holds it.
 * Throws INTERCHANGE_INVALID, PATCH_INVALID, BASE_MISMATCH, ROW_OUT_OF_RANGE, BRANCH_EXISTS, FILE_EXISTS (it is there).
 */
export async function importFile(directory: string, request: ImportRequest, recorder: Recorder) {
  return changeWorkspace(directory, async (workspace) => {
    const { repository, state } = workspace;
    if (request.branch !== undefined) await assertNewBranch(repository, request.branch);
    const onto =
      request.branch === undefined ? await readHead(repository) : { branch: request.branch, commit: state.root };
    const foreign = await withModel(workspace.model, ({ gguf }) => {
      const shapeOf = shapesOf(gguf);
      const read = isOwn(request.bytes)
        ? ownPatch(request.bytes)
        : importPatch(request.bytes, state.weightsId, shapeOf);
      assertPatchFits(read.patch, state.weightsId, shapeOf, request.name);
      return read;
    });
    const { patch, format, summary } = foreign;
    const id = patchId(patch);
    if ((await readState(repository, onto.commit)).includes(id)) {
      throw new FormatError('PATCH_INVALID', `Patch ${id.slice(0, 10)} is part of this state already`, {
        hint: 'There is nothing to import. Use "bankai status" to see the state.',
        data: { patch: id },
      });
    }
    const { name, description, baseModel } = summary;
    const statement = createStatement('import', id, {
      base: state.weightsId,
      source: {
        format,
        sha256: sha256Hex(request.bytes),
        ...(name !== undefined && { name }),
        ...(description !== undefined && { description }),
        ...(baseModel !== undefined && { baseModel }),
      },
      importer: { name: 'bankai', version: recorder.version },
      createdAt: recorder.time.toISOString(),
    });
    const message = request.message ?? `Import ${name ?? request.name}`;
    const recorded = await record(workspace, { patch, statements: [statement], files: [], message, onto }, recorder);
    return {
      commit: recorded.commit,
      ...(onto.branch !== undefined && { branch: onto.branch }),
      patch: id,
      format,
      flips: countPatchFlips(patch),
      ignoredFields: summary.unknownFields,
      notes: summary.notes,
      warnings: recorded.warnings,
    };
  });
}

/** Whether a file claims to be a patch of our own format; what it is then judged by. */
function isOwn(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes(`"format":"${PATCH_FORMAT}"`);
}

function ownPatch(bytes: Uint8Array): Foreign {
  return { patch: decodePatch(bytes), format: PATCH_FORMAT, summary: { unknownFields: [], notes: [] } };
}
