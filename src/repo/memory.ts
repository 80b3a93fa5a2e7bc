/**
 * Owns what a process remembers of the objects it read. An id names the same content for ever, and one command asks for
 * the same commits and trees many times.
 */
import type { ObjectId } from './ids.js';

/** Bytes, roughly, that are remembered before all is forgotten. */
const BYTE_LIMIT = 64 * 2 ** 20;

/** Parsed objects by id. */
export interface Memory<T> {
  /** Gives the object that is remembered, or else the one that `read` gives. What `read` throws is not remembered. */
  recall(oid: ObjectId, read: () => T): T;
}

/** Makes an empty memory; `weigh` says, roughly, how many bytes an object takes in it. */
export function createMemory<T>(weigh: (object: T) => number): Memory<T> {
  const objects = new Map<ObjectId, T>();
  let byteLength = 0;
  const remember = (oid: ObjectId, object: T): void => {
    byteLength += weigh(object);
    if (byteLength > BYTE_LIMIT) {
      objects.clear();
      byteLength = weigh(object);
    }
    objects.set(oid, object);
  };
  return {
    recall(oid, read) {
      const known = objects.get(oid);
      if (known !== undefined) return known;
      const object = read();
      remember(oid, object);
      return object;
    },
  };
}
