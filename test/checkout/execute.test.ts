import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyEdits, maskEdits } from '../../src/checkout/edit.js';
import { executeCheckout, executeWithoutModel, recoverCheckout } from '../../src/checkout/execute.js';
import type { JournalFile } from '../../src/checkout/journal-file.js';
import type { ModelFile } from '../../src/checkout/model-file.js';
import { planCheckout } from '../../src/checkout/plan.js';
import { swapEdits } from '../../src/checkout/swap.js';
import { RepositoryError } from '../../src/errors.js';
import { bytesSource } from '../../src/gguf/source.js';
import { emptyMask, type Mask, maskOf } from '../../src/patch/mask.js';
import { arbitraryMask } from './arbitrary-mask.js';
import { tinyModel } from './tiny-model.js';

const { bytes: base, gguf } = tinyModel();

class Crash extends Error {}

/** A disk in memory on which the power fails at a given write, after part of it: from then on nothing works. */
class FailingDisk {
  readonly bytes = base.slice();
  journalBytes: Uint8Array | undefined;
  state = 'old';
  steps = 0;
  private readonly failAt: number;
  private readonly failure: () => Error;

  constructor(failAt = Infinity, failure: () => Error = () => new Crash()) {
    this.failAt = failAt;
    this.failure = failure;
  }

  /** Counts a step; the failing one does `partially` and throws, all later ones throw. */
  private step(partially: () => void, wholly: () => void): void {
    const step = this.steps++;
    if (step < this.failAt) return wholly();
    if (step === this.failAt) partially();
    throw this.failure();
  }

  readonly model: ModelFile = {
    ...bytesSource(this.bytes),
    write: (bytes, at) =>
      this.step(
        () => this.bytes.set(bytes.subarray(0, bytes.length >> 1), at),
        () => this.bytes.set(bytes, at),
      ),
    sync: () => this.step(nothing, nothing),
    assertOurs: nothing,
    close: nothing,
  };

  readonly journal: JournalFile = {
    read: async () => this.journalBytes,
    // Atomic: `writeFileDurably` renames a complete file into place.
    write: async (bytes) => this.step(nothing, () => void (this.journalBytes = bytes)),
    remove: async () => this.step(nothing, () => void (this.journalBytes = undefined)),
  };

  readonly finish = async (after: unknown) => {
    this.step(
      () => (this.state = 'between'),
      () => (this.state = String(after)),
    );
  };

  /** The same disk after the power is back. */
  restarted(failAt = Infinity): FailingDisk {
    const disk = new FailingDisk(failAt);
    disk.bytes.set(this.bytes);
    disk.journalBytes = this.journalBytes;
    disk.state = this.state;
    return disk;
  }
}

const nothing = () => undefined;
const under = (mask: Mask) => {
  const bytes = base.slice();
  applyEdits(maskEdits(gguf, mask), bytes, 0);
  return bytes;
};
const recover = (disk: FailingDisk) => recoverCheckout(disk.journal, () => disk.model, disk.finish);
const equal = (a: Uint8Array, b: Uint8Array) => Buffer.compare(a, b) === 0;

const wanted = maskOf([
  { kind: 'row', tensor: 'blk.0.ffn_gate.weight', row: 0 },
  { kind: 'row', tensor: 'blk.0.ffn_gate.weight', row: 1 },
  { kind: 'group', tensor: 'blk.0.ffn_up.weight', row: 4, group: 1 },
  { kind: 'scale-bit', tensor: 'blk.0.ffn_up.weight', row: 2, group: 0, bit: 3 },
]);
const { edits } = planCheckout(gguf, emptyMask, wanted);

describe('a checkout', () => {
  test('changes the bytes, then finishes, and leaves no journal', async () => {
    const disk = new FailingDisk();
    await executeCheckout(disk, edits, 'new', disk.finish);
    expect(equal(disk.bytes, under(wanted))).toBe(true);
    expect(disk.state).toBe('new');
    expect(disk.journalBytes).toBeUndefined();
    expect(await recover(disk)).toBeUndefined();
  });

  test('without edits is done or not at any step, and never opens the model', async () => {
    const whole = new FailingDisk();
    await executeWithoutModel(whole.journal, 'new', whole.finish);
    expect([whole.state, whole.journalBytes, whole.steps]).toEqual(['new', undefined, 3]);
    for (let at = 0; at < whole.steps; at++) {
      const disk = new FailingDisk(at);
      await expect(executeWithoutModel(disk.journal, 'new', disk.finish)).rejects.toThrow(Crash);
      const again = disk.restarted();
      const opened = () => {
        throw new Error('opened');
      };
      await recoverCheckout(again.journal, opened, again.finish);
      expect([again.state, again.journalBytes]).toEqual([at === 0 ? 'old' : 'new', undefined]);
    }
  });

  test('cut short at any step, even twice, leaves the old state or is finished to the new one', async () => {
    const whole = new FailingDisk();
    await executeCheckout(whole, edits, 'new', whole.finish);
    let olds = 0;
    for (let first = 0; first < whole.steps; first++) {
      for (let second = 0; second < whole.steps; second++) {
        let disk = new FailingDisk(first);
        await expect(executeCheckout(disk, edits, 'new', disk.finish)).rejects.toThrow(Crash);
        disk = disk.restarted(second);
        await recover(disk).catch((error) => expect(error).toBeInstanceOf(Crash));
        disk = disk.restarted();
        await recover(disk);
        expect(disk.journalBytes).toBeUndefined();
        if (disk.state === 'old') {
          olds++;
          expect(equal(disk.bytes, base)).toBe(true);
        } else {
          expect(disk.state).toBe('new');
          expect(equal(disk.bytes, under(wanted))).toBe(true);
        }
      }
    }
    // Only the journal itself, the first step, decides: after it everything is finished.
    expect(olds).toBe(whole.steps);
  });

  test('takes its bytes back when the disk refuses one write, and fails with IO', async () => {
    for (let step = 1; step <= edits.length + 1; step++) {
      const full = new RepositoryError('IO', 'Cannot write the model: no space left', { hint: 'Free some space.' });
      const disk = new FailingDisk();
      let count = 0;
      const once = <Args extends unknown[]>(action: (...args: Args) => void) => {
        return (...args: Args) => {
          if (++count === step) throw full;
          action(...args);
        };
      };
      const model = { ...disk.model, write: once(disk.model.write), sync: once(disk.model.sync) };
      await expect(executeCheckout({ ...disk, model }, edits, 'new', disk.finish)).toFailWithCode('IO');
      expect(equal(disk.bytes, base)).toBe(true);
      expect(disk.state).toBe('old');
      expect(disk.journalBytes).toBeUndefined();
    }
  });

  test('is refused while the journal of another is there', async () => {
    const disk = new FailingDisk(2);
    await expect(executeCheckout(disk, edits, 'new', disk.finish)).rejects.toThrow(Crash);
    const again = disk.restarted();
    await expect(executeCheckout(again, [], 'other', again.finish)).toFailWithCode('INTERNAL');
  });

  test('any sequence of masks leaves base ⊕ mask', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(arbitraryMask, { maxLength: 8 }), async (masks) => {
        const disk = new FailingDisk();
        let now: Mask = emptyMask;
        for (const mask of masks) {
          await executeCheckout(disk, planCheckout(gguf, now, mask).edits, 'new', disk.finish);
          now = mask;
          expect(equal(disk.bytes, under(mask))).toBe(true);
        }
      }),
    );
  });
});

describe('recovery', () => {
  async function interrupted(): Promise<FailingDisk> {
    const disk = new FailingDisk(3);
    await expect(executeCheckout(disk, edits, 'new', disk.finish)).rejects.toThrow(Crash);
    return disk.restarted();
  }

  test('says what it finished', async () => {
    const recovery = await recover(await interrupted());
    expect(recovery?.after).toBe('new');
    expect(recovery?.edits.map((edit) => edit.byteOffset)).toEqual(edits.map((edit) => edit.byteOffset));
  });

  test('refuses a model that somebody else has written to since, and touches nothing', async () => {
    const disk = await interrupted();
    disk.bytes[edits[1].byteOffset] ^= 0x10;
    const before = disk.bytes.slice();
    await expect(recover(disk)).toFailWithCode('MODEL_CHANGED');
    expect(equal(disk.bytes, before)).toBe(true);
    expect(disk.journalBytes).toBeDefined();
  });

  test('refuses a model of another length', async () => {
    const disk = await interrupted();
    const model = { ...disk.model, size: base.length + 1 };
    await expect(recoverCheckout(disk.journal, () => model, disk.finish)).toFailWithCode('MODEL_CHANGED');
  });

  test('refuses every journal with one changed byte, and every shorter one', async () => {
    const disk = await interrupted();
    const whole = disk.journalBytes ?? new Uint8Array();
    for (let at = 0; at < whole.length; at++) {
      disk.journalBytes = whole.with(at, whole[at] ^ 1);
      await expect(recover(disk)).toFailWithCode('JOURNAL_CORRUPT');
      disk.journalBytes = whole.slice(0, at);
      await expect(recover(disk)).toFailWithCode('JOURNAL_CORRUPT');
    }
  });
});

test('a swap without journal changes the bytes, and a second one restores them', () => {
  const disk = new FailingDisk();
  swapEdits(disk.model, edits);
  expect(equal(disk.bytes, under(wanted))).toBe(true);
  swapEdits(disk.model, edits);
  expect(equal(disk.bytes, base)).toBe(true);
});
