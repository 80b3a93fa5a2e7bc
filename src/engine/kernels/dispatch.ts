/**
 * Owns the sharing of a kernel's items among threads: a control block in shared memory that all threads see.
 *
 * A dispatch cuts a kernel's items into contiguous chunks and publishes a ticket. Threads claim chunks by moving the
 * ticket on, and the dispatching thread, which claims too, waits until every chunk is done. So no dispatch ever waits
 * for a thread that is late, asleep or gone: such a thread only claims nothing.
 *
 *     word 0  ticket         generation · 1024 + next chunk; sleeping threads wait on it
 *     word 1  done           chunks finished in this generation; the dispatching thread waits on it
 *     word 2  chunk count
 *     word 3  item count
 *     word 4  kernel         index into KERNELS
 *     word 5  argument count
 *     word 6  failed         1 once a kernel has trapped
 *     word 7  scratch        address of thread 0's scratch memory
 *     word 8  scratch size   bytes per thread
 *     byte 64 arguments      f64: holds every address and every float32 exactly
 */
import { InternalError } from '../../errors.js';

/** The exports of the WebAssembly module, in the order of their indices in the control block. */
export const KERNELS = [
  'regroup',
  'embed',
  'gather',
  'rmsNorm',
  'matmul',
  'matmulQuantized',
  'matvecQuantized',
  'splitHeads',
  'attention',
  'swiglu',
  'summarizeLogits',
  'divergence',
  'matmulTransposed',
  'rmsNormBackward',
  'swigluBackward',
  'add',
  'subtract',
  'attentionBackward',
  'splitHeadsBackward',
  'answerGradient',
  'divergenceGradient',
  'scatter',
  'rowEffects',
  'sumUpGains',
] as const;

export type KernelName = (typeof KERNELS)[number];

/** A kernel as the module exports it. */
type KernelFunction = (scratch: number, first: number, last: number, ...args: number[]) => void;

/** Where the control block is; memory below is the module's own. */
export const CONTROL_ADDRESS = 1024;
export const CONTROL_BYTES = 256;

const TICKET = 0;
const DONE = 1;
const CHUNKS = 2;
const ITEMS = 3;
const KERNEL = 4;
const ARGUMENTS = 5;
const FAILED = 6;
const SCRATCH = 7;
const SCRATCH_SIZE = 8;

/** Chunks of one generation: the low bits of a ticket. */
const GENERATION = 1024;

/** Chunks for each thread: enough that a thread slowed down by other programs keeps nobody waiting long. */
const CHUNKS_PER_THREAD = 8;

/** Looks at a word before going to sleep on it: some 20 µs, what lies between two kernels of a forward pass. */
const SPINS = 4000;

/** After this long without one finished chunk, the thread that claimed it is taken for dead. */
const STALLED_MS = 120_000;

/** One thread's view of the shared memory and its own instance of the module. */
export interface Thread {
  readonly index: number;
  readonly control: Int32Array;
  readonly args: Float64Array;
  readonly kernels: readonly KernelFunction[];
}

/** Instantiates the module for one thread. */
export function createThread(module: WebAssembly.Module, memory: WebAssembly.Memory, index: number): Thread {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return {
    index,
    control: new Int32Array(memory.buffer, CONTROL_ADDRESS, 16),
    args: new Float64Array(memory.buffer, CONTROL_ADDRESS + 64, 24),
    kernels: KERNELS.map((name) => exports[name] as KernelFunction),
  };
}

/** Scratch memory, one piece per thread. */
export interface Scratch {
  address: number;
  bytesPerThread: number;
}

/**
 * Does all items of a kernel, together with whichever of the other `threads` threads are awake.
 * Throws INTERNAL when the kernel traps or a thread dies in it.
 */
export function dispatch(
  thread: Thread,
  threads: number,
  kernel: KernelName,
  items: number,
  scratch: Scratch,
  args: readonly number[],
): void {
  if (items === 0) return;
  if (threads === 1 || items === 1) {
    try {
      thread.kernels[KERNELS.indexOf(kernel)](scratch.address, 0, items, ...args);
    } catch (cause) {
      throw failure(kernel, cause);
    }
    return;
  }
  const { control } = thread;
  const chunks = Math.min(items, threads * CHUNKS_PER_THREAD, GENERATION - 1);
  // A ticket that nobody can claim: from here on nothing is done for the last generation any more.
  const closed = (Atomics.load(control, TICKET) & -GENERATION) + GENERATION + (GENERATION - 1);
  Atomics.store(control, TICKET, closed);
  Atomics.store(control, DONE, 0);
  Atomics.store(control, CHUNKS, chunks);
  control[ITEMS] = items;
  control[KERNEL] = KERNELS.indexOf(kernel);
  control[ARGUMENTS] = args.length;
  control[FAILED] = 0;
  control[SCRATCH] = scratch.address;
  control[SCRATCH_SIZE] = scratch.bytesPerThread;
  thread.args.set(args);
  Atomics.store(control, TICKET, closed + 1);
  Atomics.notify(control, TICKET);

  const cause = workOff(thread);
  waitUntilDone(control, chunks, kernel);
  if (Atomics.load(control, FAILED) !== 0) throw failure(kernel, cause);
}

function failure(kernel: KernelName, cause: unknown): InternalError {
  return new InternalError('INTERNAL', `The kernel ${kernel} failed: it was given what it cannot compute`, {
    cause,
    hint: 'Report this, with the command that led to it: it is a defect of Bankai.',
  });
}

/**
 * Claims and does chunks of the present generation until none is left. Returns what the last one to fail threw.
 * A claim succeeds only if the ticket has not moved since it was read, and so only if the chunk is one of its generation. That
 * lasts until the chunk is done: what the control block says of it stays till then.
 */
function workOff({ index, control, args, kernels }: Thread): unknown {
  let thrown: unknown;
  let read: number | undefined;
  let given: readonly number[] = [];
  for (;;) {
    const ticket = Atomics.load(control, TICKET);
    const chunk = ticket & (GENERATION - 1);
    const chunks = Atomics.load(control, CHUNKS);
    if (chunk >= chunks) return thrown;
    if (Atomics.compareExchange(control, TICKET, ticket, ticket + 1) !== ticket) continue;
    if (read !== (read = ticket & -GENERATION)) given = Array.from(args.subarray(0, control[ARGUMENTS]));
    const items = control[ITEMS];
    const scratch = (control[SCRATCH] >>> 0) + index * control[SCRATCH_SIZE];
    const [first, last] = [Math.floor((items * chunk) / chunks), Math.floor((items * (chunk + 1)) / chunks)];
    try {
      kernels[control[KERNEL]](scratch, first, last, ...given);
    } catch (error) {
      thrown = error;
      Atomics.store(control, FAILED, 1);
    }
    if (Atomics.add(control, DONE, 1) === chunks - 1) Atomics.notify(control, DONE);
  }
}

function waitUntilDone(control: Int32Array, chunks: number, kernel: KernelName): void {
  for (let spin = 0; spin < SPINS; spin++) if (Atomics.load(control, DONE) === chunks) return;
  for (;;) {
    const done = Atomics.load(control, DONE);
    if (done === chunks) return;
    const woken = Atomics.wait(control, DONE, done, STALLED_MS);
    if (woken === 'timed-out' && Atomics.load(control, DONE) === done) {
      throw new InternalError('INTERNAL', `A thread stopped in the kernel ${kernel}: ${done} of ${chunks} parts done`, {
        hint: 'Run the command again; with one thread if it happens again.',
      });
    }
  }
}

/** The life of a thread that helps: does its share of every dispatch, for ever. The owner terminates it. */
export function serve(thread: Thread): never {
  const { control } = thread;
  const generation = (): number => Atomics.load(control, TICKET) & -GENERATION;
  for (;;) {
    const seen = generation();
    workOff(thread);
    for (let spin = 0; spin < SPINS && generation() === seen; spin++);
    const ticket = Atomics.load(control, TICKET);
    if ((ticket & -GENERATION) === seen) Atomics.wait(control, TICKET, ticket);
  }
}
