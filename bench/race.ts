/** Lets processes race for one repository, 200 operations unless told otherwise: `node dist/bench/race.js [each]`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { race } from '../test/faults/race.js';
import { makeTemplate } from '../test/faults/scenarios.js';

const RACERS = 5;
const each = Number(process.argv[2] ?? 48);

const place = mkdtempSync(join(tmpdir(), 'bankai-race-'));
try {
  await makeTemplate(place);
  const start = performance.now();
  const { done, lost, refused, findings } = await race(place, RACERS, each, each >> 1);
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  console.log(
    `${RACERS} processes, one killed half-way: ${done} imports done in ${seconds} s, ${refused} times refused as locked`,
  );
  console.log(`${lost.length} lost updates, ${findings.length} findings`);
  for (const finding of findings) console.log(finding);
  if (lost.length + findings.length > 0) process.exitCode = 1;
} finally {
  rmSync(place, { recursive: true, force: true });
}
