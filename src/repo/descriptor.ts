/** Owns `bankai.json`, which binds a repository to one base model, and the root commit that follows from it. */
import { RepositoryError } from '../errors.js';
import { canonicalBytes, decodeCanonical } from '../patch/canonical.js';
import type { WeightsId } from '../patch/ids.js';
import type { CommitId } from './ids.js';
import { readFileAt } from './object.js';
import { type Repository, unsupported } from './repository.js';
import { changeTree, fileEntry } from './tree.js';
import { writeCommit, writeObject } from './write-object.js';

/** Path of the descriptor in every tree. */
export const DESCRIPTOR_PATH = 'bankai.json';

/** Bytes of the largest descriptor that is read. */
const BYTE_LIMIT = 32 * 2 ** 20;

/** A tensor of the base model. */
export interface BaseTensor {
  readonly name: string;
  /** ggml type name: `Q1_0`, `F32`. */
  readonly type: string;
  /** ne order: columns first. */
  readonly shape: readonly number[];
  /** Of its bytes, 64 hexadecimal digits. */
  readonly sha256: string;
}

/** The content of `bankai.json` (FORMAT.md, "Repository"). */
export interface RepositoryDescriptor {
  readonly format: 'bankai.repository/v1';
  readonly base: { readonly weightsId: WeightsId; readonly tensors: readonly BaseTensor[] };
}

/** Creates the descriptor for a base model; tensors are put in the order of their names. */
export function createDescriptor(weightsId: WeightsId, tensors: Iterable<BaseTensor>): RepositoryDescriptor {
  const sorted = [...tensors]
    .map(({ name, type, shape, sha256 }) => ({ name, type, shape: [...shape], sha256 }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { format: 'bankai.repository/v1', base: { weightsId, tensors: sorted } };
}

/** Reads the descriptor of a commit. Throws REPOSITORY_UNSUPPORTED when it has none, REPOSITORY_CORRUPT. */
export async function readDescriptor(repository: Repository, commit: CommitId): Promise<RepositoryDescriptor> {
  const bytes = await readFileAt(repository, commit, DESCRIPTOR_PATH);
  if (bytes === undefined) {
    throw unsupported(repository, `its commit ${commit.slice(0, 10)} has no ${DESCRIPTOR_PATH}`);
  }
  return decodeCanonical(bytes, {
    byteLimit: BYTE_LIMIT,
    schema: 'repository',
    fail: (problem, cause) =>
      new RepositoryError('REPOSITORY_CORRUPT', `${DESCRIPTOR_PATH} in commit ${commit.slice(0, 10)} ${problem}`, {
        hint: `Restore the file: "git checkout <an older commit> -- ${DESCRIPTOR_PATH}", and commit it.`,
        cause,
      }),
  }) as RepositoryDescriptor;
}

/** Who "makes" the commits that are functions of their content alone: the root and composed stacks. */
export const nobody = { name: 'bankai', email: 'bankai@localhost' };

/**
 * Writes the root commit of a base model: the empty set of patches. It depends on the descriptor alone, so everybody who
 * starts from the same model starts from the same commit.
 */
export async function writeRootCommit(repository: Repository, descriptor: RepositoryDescriptor): Promise<CommitId> {
  const write = async (bytes: Uint8Array) => fileEntry(await writeObject(repository, 'blob', bytes));
  const tree = await changeTree(
    repository,
    undefined,
    new Map([
      // Every path is content-addressed or canonical: git must never change a line ending.
      ['.gitattributes', await write(Buffer.from('* -text\n'))],
      [DESCRIPTOR_PATH, await write(canonicalBytes(descriptor))],
    ]),
  );
  const author = { ...nobody, timestamp: 0, timezoneOffset: 0 };
  const message = `Base model ${descriptor.base.weightsId}\n`;
  return writeCommit(repository, { tree, parents: [], author, committer: author, message });
}
