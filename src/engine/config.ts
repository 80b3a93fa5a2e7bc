/** Owns the hyperparameters of a Qwen3 dense model, read from GGUF metadata. */

/** Shapes and constants of the graph; every size comes from the file. */
export interface ModelConfig {
  layers: number;
  /** Embedding length: features of the residual stream. */
  width: number;
  /** Feed-forward length. */
  mlp: number;
  heads: number;
  kvHeads: number;
  headDim: number;
  vocabulary: number;
  contextLength: number;
  epsilon: number;
  ropeBase: number;
}
