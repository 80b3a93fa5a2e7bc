/**
 * Owns llama.cpp as a referee: the builds that node-llama-cpp publishes, driven through their native module without its
 * JavaScript (which would bring 120 packages). Pinned to exact versions, because that module's interface is not public.
 */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A model in llama.cpp, on the CPU. */
export interface Referee {
  /** Token ids of plain text; control tokens in it are not recognised. */
  tokenize(text: string): number[];
  /** Text of token ids, control tokens omitted. */
  detokenize(ids: readonly number[]): string;
  /** log p (nats) of every token after the prompt: (vocabulary). */
  nextLogProbabilities(prompt: string | readonly number[]): Promise<Float64Array>;
  /**
   * Likeliest tokens one after the other, at most `maximumTokens`, without the one that ends the text. `stop` is asked after
   * every token; the one with which it says yes is the last.
   */
  generate(
    prompt: string | readonly number[],
    maximumTokens: number,
    stop?: (generated: readonly number[]) => boolean,
  ): Promise<number[]>;
  /** Evaluates ids as one prompt from an empty context, in batches; for measuring. */
  evaluatePrompt(ids: readonly number[], batchSize: number): Promise<void>;
  dispose(): Promise<void>;
}

export interface RefereeOptions {
  /** Default 1. */
  threads?: number;
  /** Tokens a prompt and its answer may have. Default 512. */
  contextLength?: number;
  /** Most tokens evaluated at once. Default 512. */
  batchSize?: number;
}

/** What is used of the native module. Batch indices come from `addToBatch`, in the order of its `logitIndexes`. */
interface Addon {
  markLoaded(): boolean;
  setLogger(logger: (level: number, message: string) => void): void;
  setLoggerLogLevel(level: number): void;
  loadBackends(directory: string): void;
  init(): Promise<void>;
  AddonModel: new (path: string, options: object) => AddonModel;
  AddonContext: new (model: AddonModel, options: object) => AddonContext;
  AddonSampler: new (model: AddonModel) => AddonSampler;
}

interface AddonModel {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  tokenize(text: string, special: boolean): Uint32Array;
  detokenize(ids: Uint32Array, special: boolean): string;
  isEogToken(id: number): boolean;
}

interface AddonContext {
  init(): Promise<boolean>;
  dispose(): Promise<void>;
  disposeSequence(sequence: number): void;
  initBatch(size: number): void;
  addToBatch(sequence: number, position: number, ids: Uint32Array, logitIndexes: Uint32Array): Uint32Array;
  decodeBatch(): Promise<void>;
  /** → [token, [id, probability, id, probability, …]] */
  sampleToken(index: number, sampler: AddonSampler, probabilities: true): Promise<[number, number[]]>;
  sampleToken(index: number, sampler: AddonSampler): Promise<number>;
}

interface AddonSampler {
  applyConfig(settings: { temperature: number }): void;
  dispose(): void;
}

/** Package of the build for each platform and architecture of Node. */
const builds: Readonly<Record<string, string>> = {
  'linux-x64': 'linux-x64',
  'linux-arm64': 'linux-arm64',
  'darwin-arm64': 'mac-arm64-metal',
  'darwin-x64': 'mac-x64',
  'win32-x64': 'win-x64',
};

/** Seen from the compiled module. */
const packages = '../../../node_modules/@node-llama-cpp';

let loading: Promise<Addon> | undefined;

/** Opens a model file in llama.cpp. Rejects when this platform has no build of it. */
export async function openReferee(modelPath: string, options: RefereeOptions = {}): Promise<Referee> {
  const { threads = 1, contextLength = 512, batchSize = 512 } = options;
  const addon = await (loading ??= loadAddon());
  const model = new addon.AddonModel(modelPath, { addonExports: addon, useMmap: true, gpuLayers: 0 });
  if (!(await model.init())) throw new Error(`llama.cpp cannot load ${modelPath}`);
  const context = new addon.AddonContext(model, { contextSize: contextLength, batchSize, sequences: 1, threads });
  if (!(await context.init())) throw new Error(`llama.cpp cannot make a context for ${modelPath}`);
  const sampler = new addon.AddonSampler(model);
  sampler.applyConfig({ temperature: 0 });

  const tokenize = (text: string) => Array.from(model.tokenize(text, false));
  const idsOf = (prompt: string | readonly number[]) => (typeof prompt === 'string' ? tokenize(prompt) : prompt);
  /** Evaluates tokens at a position; returns the batch index of the last one's logits. */
  const evaluate = async (ids: readonly number[], position: number): Promise<number> => {
    context.initBatch(ids.length);
    const [index] = context.addToBatch(0, position, Uint32Array.from(ids), Uint32Array.of(ids.length - 1));
    await context.decodeBatch();
    return index;
  };

  return {
    tokenize,
    detokenize: (ids) => model.detokenize(Uint32Array.from(ids), false),
    async nextLogProbabilities(prompt) {
      context.disposeSequence(0);
      const [, pairs] = await context.sampleToken(await evaluate(idsOf(prompt), 0), sampler, true);
      const logProbabilities = new Float64Array(pairs.length / 2);
      for (let i = 0; i < pairs.length; i += 2) logProbabilities[pairs[i]] = Math.log(pairs[i + 1]);
      return logProbabilities;
    },
    async generate(prompt, maximumTokens, stop) {
      context.disposeSequence(0);
      const generated: number[] = [];
      const ids = idsOf(prompt);
      for (let next = ids, position = 0; generated.length < maximumTokens;) {
        const token = await context.sampleToken(await evaluate(next, position), sampler);
        if (model.isEogToken(token)) break;
        position += next.length;
        generated.push(token);
        if (stop?.(generated)) break;
        next = [token];
      }
      return generated;
    },
    async evaluatePrompt(ids, size) {
      context.disposeSequence(0);
      for (let from = 0; from < ids.length; from += size) await evaluate(ids.slice(from, from + size), from);
    },
    async dispose() {
      sampler.dispose();
      await context.dispose();
      await model.dispose();
    },
  };
}

/** Loads the build for this platform, silenced; once per process, whoever asks. */
async function loadAddon(): Promise<Addon> {
  const platform = `${process.platform}-${process.arch}`;
  const build = builds[platform];
  const directory = fileURLToPath(new URL(`${packages}/${build}/bins/${build}`, import.meta.url));
  if (!build || !existsSync(directory)) throw new Error(`test/referee/builds has no llama.cpp for ${platform}`);
  const addon = createRequire(import.meta.url)(join(directory, 'llama-addon.node')) as Addon;
  if (addon.markLoaded()) return addon;
  addon.setLogger(() => {});
  addon.setLoggerLogLevel(0);
  addon.loadBackends(directory);
  await addon.init();
  return addon;
}
