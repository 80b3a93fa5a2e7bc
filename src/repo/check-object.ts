/** Owns what git's objects must look like, as `git fsck --strict` judges them: their text, not what they name. */
import type { ObjectId } from './ids.js';

/** What an object names, and what that must be. */
export interface Link {
  readonly oid: ObjectId;
  readonly type: string;
}

const modes = new Map([
  ['100644', 'blob'],
  ['100755', 'blob'],
  ['120000', 'blob'],
  ['40000', 'tree'],
  ['160000', 'commit'],
]);

/** Lists what is wrong with the content of an object. */
export function objectProblems(type: string, content: Buffer): string[] {
  if (type === 'blob') return [];
  if (type === 'tree') return treeProblems(content);
  if (type === 'commit') return headerProblems(content, commitLines);
  if (type === 'tag') return headerProblems(content, tagLines);
  return [`is of the unknown type "${type}"`];
}

/** Lists what an object names, commits of submodules left out. */
export function objectLinks(type: string, content: Buffer): Link[] {
  if (type === 'tree') {
    return [...treeEntries(content)].flatMap(({ mode, oid }) =>
      modes.get(mode) === 'commit' ? [] : [{ oid, type: modes.get(mode) ?? 'blob' }],
    );
  }
  if (type === 'blob') return [];
  const lines = headerOf(content);
  if (type === 'tag') {
    const [oid, named] = [lines[0]?.slice('object '.length) ?? '', lines[1]?.slice('type '.length) ?? ''];
    return /^[0-9a-f]{40}$/.test(oid) ? [{ oid, type: named }] : [];
  }
  return linksOf(lines);
}

/** The tree, and the parents right after it. */
function linksOf(lines: readonly string[]): Link[] {
  const links: Link[] = [];
  for (const line of lines) {
    const [, name, oid] = /^(tree|parent) ([0-9a-f]{40})$/.exec(line) ?? [];
    if (oid === undefined) break;
    links.push({ oid, type: name === 'tree' ? 'tree' : 'commit' });
  }
  return links;
}

interface RawEntry {
  readonly mode: string;
  readonly name: Buffer;
  readonly oid: ObjectId;
}

function* treeEntries(content: Buffer): Generator<RawEntry> {
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    const end = space < 0 ? -1 : content.indexOf(0, space);
    if (end < 0 || end + 21 > content.length) return;
    const oid = content.toString('hex', end + 1, end + 21);
    yield { mode: content.toString('latin1', at, space), name: content.subarray(space + 1, end), oid };
    at = end + 21;
  }
}

function treeProblems(content: Buffer): string[] {
  const problems = new Set<string>();
  const names = new Set<string>();
  let length = 0;
  let before: Buffer | undefined;
  for (const { mode, name, oid } of treeEntries(content)) {
    const text = name.toString('utf8');
    length += mode.length + name.length + 22;
    if (!modes.has(mode)) problems.add(`has an entry of the mode ${mode}`);
    if (/^0+$/.test(oid)) problems.add(`has an entry "${text}" that names nothing`);
    if (text === '' || text.includes('/') || isReserved(text)) problems.add(`has an entry with the name "${text}"`);
    // git orders a directory as if its name ended in a slash.
    const place = mode === '40000' ? Buffer.concat([name, Buffer.from('/')]) : name;
    if (before !== undefined && before.compare(place) > 0) problems.add('is not in order');
    before = place;
    if (names.has(text)) problems.add(`has two entries "${text}"`);
    names.add(text);
  }
  if (length !== content.length) problems.add('ends in the middle of an entry');
  return [...problems];
}

const isReserved = (name: string): boolean => name === '.' || name === '..' || /^(\.git|git~1)[ .]*$/i.test(name);

const person = /^(author|committer|tagger) [^<>\n]*[^<>\n ]? ?<[^<>\n]*> (0|[1-9][0-9]*) [+-][0-9]{4}$/;

/** Checks the lines of a header one after the other; says what is wrong with the first bad one. */
type LineCheck = (lines: readonly string[]) => string | undefined;

const commitLines: LineCheck = (lines) => {
  let at = 0;
  if (!/^tree [0-9a-f]{40}$/.test(lines[at++] ?? '')) return 'does not begin with a tree';
  while (lines[at]?.startsWith('parent ')) {
    if (!/^parent [0-9a-f]{40}$/.test(lines[at++])) return 'has a parent that is no id';
  }
  for (const role of ['author', 'committer']) {
    const line = lines[at++] ?? '';
    if (!line.startsWith(`${role} `)) return `has no ${role} where one must be`;
    const problem = personProblem(role, line);
    if (problem !== undefined) return problem;
    if (lines[at]?.startsWith(`${role} `)) return `has several ${role}s`;
  }
  return undefined;
};

const tagLines: LineCheck = ([object = '', type = '', tag = '', tagger = '']) => {
  if (!/^object [0-9a-f]{40}$/.test(object)) return 'does not begin with an object';
  if (!/^type (commit|tree|blob|tag)$/.test(type)) return 'does not say the type of its object';
  if (!/^tag [^ ~^:?*[\\]+$/.test(tag)) return 'has no name';
  return tagger.startsWith('tagger ') ? personProblem('tagger', tagger) : undefined;
};

const personProblem = (role: string, line: string): string | undefined =>
  person.test(line) && !line.startsWith(`${role} <`) ? undefined : `has a malformed ${role}`;

function headerProblems(content: Buffer, check: LineCheck): string[] {
  if (content.includes(0)) return ['has a NUL byte'];
  const problem = check(headerOf(content));
  return problem === undefined ? [] : [problem];
}

function headerOf(content: Buffer): string[] {
  const end = content.indexOf('\n\n');
  const text = content.toString('utf8', 0, end < 0 ? content.length : end);
  return (end < 0 && text.endsWith('\n') ? text.slice(0, -1) : text).split('\n');
}
