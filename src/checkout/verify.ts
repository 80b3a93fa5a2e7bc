/** Owns the proof that a model file is its base under a mask: every tensor, with the mask undone, has the base's digest. */
import { RepositoryError } from '../errors.js';
import { tensorDigest } from '../gguf/identity.js';
import type { Gguf, GgufTensor } from '../gguf/read.js';
import type { ByteSource } from '../gguf/source.js';
import type { Mask } from '../patch/mask.js';
import { applyEdits, maskEdits } from './edit.js';

/** A tensor of the base model, by which a file is judged. */
export interface ExpectedTensor {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly number[];
  readonly sha256: string;
}

/** A tensor that is not the base's under the mask. */
export interface TensorFault {
  readonly tensor: string;
  readonly fault: 'missing' | 'unexpected' | 'type' | 'shape' | 'bytes';
}

/**
 * Lists the tensors of a file that are not those of the base under the mask, judging the `expected` ones. `onProgress` is
 * told after each how many bytes were read. Throws IO.
 */
export function findFaults(
  source: ByteSource,
  gguf: Gguf,
  mask: Mask,
  expected: Iterable<ExpectedTensor>,
  onProgress?: (bytesDone: number) => void,
): TensorFault[] {
  const byName = new Map(gguf.tensors.map((tensor) => [tensor.name, tensor]));
  const edits = maskEdits(gguf, mask);
  const undo = (tensor: GgufTensor) => (chunk: Uint8Array, at: number) =>
    applyEdits(edits, chunk, tensor.byteOffset + at);
  const faults: TensorFault[] = [];
  let bytesDone = 0;
  for (const { name, type, shape, sha256 } of expected) {
    const tensor = byName.get(name);
    if (!tensor) faults.push({ tensor: name, fault: 'missing' });
    else if (tensor.type !== type) faults.push({ tensor: name, fault: 'type' });
    else if (!sameShape(tensor.dims, shape)) faults.push({ tensor: name, fault: 'shape' });
    else if (tensorDigest(source, tensor, undo(tensor)) !== sha256) faults.push({ tensor: name, fault: 'bytes' });
    onProgress?.((bytesDone += tensor?.byteLength ?? 0));
  }
  return faults;
}

/** Lists the tensors that a file has beyond the expected ones. */
export function findUnexpected(gguf: Gguf, expected: Iterable<ExpectedTensor>): TensorFault[] {
  const names = new Set([...expected].map(({ name }) => name));
  return gguf.tensors
    .filter(({ name }) => !names.has(name))
    .map(({ name }) => ({ tensor: name, fault: 'unexpected' as const }));
}

/**
 * Asserts that tensors of the working model, by default all, are the base's under the mask that it has now, so that XORing
 * can only lead where it is meant to. Throws MODEL_CHANGED naming the first that is not.
 */
export function assertUnchanged(
  source: ByteSource,
  gguf: Gguf,
  mask: Mask,
  expected: readonly ExpectedTensor[],
  tensors?: readonly string[],
): void {
  const wanted = tensors && new Set(tensors);
  const judged = wanted ? expected.filter(({ name }) => wanted.has(name)) : expected;
  const faults = findFaults(source, gguf, mask, judged);
  if (faults.length === 0) return;
  const [{ tensor }] = faults;
  throw new RepositoryError(
    'MODEL_CHANGED',
    `The working model was changed by something else: ${tensor} is not the base model's under the present patches` +
      (faults.length > 1 ? ` (nor are ${faults.length - 1} more tensors)` : ''),
    {
      hint:
        'Nothing was written. Use "bankai verify" to see all differences. To begin again with a fresh model, remove the ' +
        'file and .git/bankai/state.json, and run "bankai init --model FILE" with the base model: commits and branches stay.',
      data: { faults },
    },
  );
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, i) => size === b[i]);
