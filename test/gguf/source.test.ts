import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bytesSource, openFile } from '../../src/gguf/source.js';
import { temporaryDirectory } from '../paths.js';

const inDirectory = (name: string): string => join(temporaryDirectory(), name);

describe('sources', () => {
  test('a file and its bytes read alike', () => {
    const path = inDirectory('a');
    writeFileSync(
      path,
      Uint8Array.from({ length: 1000 }, (_, index) => index & 255),
    );
    const file = openFile(path);
    for (const source of [file, bytesSource(Uint8Array.from({ length: 1000 }, (_, index) => index & 255))]) {
      const bytes = new Uint8Array(10);
      source.readInto(bytes, 990);
      expect([...bytes]).toEqual([222, 223, 224, 225, 226, 227, 228, 229, 230, 231]);
      expect(source.size).toBe(1000);
    }
    file.close();
  });

  test('reading past the end is refused', async () => {
    const source = bytesSource(new Uint8Array(10));
    await expect(() => source.readInto(new Uint8Array(2), 9)).toFailWithCode('GGUF_TRUNCATED');
    await expect(() => source.readInto(new Uint8Array(1), -1)).toFailWithCode('GGUF_TRUNCATED');
    expect(() => source.readInto(new Uint8Array(0), 10)).not.toThrow();
  });

  test('a file that shrinks while open is noticed', async () => {
    const path = inDirectory('a');
    writeFileSync(path, new Uint8Array(100));
    const file = openFile(path);
    truncateSync(path, 50);
    await expect(() => file.readInto(new Uint8Array(60), 0)).toFailWithCode('GGUF_TRUNCATED');
    file.close();
  });

  test('what is no readable file is refused', async () => {
    await expect(() => openFile(inDirectory('missing'))).toFailWithCode('FILE_NOT_FOUND');
    await expect(() => openFile(temporaryDirectory())).toFailWithCode('IO');
    const pipe = inDirectory('pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(() => openFile(pipe)).toFailWithCode('IO');
  });
});
