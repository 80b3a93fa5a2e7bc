/**
 * A disk's view of what a process did: which changes have not been synced, and how to take them back as a power loss may.
 * Strict: a name is safe only once its directory was synced, content only once its file was. Everything is synchronous.
 */
import fs from 'node:fs';
import { dirname, join } from 'node:path';
import { randomFrom } from '../fuzz/random.js';

// The functions as they are before anything is put in front of them.
const { existsSync, fstatSync, ftruncateSync, linkSync, lstatSync, openSync, closeSync, readSync } = fs;
const { renameSync, rmSync, mkdirSync, writeSync } = fs;

interface Content {
  /** Bytes that were there when the file was last synced. */
  synced: number;
  /** What writes since then replaced, in order. */
  replaced: { at: number; bytes: Buffer }[];
}

interface NameChange {
  readonly directory: string;
  undo(): void;
}

export class Unsynced {
  private names: NameChange[] = [];
  private readonly contents = new Map<string, Content>();
  private buried = 0;
  private readonly graveyard: string;

  constructor(graveyard: string) {
    this.graveyard = graveyard;
  }

  created(path: string): void {
    this.contents.set(path, { synced: 0, replaced: [] });
    this.changedName(path, () => rmSync(path, { force: true }));
  }

  made(directory: string): void {
    this.changedName(directory, () => rmSync(directory, { recursive: true, force: true }));
  }

  removingDirectory(directory: string): void {
    this.changedName(directory, () => mkdirSync(directory));
  }

  removing(path: string): void {
    const grave = this.bury(path);
    if (grave !== undefined) this.changedName(path, () => renameSync(grave, path));
    this.contents.delete(path);
  }

  linking(path: string): void {
    this.changedName(path, () => rmSync(path, { force: true }));
  }

  renaming(from: string, to: string): void {
    const grave = this.bury(to);
    const content = this.contents.get(from);
    this.contents.delete(from);
    this.contents.delete(to);
    if (content) this.contents.set(to, content);
    this.changedName(to, () => {
      if (existsSync(to)) renameSync(to, from);
      if (grave !== undefined) renameSync(grave, to);
    });
  }

  /** To be told before a write. */
  writing(path: string, descriptor: number, at: number, length: number): void {
    const content = this.contents.get(path) ?? { synced: fstatSync(descriptor).size, replaced: [] };
    this.contents.set(path, content);
    const bytes = Buffer.alloc(Math.max(0, Math.min(length, content.synced - at)));
    if (bytes.length === 0) return;
    // The descriptor may be for writing only.
    const reader = openSync(path, 'r');
    readSync(reader, bytes, 0, bytes.length, at);
    closeSync(reader);
    content.replaced.push({ at, bytes });
  }

  /** To be told after a file or a directory was synced. */
  synced(path: string, descriptor: number): void {
    const stats = fstatSync(descriptor);
    if (stats.isDirectory()) this.names = this.names.filter(({ directory }) => directory !== path);
    else this.contents.set(path, { synced: stats.size, replaced: [] });
  }

  /** Takes back unsynced changes: all with seed 0, else some: content at random, names from a random one on. */
  lose(seed: number): void {
    const random = randomFrom(seed);
    for (const [path, { synced, replaced }] of this.contents) {
      if (!existsSync(path) || !lstatSync(path).isFile()) continue;
      const descriptor = openSync(path, 'r+');
      for (const { at, bytes } of replaced.reverse()) {
        if (seed === 0 || random.integer(2) === 0) writeSync(descriptor, bytes, 0, bytes.length, at);
      }
      const { size } = fstatSync(descriptor);
      if (size > synced) ftruncateSync(descriptor, synced + (seed === 0 ? 0 : random.integer(size - synced)));
      closeSync(descriptor);
    }
    const kept = seed === 0 ? 0 : random.integer(this.names.length + 1);
    for (const { undo } of this.names.slice(kept).reverse()) undo();
  }

  private changedName(path: string, undo: () => void): void {
    this.names.push({ directory: dirname(path), undo: () => ignoringAbsence(undo) });
  }

  /** Keeps what a name stands for. */
  private bury(path: string): string | undefined {
    if (!existsSync(path)) return undefined;
    const grave = join(this.graveyard, `${process.pid}-${this.buried++}`);
    linkSync(path, grave);
    return grave;
  }
}

function ignoringAbsence(action: () => void): void {
  try {
    action();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
