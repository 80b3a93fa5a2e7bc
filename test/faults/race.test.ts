import { expect, test } from '@jest/globals';
import { join } from 'node:path';
import { temporaryDirectory } from '../paths.js';
import { runGit } from '../repo/sandbox.js';

import { race } from './race.js';
import { makeTemplate } from './scenarios.js';

test('processes that race for a repository lose nothing, although one of them is killed', async () => {
  const place = temporaryDirectory();
  await makeTemplate(place);
  const outcome = await race(place, 3, 5, 2);
  expect(outcome).toMatchObject({ lost: [], findings: [] });
  // Two whole processes, and what the third had done.
  expect(outcome.done).toBeGreaterThanOrEqual(12);
  expect(runGit(join(place, 'work'), 'fsck', '--strict', '--full', '--no-dangling')).toBe('');
  expect(runGit(join(place, 'work'), 'status', '--porcelain')).toBe('');
});
