/** Owns batched greedy generation: many prompts advance together, one token each per step. */
import { CompatibilityError } from '../errors.js';
import type { GenerateOptions, TokenIds } from './engine.js';
import { embed, forLogits, type Graph, type KeyValueRows, runLayer, tileBytes, tilesOf } from './forward.js';
import { uploadInts, uploadTokens } from './upload.js';
import { type Address, LANES } from './kernels/kernels.js';
import type { WorkCounter } from './stream-runner.js';
import { TokenTree } from './token-tree.js';

/** Bytes of keys and values that one group of prompts may take; more prompts go in several groups. */
const KEY_VALUE_BYTES = 256 << 20;

/** Continues every prompt greedily; see `Engine.generate`. Throws CONTEXT_TOO_LONG. */
export function generateGreedily(
  graph: Graph,
  endOfText: number | undefined,
  prompts: readonly TokenIds[],
  options: GenerateOptions,
  work: WorkCounter,
): number[][] {
  const { config } = graph;
  const rowBytes = config.layers * 2 * config.kvHeads * config.headDim * 4;
  const capacity = Math.max(1, Math.floor(KEY_VALUE_BYTES / rowBytes));
  const answers: number[][] = [];
  for (let first = 0; first < prompts.length;) {
    let rows = 0;
    let end = first;
    while (end < prompts.length) {
      const needed = prompts[end].length + options.maximumTokens;
      if (end > first && rows + needed > capacity) break;
      rows += needed;
      end++;
    }
    answers.push(...generateGroup(graph, endOfText, prompts.slice(first, end), options, work, rows));
    first = end;
  }
  return answers;
}

function generateGroup(
  graph: Graph,
  endOfText: number | undefined,
  prompts: readonly TokenIds[],
  { maximumTokens, stop }: GenerateOptions,
  work: WorkCounter,
  rows: number,
): number[][] {
  const { config, kernels } = graph;
  const tree = new TokenTree();
  const answers: number[][] = prompts.map(() => []);
  let live = prompts.map((prompt, index) => ({
    index,
    node: lastNode(tree, prompt, config.contextLength, maximumTokens),
  }));
  const mark = kernels.memory.mark();
  const rowBytes = rows * config.kvHeads * config.headDim * 4;
  const cache = Array.from({ length: config.layers }, () => ({
    keys: kernels.memory.allocate(rowBytes),
    values: kernels.memory.allocate(rowBytes),
  }));
  let done = 0;
  for (let step = 0; step < maximumTokens && live.length > 0; step++) {
    const next = predictNext(
      graph,
      tree,
      done,
      live.map(({ node }) => node),
      cache,
    );
    work.tokensEvaluated += tree.size - done;
    done = tree.size;
    live = live.flatMap(({ index, node }, i) => {
      const token = next[i];
      if (token === endOfText) return [];
      answers[index].push(token);
      // Never a node that is there already: it was evaluated in an earlier step, and what follows it predicted then.
      return stop?.(answers[index]) ? [] : [{ index, node: tree.append(node, token) }];
    });
  }
  kernels.memory.release(mark);
  return answers;
}

function lastNode(tree: TokenTree, prompt: TokenIds, contextLength: number, maximumTokens: number): number {
  if (prompt.length === 0 || prompt.length + maximumTokens > contextLength) {
    throw new CompatibilityError(
      'CONTEXT_TOO_LONG',
      `A prompt of ${prompt.length} tokens and an answer of up to ${maximumTokens} do not fit the model's context of ${contextLength}`,
      {
        hint: prompt.length === 0 ? 'Give a prompt that is not empty.' : 'Shorten the prompt or ask for fewer tokens.',
      },
    );
  }
  return tree.add(prompt)[prompt.length - 1];
}

/** Evaluates the tree's nodes from `first` on and returns the likeliest token after each of `nodes`. */
function predictNext(
  graph: Graph,
  tree: TokenTree,
  first: number,
  nodes: readonly number[],
  cache: readonly KeyValueRows[],
): number[] {
  const { memory } = graph.kernels;
  const next: number[] = [];
  const mark = memory.mark();
  const x = runNewNodes(graph, tree, first, cache);
  const rows = uploadInts(
    memory,
    nodes.map((node) => node - first),
  );
  forLogits(graph, x, rows, nodes.length, ({ count, argmax }) => {
    next.push(...memory.i32(argmax, tilesOf(count) * LANES).subarray(0, count));
  });
  memory.release(mark);
  return next;
}

/** Logits (vocabulary) after each prompt's last token. */
export function logitsAfter(graph: Graph, prompts: readonly TokenIds[], work: WorkCounter): Float32Array[] {
  const { config, kernels } = graph;
  const { memory } = kernels;
  const tree = new TokenTree();
  const nodes = prompts.map((prompt) => lastNode(tree, prompt, config.contextLength, 0));
  const mark = memory.mark();
  const rowBytes = tree.size * config.kvHeads * config.headDim * 4;
  const shared = { keys: memory.allocate(rowBytes), values: memory.allocate(rowBytes) };
  const x = runNewNodes(
    graph,
    tree,
    0,
    Array.from({ length: config.layers }, () => shared),
  );
  work.tokensEvaluated += tree.size;
  const results: Float32Array[] = [];
  forLogits(graph, x, uploadInts(memory, nodes), nodes.length, ({ count, logits }) => {
    const view = memory.f32(logits, tilesOf(count) * config.vocabulary * LANES);
    for (let i = 0; i < count; i++) {
      const start = Math.floor(i / LANES) * config.vocabulary * LANES + (i % LANES);
      results.push(Float32Array.from({ length: config.vocabulary }, (_, token) => view[start + token * LANES]));
    }
  });
  memory.release(mark);
  return results;
}

/** Pushes the tree's nodes from `first` on through all layers: → tiles of width, to be released by the caller. */
function runNewNodes(graph: Graph, tree: TokenTree, first: number, cache: readonly KeyValueRows[]): Address {
  const { config, kernels, weights } = graph;
  const batch = uploadTokens(graph, tree, tree.paths(first), first);
  const x = kernels.memory.allocate(tileBytes(batch.count, config.width));
  embed(graph, batch, x);
  weights.layers.forEach((layer, i) => runLayer(graph, layer, batch, cache[i], x));
  return x;
}
