/** Owns the check that a flip, and so a patch, fits a model: every tensor, row and group of it is there. */
import { CompatibilityError } from '../errors.js';
import { type Flip } from './flip.js';
import { shortId, type WeightsId } from './ids.js';
import { type Patch, patchFlips, patchId } from './patch.js';

/** What of a model's tensor decides whether it can be flipped. */
export interface TensorShape {
  /** GGUF type name; only `Q1_0` has sign bits to flip. */
  readonly type: string;
  readonly rows: number;
  /** 128-weight groups in a row. */
  readonly groups: number;
}

/** Looks up a tensor of the model by GGUF name. */
export type ShapeOf = (tensor: string) => TensorShape | undefined;

/**
 * Asserts that a patch can be applied to the base whose tensors `shapeOf` gives. `name` is what the message calls the
 * patch, by default its short id. Throws BASE_MISMATCH, TENSOR_UNKNOWN, TENSOR_TYPE, ROW_OUT_OF_RANGE.
 */
export function assertPatchFits(patch: Patch, base: WeightsId, shapeOf: ShapeOf, name?: string): void {
  const subject = `apply patch ${name === undefined ? shortId(patchId(patch)) : `"${name}"`}`;
  if (patch.base !== base) {
    throw new CompatibilityError('BASE_MISMATCH', `Cannot ${subject}: it is for base ${patch.base}, not ${base}`, {
      hint: 'Use the base model that the patch was made for; flips mean nothing on other weights.',
      data: { patchBase: patch.base, base },
    });
  }
  for (const flip of patchFlips(patch)) assertFlipFits(flip, shapeOf, subject);
}

/**
 * Asserts that a flip is of a one-bit tensor and inside it; `subject` completes "Cannot …" in the message.
 * Throws TENSOR_UNKNOWN, TENSOR_TYPE, ROW_OUT_OF_RANGE.
 */
export function assertFlipFits(flip: Flip, shapeOf: ShapeOf, subject: string): void {
  const shape = oneBitShape(flip.tensor, shapeOf, subject);
  if (flip.row >= shape.rows) {
    throw outside(`row ${flip.row} is outside ${flip.tensor} (${shape.rows} rows)`, flip, shape, subject);
  }
  if (flip.kind !== 'row' && flip.group >= shape.groups) {
    const place = `row ${flip.row} of ${flip.tensor} (${shape.groups} groups)`;
    throw outside(`group ${flip.group} is outside ${place}`, flip, shape, subject);
  }
}

/** Looks up the shape of a tensor that can be flipped. Throws TENSOR_UNKNOWN, TENSOR_TYPE. */
export function oneBitShape(tensor: string, shapeOf: ShapeOf, subject: string): TensorShape {
  const shape = shapeOf(tensor);
  if (!shape) {
    throw new CompatibilityError('TENSOR_UNKNOWN', `Cannot ${subject}: the model has no tensor ${tensor}`, {
      hint: 'The patch was made for another architecture or size of model.',
      data: { tensor },
    });
  }
  if (shape.type !== 'Q1_0') {
    throw new CompatibilityError('TENSOR_TYPE', `Cannot ${subject}: ${tensor} is ${shape.type}, not Q1_0`, {
      hint: 'Only tensors with one bit a weight can be flipped.',
      data: { tensor, type: shape.type },
    });
  }
  return shape;
}

function outside(problem: string, flip: Flip, shape: TensorShape, subject: string): CompatibilityError {
  return new CompatibilityError('ROW_OUT_OF_RANGE', `Cannot ${subject}: ${problem}`, {
    hint: 'The patch was made for another size of model.',
    data: { flip, rows: shape.rows, groups: shape.groups },
  });
}
