/** Memory and threads of the backends. */
import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { root } from '../../paths.js';
import {
  describeBackends,
  placeF32,
  placeMatrix,
  randomMatrix,
  randomValues,
  readF32,
  sameBits,
  toTiles,
  wasm,
} from './backends.js';

describeBackends('memory', ({ memory }) => {
  test('gives aligned pieces that do not overlap, and takes them back in reverse', () => {
    const mark = memory.mark();
    const first = memory.allocate(5);
    const second = memory.allocate(100);
    expect([first % 64, second % 64]).toEqual([0, 0]);
    expect(second).toBeGreaterThanOrEqual(first + 5);
    memory.release(mark);
    expect(memory.allocate(1)).toBe(first);
    expect(() => memory.release(memory.mark() + 64)).toThrow('Cannot release');
    memory.release(mark);
  });

  test('keeps its content while it grows', () => {
    const mark = memory.mark();
    const small = memory.allocate(4);
    memory.f32(small, 1)[0] = 7;
    const large = memory.allocate(5_000_000);
    memory.u8(large, 5_000_000)[4_999_999] = 1;
    expect(memory.f32(small, 1)[0]).toBe(7);
    memory.release(mark);
  });

  test('refuses what does not fit into 4 GiB, and goes on', async () => {
    await expect(() => memory.allocate(2 ** 32)).toFailWithCode('INTERNAL');
    const mark = memory.mark();
    expect(memory.allocate(64)).toBe(mark);
    memory.release(mark);
  });
});

describe('threads', () => {
  test('two instances side by side do not know of each other', async () => {
    const [a, b] = await Promise.all([wasm(2), wasm(2)]);
    const before = placeF32(a, randomValues(64, 1));
    const kept = readF32(a, before, 64);
    for (const seed of [1, 2, 3, 4]) {
      const matrix = randomMatrix(64, 128, seed);
      const x = toTiles(randomValues(40 * 128, seed), 40, 128);
      const [inA, inB] = [a, b].map((kernels) => {
        const out = kernels.memory.allocate(5 * 64 * 8 * 4);
        const weights = placeMatrix(kernels, matrix);
        kernels.matmul({ x: placeF32(kernels, x), weights, out, tiles: 5, accumulate: false });
        return readF32(kernels, out, 5 * 64 * 8);
      });
      expect(sameBits(inA, inB)).toBe(true);
    }
    expect(readF32(a, before, 64)).toEqual(kept);
  });

  test.each([1, 2])('a kernel that reads outside the memory is an error, not a hang (%i threads)', async (threads) => {
    const kernels = await wasm(threads);
    const args = { x: 0xf000_0000, weight: 0xf000_0000, out: 0xf000_0000, features: 64, tiles: 64, epsilon: 0 };
    await expect(() => kernels.rmsNorm(args)).toFailWithCode('INTERNAL');
    const x = placeF32(kernels, new Float32Array(8).fill(2));
    kernels.rmsNorm({ x, weight: placeF32(kernels, [3]), out: x, features: 1, tiles: 1, epsilon: 0 });
    expect(Array.from(readF32(kernels, x, 8))).toEqual(Array(8).fill(3));
  });

  test('many small dispatches in a row all arrive', async () => {
    const kernels = await wasm(3);
    const x = placeF32(kernels, new Float32Array(8 * 8 * 16).fill(1));
    const rows = kernels.memory.allocate(64 * 4);
    kernels.memory.i32(rows, 64).forEach((_, i, all) => (all[i] = (i + 1) % 64));
    kernels.memory.f32(x, 1)[0] = 5;
    const y = kernels.memory.allocate(8 * 8 * 16 * 4);
    for (let turn = 0; turn < 64 * 20; turn++) {
      kernels.gather({ x: turn % 2 ? y : x, rows, rowCount: 64, out: turn % 2 ? x : y, features: 16 });
    }
    expect(readF32(kernels, x, 8 * 8 * 16)[0]).toBe(5);
    expect(readF32(kernels, x, 8 * 8 * 16).reduce((sum, value) => sum + value)).toBe(8 * 8 * 16 + 4);
  });

  test('a process that never disposes its kernels ends by itself', () => {
    const module = join(root, 'dist', 'src', 'engine', 'kernels', 'wasm.js');
    const program = `const { createWasmKernels } = await import(${JSON.stringify(module)});
      const { threads } = await createWasmKernels({ threads: 3 });
      console.log(threads);`;
    const printed = execFileSync('node', ['--input-type=module', '-e', program], {
      encoding: 'utf8',
      timeout: 600_000,
    });
    expect(printed.trim()).toBe('3');
  });
});
