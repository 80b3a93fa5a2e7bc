import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { encodeHeader } from '../../src/gguf/encode.js';
import { metadataEntry, withMetadata } from '../../src/gguf/metadata.js';
import { type Gguf, readGguf } from '../../src/gguf/read.js';
import { type ByteSource, bytesSource } from '../../src/gguf/source.js';
import { writeGguf, type WriteOptions } from '../../src/gguf/write.js';
import { fixtureModel, temporaryDirectory } from '../paths.js';
import { arbitraryGguf, arbitraryNan } from './arbitrary.js';
import { buildGguf, smallModel } from './build.js';

/** Reads a model from bytes and writes it to a file of its own. → the bytes written */
async function rewrite(bytes: Uint8Array, options?: WriteOptions): Promise<Buffer> {
  const path = join(temporaryDirectory(), 'out.gguf');
  const source = bytesSource(bytes);
  await writeGguf(source, readGguf(source), path, options);
  return readFileSync(path);
}

const original = readFileSync(fixtureModel);
const open = (bytes: Uint8Array): { source: ByteSource; gguf: Gguf } => {
  const source = bytesSource(bytes);
  return { source, gguf: readGguf(source) };
};

describe('an untouched model is written byte for byte', () => {
  test('the fixture', async () => {
    expect(Buffer.compare(await rewrite(original), original)).toBe(0);
  });

  test('any sound header', () => {
    fc.assert(
      fc.property(arbitraryGguf, ({ bytes, dataOffset }) => {
        const header = encodeHeader(open(bytes).gguf);
        return Buffer.compare(header, bytes.subarray(0, dataOffset)) === 0;
      }),
      { numRuns: 500 },
    );
  });

  test('any sound file', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryGguf, async ({ bytes }) => Buffer.compare(await rewrite(bytes), bytes) === 0),
      { numRuns: 30 },
    );
  });

  test('NaNs keep their payloads', () => {
    fc.assert(
      fc.property(arbitraryNan, (nan) => {
        const { bytes, dataOffset } = buildGguf({ entries: [{ key: 'x', typeId: 6, bytes: nan }] });
        const { gguf } = open(bytes);
        expect(gguf.metadata.float('x')).toBeNaN();
        return Buffer.compare(encodeHeader(gguf), bytes.subarray(0, dataOffset)) === 0;
      }),
    );
  });
});

describe('edits', () => {
  test('other metadata leaves the data section as it is', async () => {
    const { gguf } = open(original);
    const metadata = withMetadata(gguf.metadata, [
      metadataEntry('general.name', 'string', 'A much longer name '.repeat(9)),
    ]);
    const written = await rewrite(original, { metadata });
    const reread = open(written).gguf;
    expect(reread.metadata.text('general.name')).toHaveLength(171);
    expect(reread.dataOffset).toBeGreaterThan(gguf.dataOffset);
    expect(Buffer.compare(written.subarray(reread.dataOffset), original.subarray(gguf.dataOffset))).toBe(0);
    expect(reread.tensors.map(({ name, byteOffset }) => [name, byteOffset - reread.dataOffset])).toEqual(
      gguf.tensors.map(({ name, byteOffset }) => [name, byteOffset - gguf.dataOffset]),
    );
  });

  test('a transformation sees every byte of the data section once, by its offset in the source', async () => {
    const { gguf } = open(original);
    const seen: number[] = [];
    const target = gguf.tensor('output.weight').byteOffset + 5;
    const written = await rewrite(original, {
      transform: (bytes, byteOffset) => {
        seen.push(byteOffset, bytes.length);
        if (byteOffset <= target && target < byteOffset + bytes.length) bytes[target - byteOffset] ^= 255;
      },
    });
    const expected = Uint8Array.from(original);
    expected[target] ^= 255;
    expect(Buffer.compare(written, expected)).toBe(0);
    expect(seen).toEqual([gguf.dataOffset, original.length - gguf.dataOffset]);
  });

  test('progress ends at the length of the data section', async () => {
    const told: number[][] = [];
    await rewrite(original, { onProgress: (...progress) => void told.push(progress) });
    const total = original.length - open(original).gguf.dataOffset;
    expect(told.at(-1)).toEqual([total, total]);
  });

  test('another alignment is refused', async () => {
    const { gguf } = open(buildGguf(smallModel()).bytes);
    const metadata = withMetadata(gguf.metadata, [metadataEntry('general.alignment', 'u32', 64)]);
    await expect(() => encodeHeader({ ...gguf, metadata })).toFailWithCode('GGUF_INVALID');
  });
});

describe('the target', () => {
  test('is not replaced unless asked for, be it a file or a dangling link', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'taken.gguf');
    writeFileSync(path, 'precious');
    symlinkSync(join(directory, 'nowhere'), join(directory, 'link.gguf'));
    const { source, gguf } = open(original);
    await expect(writeGguf(source, gguf, path)).toFailWithCode('FILE_EXISTS');
    await expect(writeGguf(source, gguf, join(directory, 'link.gguf'))).toFailWithCode('FILE_EXISTS');
    expect(readFileSync(path, 'utf8')).toBe('precious');
    await writeGguf(source, gguf, path, { overwrite: true });
    expect(readFileSync(path).length).toBe(original.length);
  });

  test('is not replaced when it appears meanwhile', async () => {
    const path = join(temporaryDirectory(), 'raced.gguf');
    const { source, gguf } = open(original);
    const writing = writeGguf(source, gguf, path, { onProgress: () => writeFileSync(path, 'precious') });
    await expect(writing).toFailWithCode('FILE_EXISTS');
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('is not there at all when writing fails', async () => {
    const directory = temporaryDirectory();
    const path = join(directory, 'out.gguf');
    const { source, gguf } = open(original);
    const onProgress = (): void => {
      throw new RangeError('stop');
    };
    await expect(writeGguf(source, gguf, path, { onProgress })).rejects.toThrow('stop');
    await expect(writeGguf(bytesSource(original.subarray(0, 20000)), gguf, path)).toFailWithCode('GGUF_TRUNCATED');
    expect(readdirSync(directory)).toEqual([]);
    await expect(writeGguf(source, gguf, join(directory, 'missing', 'out.gguf'))).toFailWithCode('IO');
    expect(existsSync(join(directory, 'missing'))).toBe(false);
  });
});
