/** Owns the ggml tensor types: their layouts, and why none but Q1_0 can be patched by XOR. */

/** A ggml type whose layout is the same wherever its number is used. */
export interface TensorType {
  readonly name: string;
  /** Weights in a block; 1 for types that are not quantised. */
  readonly blockWeights: number;
  readonly blockBytes: number;
}

/** A type that gets mistaken for one sign bit per weight. */
export interface LookAlike {
  readonly name: string;
  /** What the type is, in a word or two. */
  readonly kind: string;
  /** Why its bits cannot be patched by XOR. */
  readonly reason: string;
}

const type = (name: string, blockWeights: number, blockBytes: number): TensorType => ({
  name,
  blockWeights,
  blockBytes,
});

/** By number in the file: `enum ggml_type` and the block structures of llama.cpp (ggml.h, ggml-common.h). */
const TYPES: ReadonlyMap<number, TensorType> = new Map([
  [0, type('F32', 1, 4)],
  [1, type('F16', 1, 2)],
  [2, type('Q4_0', 32, 18)],
  [3, type('Q4_1', 32, 20)],
  [6, type('Q5_0', 32, 22)],
  [7, type('Q5_1', 32, 24)],
  [8, type('Q8_0', 32, 34)],
  [9, type('Q8_1', 32, 36)],
  [10, type('Q2_K', 256, 84)],
  [11, type('Q3_K', 256, 110)],
  [12, type('Q4_K', 256, 144)],
  [13, type('Q5_K', 256, 176)],
  [14, type('Q6_K', 256, 210)],
  [15, type('Q8_K', 256, 292)],
  [16, type('IQ2_XXS', 256, 66)],
  [17, type('IQ2_XS', 256, 74)],
  [18, type('IQ3_XXS', 256, 98)],
  [20, type('IQ4_NL', 32, 18)],
  [21, type('IQ3_S', 256, 110)],
  [22, type('IQ2_S', 256, 82)],
  [23, type('IQ4_XS', 256, 136)],
  [24, type('I8', 1, 1)],
  [25, type('I16', 1, 2)],
  [26, type('I32', 1, 4)],
  [27, type('I64', 1, 8)],
  [28, type('F64', 1, 8)],
  [30, type('BF16', 1, 2)],
  [39, type('MXFP4', 32, 17)],
  // Also the Q1_0_g128 of PrismML's first fork: same number, same block.
  [41, type('Q1_0', 128, 18)],
]);

const TWO_BIT_TERNARY = {
  kind: 'ternary',
  reason: 'its weights are 2-bit codes for −1, 0 and +1, and XOR of 2-bit codes makes invalid states',
};
const PACKED_TERNARY = {
  kind: 'ternary',
  reason: 'its weights are −1, 0 and +1 packed five to a byte in base 3, and XOR of such bytes makes invalid states',
};
const CODEBOOK = {
  kind: 'codebook',
  reason: 'its bits are indices into a table of vectors, so flipping one changes eight weights to unrelated values',
};

/**
 * Never given a layout: forks have used the numbers 40 to 43 for several, so their lengths in a file cannot be trusted.
 */
const LOOK_ALIKES: ReadonlyMap<number, LookAlike> = new Map([
  [19, { name: 'IQ1_S', ...CODEBOOK }],
  [29, { name: 'IQ1_M', ...CODEBOOK }],
  [34, { name: 'TQ1_0', ...PACKED_TERNARY }],
  [35, { name: 'TQ2_0', ...TWO_BIT_TERNARY }],
  [
    40,
    {
      name: 'NVFP4',
      kind: '4-bit floating point, or the withdrawn 32-weight Q1_0 of an early PrismML fork',
      reason: 'the first has no sign bits that stand alone, and the second is laid out unlike Q1_0',
    },
  ],
  [42, { name: 'Q2_0', ...TWO_BIT_TERNARY }],
  [43, { name: 'a private type of some forks', ...TWO_BIT_TERNARY }],
  [142, { name: 'PQ2_0', ...TWO_BIT_TERNARY }],
  [143, { name: 'PTQ1_0', ...PACKED_TERNARY }],
]);

/** Finds the layout of a type by its number in the file. */
export function tensorTypeOf(typeId: number): TensorType | undefined {
  return TYPES.get(typeId);
}

/** Finds what is mistaken for a one-bit type, by its number in the file. */
export function lookAlikeOf(typeId: number): LookAlike | undefined {
  return LOOK_ALIKES.get(typeId);
}
