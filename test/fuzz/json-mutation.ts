/** Owns the damaging of JSON files: of the tree, so that most of it stays meaningful, and of the bytes. */
import type { Random } from './random.js';

/** Values at which readers of JSON go wrong. */
const ODD: readonly unknown[] = [
  ...[null, true, '', '0', [], {}, [[]], -0, -1, 0, 1, 9, 10, 0.5, 1e-7, 1e21, 4294967295, 4294967296, 2 ** 53],
  ...['__proto__', 'constructor', 'blk.0.ffn_up.weight', '\ud800', '\u0000', 'é', 'a'.repeat(65), 'f'.repeat(64)],
];

/** Damages a file: a few times its tree, then sometimes its bytes. */
export function mutateJson(sample: object, random: Random): Uint8Array {
  let tree: unknown = structuredClone(sample);
  for (let count = random.integer(4); count > 0; count--) tree = mutateTree(tree, random);
  const bytes = Buffer.from(JSON.stringify(sortKeys(tree)));
  return random.integer(3) === 0 ? mutateBytes(bytes, random) : bytes;
}

function mutateTree(node: unknown, random: Random): unknown {
  if (typeof node !== 'object' || node === null || random.integer(20) === 0) return mutateNode(node, random);
  const entries = Object.entries(node);
  if (entries.length === 0) return mutateNode(node, random);
  const at = random.integer(entries.length);
  const [key, child] = entries[at];
  switch (random.integer(12)) {
    case 0:
      entries.splice(at, 1);
      break;
    case 1:
      entries.splice(at, 0, [random.pick(['name', 'rows', '__proto__', 'bit', 'type', key]), child]);
      break;
    case 2:
      entries.reverse();
      break;
    default:
      entries[at] = [key, mutateTree(child, random)];
  }
  return Array.isArray(node) ? entries.map(([, value]) => value) : Object.fromEntries(entries);
}

function mutateNode(node: unknown, random: Random): unknown {
  if (typeof node === 'number' && random.integer(2) === 0) return node + random.pick([-1, 1, 0.5, 128]);
  if (typeof node === 'string' && random.integer(4) > 0) {
    const at = random.integer(node.length + 1);
    return node.slice(0, at) + (random.integer(3) > 0 ? random.pick([...'0123456789abcdef']) + node.slice(at + 1) : '');
  }
  if (random.integer(40) === 0) return Array.from({ length: 500 }).reduce((inner) => [inner], node);
  return random.pick(ODD);
}

function mutateBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.integer(bytes.length + 1);
  const to = Math.min(bytes.length, at + random.integer(8));
  const insert = random.pick([
    random.bytes(random.integer(4)),
    Buffer.from(random.pick([' ', '\n', '\ufeff', ',', '"', '1', 'e9', '\\u0041', '[', '}', '"rows":[1],'])),
  ]);
  switch (random.integer(3)) {
    case 0:
      return bytes.subarray(0, at);
    case 1:
      return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(at)]);
    default:
      return Buffer.concat([bytes.subarray(0, at), insert, bytes.subarray(to)]);
  }
}

/** Canonical order of keys, so that most damage gets past the first check. */
function sortKeys(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node;
  if (Array.isArray(node)) return node.map(sortKeys);
  const entries = Object.entries(node).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, child]) => [key, sortKeys(child)]));
}
