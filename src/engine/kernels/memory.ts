/** Owns the kernels' linear memory: a stack of allocations in one WebAssembly memory, up to 4 GiB. */
import { InternalError } from '../../errors.js';
import type { Memory } from './kernels.js';

const PAGE_BYTES = 65536;

/** The most pages a 32-bit WebAssembly memory can have: 4 GiB. */
export const MAXIMUM_PAGES = 65536;

/** Allocations begin on a cache line, so that no two of them share one. */
const ALIGNMENT = 64;

const align = (address: number): number => Math.ceil(address / ALIGNMENT) * ALIGNMENT;

/**
 * Makes a stack allocator over `pages`, leaving the bytes below `base` alone.
 * Its `allocate` throws INTERNAL when the memory is full or the system gives no more.
 */
export function createMemory(pages: WebAssembly.Memory, base = ALIGNMENT): Memory {
  let top = align(base);

  const grow = (end: number): void => {
    const missing = end - pages.buffer.byteLength;
    if (missing <= 0) return;
    // An eighth more than asked for keeps many small allocations from growing the memory many times.
    const spare = Math.min(pages.buffer.byteLength / 8, MAXIMUM_PAGES * PAGE_BYTES - end);
    pages.grow(Math.ceil((missing + Math.max(spare, 0)) / PAGE_BYTES));
  };

  return {
    allocate(byteLength) {
      const address = top;
      const end = align(address + byteLength);
      try {
        grow(end);
      } catch (cause) {
        throw new InternalError(
          'INTERNAL',
          `Cannot reserve ${byteLength} bytes for the engine: ${address} are in use and its memory ends at 4 GiB`,
          { cause, hint: 'Evaluate fewer or shorter prompts at once, or use a smaller model.' },
        );
      }
      top = end;
      return address;
    },
    mark: () => top,
    release(mark) {
      if (mark > top) {
        throw new InternalError('INTERNAL', `Cannot release memory down to ${mark}: it is in use up to ${top} only`, {
          hint: 'Release marks in the reverse of the order in which they were made.',
        });
      }
      top = mark;
    },
    f32: (address, length) => new Float32Array(pages.buffer, address, length),
    f64: (address, length) => new Float64Array(pages.buffer, address, length),
    i32: (address, length) => new Int32Array(pages.buffer, address, length),
    u8: (address, length) => new Uint8Array(pages.buffer, address, length),
  };
}
