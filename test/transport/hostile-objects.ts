/** Objects that somebody puts into a repository of theirs, without a program that would mind. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { runGit } from '../repo/sandbox.js';
import { idOf } from './hostile-pack.js';

/** An entry of a tree, with a name that may be anything. */
export type Entry = readonly [mode: string, name: string, oid: string];

/** A bare repository in the hands of an attacker. */
export class EvilRepository {
  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
  }

  git(...args: string[]): string {
    return runGit(this.directory, ...args);
  }

  /** Writes an object under the id that its bytes have. */
  object(type: string, content: Buffer): string {
    const oid = idOf({ type, content });
    const path = join(this.directory, 'objects', oid.slice(0, 2), oid.slice(2));
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, deflateSync(Buffer.concat([Buffer.from(`${type} ${content.length}\0`), content])));
    return oid;
  }

  blob(text: string | Uint8Array): string {
    return this.object('blob', Buffer.from(text as string));
  }

  /** A tree of entries in the order given. */
  tree(...entries: readonly Entry[]): string {
    const bytes = entries.flatMap(([mode, name, oid]) => [Buffer.from(`${mode} ${name}\0`), Buffer.from(oid, 'hex')]);
    return this.object('tree', Buffer.concat(bytes));
  }

  /** The tree of `main` with files set or, where there is no content, removed. */
  treeWith(files: Readonly<Record<string, string | Uint8Array | undefined>>): string {
    this.git('read-tree', 'main');
    for (const [path, content] of Object.entries(files)) {
      if (content === undefined) this.git('--work-tree=.', 'update-index', '--force-remove', path);
      else this.git('update-index', '--add', '--cacheinfo', `100644,${this.blob(content)},${path}`);
    }
    return this.git('write-tree');
  }

  /** The entries of the tree of `main`. */
  entries(): Entry[] {
    return this.git('ls-tree', 'main')
      .split('\n')
      .map((text) => /^(\d+) \w+ ([0-9a-f]{40})\t(.*)$/.exec(text) ?? [])
      .map(([, mode, oid, name]) => [mode.replace(/^0/, ''), name, oid]);
  }

  /** Puts a commit of a tree on top of `main`. */
  commit(tree: string): string {
    const person = 'Eve <eve@example.org> 1700000000 +0000';
    const text = `tree ${tree}\nparent ${this.git('rev-parse', 'main')}\nauthor ${person}\ncommitter ${person}\n\nevil\n`;
    return this.moveTo(this.object('commit', Buffer.from(text)));
  }

  moveTo(oid: string): string {
    writeFileSync(join(this.directory, 'refs', 'heads', 'main'), `${oid}\n`);
    return oid;
  }
}
