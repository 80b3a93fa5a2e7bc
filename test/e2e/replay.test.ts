/** The demo's calculus patch, searched and measured as the demo does it, then replayed from what was signed. */
import { expect, test } from '@jest/globals';
import type { ReplayReport } from '../../src/render/replay.js';
import type { CommitOutcome } from '../../src/workflows/commit.js';
import { fixtureModel } from '../paths.js';
import { createCli } from './cli.js';
import { answerOf, fingerprint, outputOf } from './repository.js';

const cli = createCli();

test("replay of the demo's calculus patch gives exactly the same patch and evidence", async () => {
  outputOf(await cli.run(['init', '--model', fixtureModel]));
  const { patch, evaluation } = await answerOf<CommitOutcome>(cli, [
    ...['commit', '-b', 'calc', '-m', 'calculus', '--probes', 'calculus', '--controls', 'knowledge'],
    ...['--iterations', '200', '--threads', '1', '--heldout', 'calculus-heldout', '--text', 'text'],
  ]);
  const before = fingerprint(cli.directory);
  const report = await answerOf<ReplayReport>(cli, ['replay', patch.slice(0, 10)]);
  expect(report).toMatchObject({ patch, reproduced: true });
  expect(report.runs.map((run) => [run.kind, run.patch, run.differences, run.evaluation])).toEqual([
    ['search', patch, [], undefined],
    ['evaluation', undefined, [], evaluation],
  ]);
  expect(fingerprint(cli.directory)).toEqual(before);
});
