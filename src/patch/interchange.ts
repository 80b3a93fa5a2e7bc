/**
 * Owns the patch files of other tools, `bankai_row_xor_v1` and `bankai_group_xor_v2`: read with tolerance, because such
 * files carry logs and fields of all kinds, but nothing of them save the flips gets into a patch (FORMAT.md, "Interchange").
 */
import { CompatibilityError, FormatError } from '../errors.js';
import { schemaViolation } from '../schema.js';
import { parseJson } from './canonical.js';
import { compareFlips, type Flip } from './flip.js';
import { type WeightsId } from './ids.js';
import { maskFlips, maskOf } from './mask.js';
import { createPatch, type Patch, patchFlips } from './patch.js';
import { formatTensorName, parseTensorName, PROJECTIONS } from './projection.js';
import { assertFlipFits, oneBitShape, type ShapeOf } from './validate.js';

/** Bytes of the largest file that is read; logs make some files 3 MB long. */
export const INTERCHANGE_BYTE_LIMIT = 64 * 2 ** 20;

export type InterchangeFormat = 'bankai_row_xor_v1' | 'bankai_group_xor_v2';

/** What an imported file said besides its flips, for people to read; nothing of it is checked or believed. */
export interface ImportSummary {
  readonly name?: string;
  readonly description?: string;
  readonly baseModel?: string;
  /** Flips in the patch, after those that cancel. */
  readonly flips: number;
  /** Names of fields that the format does not have, ascending; at most twenty. */
  readonly unknownFields: readonly string[];
  /** What people should know about the conversion, as sentences. */
  readonly notes: readonly string[];
}

export interface ImportedPatch {
  readonly patch: Patch;
  readonly format: InterchangeFormat;
  readonly summary: ImportSummary;
}

/** What a `bankai_row_xor_v1` file says about its patch besides the flips. */
export interface ExportLabels {
  readonly name: string;
  readonly description: string;
  readonly baseModel: string;
}

/**
 * Imports a patch file, as bytes or as parsed JSON, for the base whose tensors `shapeOf` gives. A flip listed twice is
 * undone, as it is in the tools that made the file. Throws INTERCHANGE_INVALID, TENSOR_UNKNOWN, TENSOR_TYPE,
 * ROW_OUT_OF_RANGE.
 */
export function importPatch(file: Uint8Array | object, base: WeightsId, shapeOf: ShapeOf): ImportedPatch {
  const value = file instanceof Uint8Array ? parseJson(file, INTERCHANGE_BYTE_LIMIT, invalid) : file;
  const format = detectFormat(value);
  const violation = schemaViolation(SCHEMAS[format], value);
  if (violation !== undefined) throw invalid(`is not a ${format} file: ${violation}`);
  const document = value as { flips: ForeignFlip[] } & Record<string, unknown>;
  const listed = document.flips.map((flip, index) => readFlip(flip, index, format, shapeOf));
  const flips = maskFlips(maskOf(listed));
  if (flips.length === 0) throw invalid('changes nothing: all its flips cancel');
  const labels = {
    name: label(document.name),
    description: label(document.description),
    baseModel: label(document.base_model),
  };
  return {
    patch: createPatch(base, flips),
    format,
    summary: {
      ...Object.fromEntries(Object.entries(labels).filter(([, text]) => text !== undefined)),
      flips: flips.length,
      unknownFields: unknownFields(document, format),
      notes: [...formatNotes(document, format), ...repetitionNotes(listed)],
    },
  };
}

/**
 * Exports a patch as the content of a `bankai_row_xor_v1` file, to be written as JSON. Throws INTERCHANGE_INVALID when
 * the patch flips scale bits or tensors outside the layer projections, which that format cannot say.
 */
export function exportRowXorV1(patch: Patch, labels: ExportLabels) {
  const { name, description, baseModel } = labels;
  return {
    version: 1,
    format: 'bankai_row_xor_v1',
    name,
    description,
    base_model: baseModel,
    flips: patchFlips(patch).map((flip) => {
      const { layer, projection } = parseTensorName(flip.tensor);
      const proj = PROJECTIONS.find((entry) => entry.projection === projection)?.torchName;
      if (flip.kind === 'scale-bit' || layer === undefined || proj === undefined) {
        throw new FormatError(
          'INTERCHANGE_INVALID',
          `Cannot export the patch: bankai_row_xor_v1 has no place for a ${flip.kind} of ${flip.tensor}`,
          { hint: 'Share the patch file itself (canonical JSON), which holds every kind of flip.', data: { flip } },
        );
      }
      return { layer, proj, row: flip.row, ...(flip.kind === 'group' ? { group: flip.group } : {}) };
    }),
  };
}

/** A flip as a file has it, once it fits its schema. */
interface ForeignFlip {
  readonly layer: number;
  readonly proj: string;
}

/** `group` is an index within the row. */
interface ForeignRowFlip extends ForeignFlip {
  readonly row: number;
  readonly group?: number;
}

/** `group` is an index over the whole tensor, row by row; `bit` is there where `type` is "scale". */
interface ForeignBlockFlip extends ForeignFlip {
  readonly group: number;
  readonly type?: 'group' | 'scale';
  readonly bit: number;
}

const SCHEMAS: Record<InterchangeFormat, string> = {
  bankai_row_xor_v1: 'interchange-row-xor-v1',
  bankai_group_xor_v2: 'interchange-group-xor-v2',
};

const FIELDS = new Set(['version', 'format', 'name', 'description', 'base_model', 'flips', 'stats', 'metadata']);
const FLIP_FIELDS: Record<InterchangeFormat, ReadonlySet<string>> = {
  bankai_row_xor_v1: new Set(['layer', 'proj', 'row', 'group']),
  bankai_group_xor_v2: new Set(['layer', 'proj', 'group', 'type', 'bit']),
};

const MAXIMUM_LABEL = 1000;
const MAXIMUM_UNKNOWN_FIELDS = 20;

/** By the `format` field; where that is missing, a group that stands in no row counts over the whole tensor: v2. */
function detectFormat(value: unknown): InterchangeFormat {
  if (!isRecord(value)) throw invalid('is not a JSON object');
  const { format } = value;
  if (format === undefined) {
    const first: unknown = Array.isArray(value.flips) ? value.flips[0] : undefined;
    return isRecord(first) && first.row === undefined && first.group !== undefined
      ? 'bankai_group_xor_v2'
      : 'bankai_row_xor_v1';
  }
  if (format !== 'bankai_row_xor_v1' && format !== 'bankai_group_xor_v2') {
    throw invalid(`has format ${excerpt(format)}, which is neither bankai_row_xor_v1 nor bankai_group_xor_v2`);
  }
  return format;
}

function readFlip(flip: ForeignFlip, index: number, format: InterchangeFormat, shapeOf: ShapeOf): Flip {
  const entry = PROJECTIONS.find(({ projection, torchName }) =>
    [torchName, projection, `${projection}.weight`].includes(flip.proj),
  );
  if (!entry) {
    const known = PROJECTIONS.map(({ torchName }) => torchName).join(', ');
    throw invalid(`has an unknown projection ${excerpt(flip.proj)} in flip ${index} (known: ${known})`);
  }
  const tensor = formatTensorName(flip.layer, entry.projection);
  const subject = `import flip ${index}`;
  const read =
    format === 'bankai_row_xor_v1'
      ? readRowFlip(tensor, flip as ForeignRowFlip)
      : readBlockFlip(tensor, flip as ForeignBlockFlip, shapeOf, subject);
  assertFlipFits(read, shapeOf, subject);
  return read;
}

function readRowFlip(tensor: string, { row, group }: ForeignRowFlip): Flip {
  return group === undefined ? { kind: 'row', tensor, row } : { kind: 'group', tensor, row, group };
}

function readBlockFlip(tensor: string, flip: ForeignBlockFlip, shapeOf: ShapeOf, subject: string): Flip {
  const { rows, groups } = oneBitShape(tensor, shapeOf, subject);
  if (flip.group >= rows * groups) {
    throw new CompatibilityError(
      'ROW_OUT_OF_RANGE',
      `Cannot ${subject}: group ${flip.group} is outside ${tensor} (${rows} rows of ${groups} groups)`,
      { hint: 'The patch was made for another size of model.', data: { tensor, group: flip.group, rows, groups } },
    );
  }
  const [row, group] = [Math.floor(flip.group / groups), flip.group % groups];
  if (flip.type === 'scale') return { kind: 'scale-bit', tensor, row, group, bit: flip.bit };
  return { kind: 'group', tensor, row, group };
}

function unknownFields(document: { flips: ForeignFlip[] } & Record<string, unknown>, format: InterchangeFormat) {
  const names = new Set(Object.keys(document).filter((name) => !FIELDS.has(name)));
  for (const flip of document.flips) {
    for (const name of Object.keys(flip)) if (!FLIP_FIELDS[format].has(name)) names.add(`flips[].${name}`);
  }
  return [...names].sort().slice(0, MAXIMUM_UNKNOWN_FIELDS).map(clip);
}

function formatNotes(document: Record<string, unknown>, format: InterchangeFormat): string[] {
  return document.format === undefined ? [`The file does not name its format; it was read as ${format}.`] : [];
}

function repetitionNotes(listed: readonly Flip[]): string[] {
  const sorted = [...listed].sort(compareFlips);
  const repeated = sorted.filter((flip, i) => i > 0 && compareFlips(sorted[i - 1], flip) === 0).length;
  if (repeated === 0) return [];
  return [`The file lists ${repeated} flip(s) again that it had listed before; each pair of them cancels.`];
}

function label(value: unknown): string | undefined {
  return typeof value === 'string' ? clip(value) : undefined;
}

/** Shortens a text of unknown origin and makes it well-formed Unicode, which canonical JSON demands. */
function clip(text: string): string {
  const short = text.length > MAXIMUM_LABEL ? `${text.slice(0, MAXIMUM_LABEL)}…` : text;
  return Buffer.from(short).toString();
}

function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? String(value)).slice(0, 80);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(problem: string, cause?: unknown): FormatError {
  return new FormatError('INTERCHANGE_INVALID', `Patch file ${problem}`, {
    hint: 'Import a JSON file of format bankai_row_xor_v1 or bankai_group_xor_v2.',
    cause,
  });
}
