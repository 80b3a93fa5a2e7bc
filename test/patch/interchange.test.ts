import { describe, expect, test } from '@jest/globals';
import { canonicalBytes } from '../../src/patch/canonical.js';
import { exportRowXorV1, importPatch, INTERCHANGE_BYTE_LIMIT } from '../../src/patch/interchange.js';
import { createPatch, patchFlips } from '../../src/patch/patch.js';
import type { TensorShape } from '../../src/patch/validate.js';
import { base } from './arbitrary.js';

/** The 8B model: rows of 4096 weights, 32 groups; `down` rows of 12288, 96 groups. */
const shapeOf = (tensor: string): TensorShape | undefined => {
  const match = /^blk\.(\d+)\.(\w+)\.weight$/.exec(tensor);
  if (!match || Number(match[1]) >= 36) return undefined;
  if (match[2] === 'attn_k') return { type: 'F32', rows: 1, groups: 0 };
  return match[2] === 'ffn_down'
    ? { type: 'Q1_0', rows: 4096, groups: 96 }
    : { type: 'Q1_0', rows: match[2].startsWith('ffn') ? 12288 : 4096, groups: 32 };
};
const load = (file: Uint8Array | object) => importPatch(file, base, shapeOf);

const rows = {
  version: 1,
  format: 'bankai_row_xor_v1',
  name: 'math_v1',
  description: 'Calculus',
  base_model: 'prism-ml/Bonsai-8B',
  flips: [
    { layer: 1, proj: 'up_proj', row: 3150 },
    { layer: 34, proj: 'gate_proj', row: 12287 },
    { layer: 2, proj: 'o_proj', row: 5, group: 31 },
  ],
  stats: { n_flips: 3, bits_flipped: 12288 },
  metadata: { device: 'M3' },
};
const groups = {
  format: 'bankai_group_xor_v2',
  flips: [
    { layer: 34, proj: 'ffn_gate.weight', group: 158341, type: 'group' },
    { layer: 34, proj: 'ffn_down.weight', group: 97, type: 'scale', bit: 4 },
    { layer: 34, proj: 'ffn_down.weight', group: 95 },
  ],
};

describe('bankai_row_xor_v1', () => {
  test('becomes rows and groups of GGUF tensors, with its labels apart', () => {
    const { patch, format, summary } = load(rows);
    expect(format).toBe('bankai_row_xor_v1');
    expect(patchFlips(patch)).toEqual([
      { kind: 'row', tensor: 'blk.1.ffn_up.weight', row: 3150 },
      { kind: 'group', tensor: 'blk.2.attn_output.weight', row: 5, group: 31 },
      { kind: 'row', tensor: 'blk.34.ffn_gate.weight', row: 12287 },
    ]);
    expect(summary).toEqual({
      name: 'math_v1',
      description: 'Calculus',
      baseModel: 'prism-ml/Bonsai-8B',
      flips: 3,
      unknownFields: [],
      notes: [],
    });
  });

  test('is recognised without version and format, and says so', () => {
    const { format, patch, summary } = load({ flips: rows.flips });
    expect(format).toBe('bankai_row_xor_v1');
    expect(patch).toEqual(load(rows).patch);
    expect(summary.notes).toEqual(['The file does not name its format; it was read as bankai_row_xor_v1.']);
  });

  test('undoes a flip that is listed twice, and says so', () => {
    const { patch, summary } = load({ ...rows, flips: [...rows.flips, rows.flips[0]] });
    expect(patchFlips(patch)).toHaveLength(2);
    expect(summary.flips).toBe(2);
    expect(summary.notes).toEqual([
      'The file lists 1 flip(s) again that it had listed before; each pair of them cancels.',
    ]);
  });

  test('has no scale flips, whatever stray fields a flip carries', () => {
    const stray = rows.flips.map((flip) => ({ ...flip, type: 'scale', bit: 99 }));
    const { patch, summary } = load({ ...rows, flips: stray });
    expect(patch).toEqual(load(rows).patch);
    expect(summary.unknownFields).toEqual(['flips[].bit', 'flips[].type']);
  });

  test('goes out as it came in', () => {
    const exported = exportRowXorV1(load(rows).patch, {
      name: rows.name,
      description: rows.description,
      baseModel: rows.base_model,
    });
    expect(load(exported)).toEqual(load(rows));
  });

  test.each([
    ['scale bits', { kind: 'scale-bit' as const, tensor: 'blk.0.ffn_up.weight', row: 0, group: 0, bit: 4 }],
    ['tensors outside the layers', { kind: 'row' as const, tensor: 'token_embd.weight', row: 0 }],
  ])('cannot hold %s', async (_what, flip) => {
    const labels = { name: '', description: '', baseModel: '' };
    await expect(() => exportRowXorV1(createPatch(base, [flip]), labels)).toFailWithCode('INTERCHANGE_INVALID');
  });
});

describe('bankai_group_xor_v2', () => {
  test('counts groups over the whole tensor', () => {
    const { patch, format } = load(groups);
    expect(format).toBe('bankai_group_xor_v2');
    expect(patchFlips(patch)).toEqual([
      { kind: 'group', tensor: 'blk.34.ffn_down.weight', row: 0, group: 95 },
      { kind: 'scale-bit', tensor: 'blk.34.ffn_down.weight', row: 1, group: 1, bit: 4 },
      { kind: 'group', tensor: 'blk.34.ffn_gate.weight', row: 4948, group: 5 },
    ]);
  });

  test('is recognised by a group without a row', () => {
    expect(load({ flips: groups.flips })).toMatchObject({ format: 'bankai_group_xor_v2', patch: load(groups).patch });
  });

  test('may carry megabytes of logs, which stay out of the patch', () => {
    const log = Array.from({ length: 30_000 }, (_, i) => ({
      probe: i,
      before: 0.25,
      after: -1.5,
      text: 'd/dx [x^2] = 2x',
    }));
    const flips = groups.flips.map((flip) => ({ ...flip, gain: 0.125 }));
    const bytes = canonicalBytes({ ...groups, flips, per_probe: log, zeta: null });
    expect(bytes.length).toBeGreaterThan(1.5e6);
    const { patch, summary } = load(bytes);
    expect(patch).toEqual(load(groups).patch);
    expect(summary.unknownFields).toEqual(['flips[].gain', 'per_probe', 'zeta']);
  });
});

describe('importing', () => {
  const first = rows.flips[0];
  const scale = groups.flips[1];
  test.each<[string, object | string, string]>([
    ['no JSON', '{', 'INTERCHANGE_INVALID'],
    ['null', 'null', 'INTERCHANGE_INVALID'],
    ['a list', '[]', 'INTERCHANGE_INVALID'],
    ['no flips', { format: 'bankai_row_xor_v1' }, 'INTERCHANGE_INVALID'],
    ['an empty list of flips', { ...rows, flips: [] }, 'INTERCHANGE_INVALID'],
    ['flips that all cancel', { ...rows, flips: [first, first] }, 'INTERCHANGE_INVALID'],
    ['another format', { ...rows, format: 'lora' }, 'INTERCHANGE_INVALID'],
    ['a format that is no text', { ...rows, format: null }, 'INTERCHANGE_INVALID'],
    ['an unknown projection', { ...rows, flips: [{ ...first, proj: 'router' }] }, 'INTERCHANGE_INVALID'],
    ['a negative row', { ...rows, flips: [{ ...first, row: -1 }] }, 'INTERCHANGE_INVALID'],
    ['a row as text', { ...rows, flips: [{ ...first, row: '3' }] }, 'INTERCHANGE_INVALID'],
    ['a scale without a bit', { ...groups, flips: [{ ...scale, bit: undefined }] }, 'INTERCHANGE_INVALID'],
    ['an exponent bit', { ...groups, flips: [{ ...scale, bit: 10 }] }, 'INTERCHANGE_INVALID'],
    ['a kind of flip that is not known', { ...groups, flips: [{ ...scale, type: 'sign' }] }, 'INTERCHANGE_INVALID'],
    ['a row outside the tensor', { ...rows, flips: [{ ...first, row: 12288 }] }, 'ROW_OUT_OF_RANGE'],
    ['a group outside the row', { ...rows, flips: [{ ...first, group: 32 }] }, 'ROW_OUT_OF_RANGE'],
    ['a group outside the tensor', { ...groups, flips: [{ ...scale, group: 4096 * 96 }] }, 'ROW_OUT_OF_RANGE'],
    ['a layer that is not there', { ...rows, flips: [{ ...first, layer: 36 }] }, 'TENSOR_UNKNOWN'],
    ['a group of a layer that is not there', { ...groups, flips: [{ ...scale, layer: 36 }] }, 'TENSOR_UNKNOWN'],
    ['a tensor of floats', { ...rows, flips: [{ ...first, proj: 'k_proj', row: 0 }] }, 'TENSOR_TYPE'],
    ['a group of a tensor of floats', { ...groups, flips: [{ ...scale, proj: 'attn_k.weight' }] }, 'TENSOR_TYPE'],
  ])('refuses %s', async (_what, file, code) => {
    const bytes =
      typeof file === 'string' ? new TextEncoder().encode(file) : new TextEncoder().encode(JSON.stringify(file));
    await expect(() => load(bytes)).toFailWithCode(code as 'INTERCHANGE_INVALID');
  });

  test('refuses a file beyond the limit before reading it', async () => {
    await expect(() => load(new Uint8Array(INTERCHANGE_BYTE_LIMIT + 1))).toFailWithCode('INTERCHANGE_INVALID');
  });

  test('names the flip and the projection that it does not know', () => {
    expect(() => load({ ...rows, flips: [first, { ...first, proj: 'router' }] })).toThrow(
      'Patch file has an unknown projection "router" in flip 1 (known: gate_proj, up_proj, down_proj, q_proj, k_proj, v_proj, o_proj)',
    );
  });

  test('shortens labels and repairs their Unicode, for they go into signed statements', () => {
    const { summary } = load({ ...rows, name: 'é'.repeat(5000), description: 'a\ud800', base_model: 7 });
    expect(summary.name).toHaveLength(1001);
    expect(summary.description).toBe('a\ufffd');
    expect(summary.baseModel).toBeUndefined();
  });
});
