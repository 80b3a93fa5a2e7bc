/**
 * Fuzzes everything that reads untrusted bytes: `node dist/bench/fuzz.js [inputs] [first seed]`, 100,000 inputs per
 * target unless said. Prints what came out, the slowest input and the peak memory; exits with 1 when a bar is missed.
 */
import { fuzz, type FuzzTarget } from '../test/fuzz/fuzz-target.js';
import { ggufTarget } from '../test/fuzz/gguf-fuzz.js';
import { patchTargets } from '../test/fuzz/patch-fuzz.js';

const TARGETS: readonly FuzzTarget[] = [ggufTarget(), ...patchTargets()];

const SLOWEST_MS = 1000;
const PEAK_MB = 512;

const [count = 100_000, firstSeed = 0] = process.argv.slice(2).map(Number);
for (const target of TARGETS) {
  const startedMs = performance.now();
  const { outcomes, slowest } = fuzz(target, count, firstSeed);
  const seconds = (performance.now() - startedMs) / 1000;
  console.log(`${target.name}: ${count} inputs in ${seconds.toFixed(1)} s`);
  for (const [outcome, times] of [...outcomes].sort((a, b) => b[1] - a[1])) console.log(`  ${outcome}: ${times}`);
  console.log(`  slowest: ${slowest.elapsedMs.toFixed(0)} ms (seed ${slowest.seed})`);
  if (slowest.elapsedMs > SLOWEST_MS) process.exitCode = 1;
}
const peakMb = process.resourceUsage().maxRSS / 1024;
console.log(`peak memory: ${peakMb.toFixed(0)} MB`);
if (peakMb > PEAK_MB) process.exitCode = 1;
