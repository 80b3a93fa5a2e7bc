/** Owns where in the model a tensor stands: its layer and its projection, by GGUF name and by the names of other tools. */

/** The projections of a transformer layer: GGUF name without `.weight`, and the name that PyTorch models use. */
export const PROJECTIONS = [
  { projection: 'ffn_gate', torchName: 'gate_proj' },
  { projection: 'ffn_up', torchName: 'up_proj' },
  { projection: 'ffn_down', torchName: 'down_proj' },
  { projection: 'attn_q', torchName: 'q_proj' },
  { projection: 'attn_k', torchName: 'k_proj' },
  { projection: 'attn_v', torchName: 'v_proj' },
  { projection: 'attn_output', torchName: 'o_proj' },
] as const;

/** Where a tensor stands. */
export interface TensorPlace {
  /** Index of the layer; undefined for embeddings and head. */
  readonly layer: number | undefined;
  /** `ffn_up` for `blk.4.ffn_up.weight`, `output` for `output.weight`. */
  readonly projection: string;
}

/** Reads a tensor's place from its GGUF name. */
export function parseTensorName(tensor: string): TensorPlace {
  // No model has more layers; who names a later one wants to see somebody draw them all.
  const match = /^blk\.(0|[1-9][0-9]{0,3})\.(.+)$/.exec(tensor);
  const name = match ? match[2] : tensor;
  return { layer: match ? Number(match[1]) : undefined, projection: name.replace(/\.weight$/, '') };
}

/** Formats the GGUF name of a layer's weight. */
export function formatTensorName(layer: number, projection: string): string {
  return `blk.${layer}.${projection}.weight`;
}
