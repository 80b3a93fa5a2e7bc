/**
 * A process that races others for one repository: `node racer.js DIRECTORY KEYS FIRST_ROW COUNT`. It imports patches onto
 * HEAD, one a row, and says of each that it is done; where somebody else has the lock, it tries again.
 */
import { RepositoryError } from '../../src/errors.js';
import { checkout } from '../../src/workflows/checkout.js';
import { importFile } from '../../src/workflows/import.js';
import { foreignPatch } from './scenarios.js';

const [directory, keyDirectory, firstRow, count] = process.argv.slice(2);
const recorder = {
  keyDirectory,
  identity: { name: 'Ada', email: 'ada@example.org' },
  time: new Date('2026-01-02T03:04:05Z'),
  version: '1.2.3',
};
let refused = 0;

/** Does something as soon as nobody else has the lock. */
async function insist(action: () => Promise<unknown>): Promise<void> {
  for (;;) {
    try {
      await action();
      return;
    } catch (error) {
      if (!(error instanceof RepositoryError) || error.code !== 'REPOSITORY_LOCKED') throw error;
      refused++;
      await new Promise((resolve) => setTimeout(resolve, 1 + Math.random() * 20));
    }
  }
}

for (let i = 0; i < Number(count); i++) {
  const row = Number(firstRow) + i;
  const request = { name: `${row}`, bytes: foreignPatch([row]), message: `row ${row}` };
  if (i % 4 === 3) await insist(() => checkout(directory, 'HEAD'));
  await insist(() => importFile(directory, request, recorder));
  process.stdout.write(`done ${row}\n`);
}
process.stdout.write(`refused ${refused}\n`);
