import { describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { shapes, writeRandomModel } from '../../bench/random-model.js';
import { type ModelHeader, readConfig } from '../../src/engine/config.js';
import { Metadata, type MetadataEntry, metadataEntry, withMetadata } from '../../src/gguf/metadata.js';
import { readGguf } from '../../src/gguf/read.js';
import { openFile } from '../../src/gguf/source.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';

function headerOf(path: string): ModelHeader {
  const source = openFile(path);
  try {
    return readGguf(source);
  } finally {
    source.close();
  }
}

const fixtureHeader = headerOf(fixtureModel);
const edited = (...entries: MetadataEntry[]): ModelHeader => ({
  ...fixtureHeader,
  metadata: withMetadata(fixtureHeader.metadata, entries),
});
const without = (key: string): ModelHeader => ({
  ...fixtureHeader,
  metadata: new Metadata(fixtureHeader.metadata.entries.filter((entry) => entry.key !== key)),
});
const uint = (key: string, value: number) => metadataEntry(`qwen3.${key}`, 'u32', value);
const float = (key: string, value: number) => metadataEntry(`qwen3.${key}`, 'f32', value);
const word = (key: string, value: string) => metadataEntry(key, 'string', value);

describe('readConfig', () => {
  test('reads the fixture', () => {
    expect(readConfig(fixtureHeader)).toEqual({
      ...{ layers: 6, width: 256, mlp: 768, heads: 4, kvHeads: 2, headDim: 64, vocabulary: 512, contextLength: 512 },
      ...{ epsilon: Math.fround(1e-6), ropeBase: 10_000 },
    });
  });

  test('reads the shape of a random model', () => {
    const path = join(temporaryDirectory(), 'random.gguf');
    writeRandomModel(path, shapes.tiny, 7);
    const { tied: _, ...shape } = shapes.tiny;
    expect(readConfig(headerOf(path))).toMatchObject(shape);
  });

  test('takes defaults for what may be absent', () => {
    expect(readConfig(without('qwen3.attention.head_count_kv')).kvHeads).toBe(4);
    expect(readConfig(without('qwen3.attention.key_length')).headDim).toBe(64);
    expect(readConfig(without('qwen3.rope.freq_base')).ropeBase).toBe(10_000);
  });

  test('reads YaRN', () => {
    const yarn = [word('qwen3.rope.scaling.type', 'yarn'), float('rope.scaling.factor', 4)];
    expect(readConfig(edited(...yarn, uint('rope.scaling.original_context_length', 128))).ropeScaling).toEqual({
      type: 'yarn',
      factor: 4,
      originalContextLength: 128,
    });
  });

  test.each([
    ['no layers', edited(uint('block_count', 0))],
    ['absurdly many layers', edited(uint('block_count', 1 << 30))],
    ['no width', without('qwen3.embedding_length')],
    ['heads that do not share keys', edited(uint('attention.head_count_kv', 3))],
    ['an odd head dimension', edited(uint('attention.key_length', 63), uint('attention.value_length', 63))],
    ['an infinite epsilon', edited(float('attention.layer_norm_rms_epsilon', Infinity))],
    ['no embeddings', { ...fixtureHeader, tensors: [] }],
  ])('refuses %s', async (_, header) => {
    await expect(() => readConfig(header)).toFailWithCode('GGUF_INVALID');
  });

  test.each([
    ['another graph', edited(word('general.architecture', 'qwen35'))],
    ['values of another width than keys', edited(uint('attention.value_length', 32))],
    ['another scaling', edited(word('qwen3.rope.scaling.type', 'longrope'))],
  ])('refuses %s as unsupported', async (_, header) => {
    await expect(() => readConfig(header)).toFailWithCode('ARCHITECTURE_UNSUPPORTED');
  });
});
