/**
 * The program killed in the middle of an exchange, at some of its points: `npm run bench:exchange` tries all of them. Nothing
 * is half there, on neither side, and the same command finishes or says that it was done.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { join } from 'node:path';
import { temporaryDirectory } from '../paths.js';
import { type GitHost, startGitHost } from '../transport/git-server.js';
import { exchanges, type ExchangeStage, makeExchangeTemplate, rehearseExchange, tryExchange } from './exchange.js';
import type { FaultPlan } from './plan.js';

const room = temporaryDirectory();
const template = join(room, 'template');
let host: GitHost;

beforeAll(async () => {
  host = await startGitHost(room);
  await makeExchangeTemplate(template);
});
afterAll(() => host.close());

/** Where each is killed: before the first change, while things wait, and at what makes them count. */
const points: Readonly<Record<string, readonly RegExp[]>> = {
  fetch: [/write .*incoming\.pack/, /rename .*objects\/pack\/pack-.*\.idx/, /rename .*refs\/remotes/],
  pull: [/rename .*refs\/remotes/, /rename .*journal\.bin/, /write .*working\.gguf/],
  push: [/write .*outgoing\.pack/, /rename .*refs\/remotes/],
  clone: [/write .*incoming\.pack/, /rename .*refs\/heads\/main/, /rename .*state\.json/, /write .*journal\.bin/],
  add: [/rename .*timestamp\.json/, /rename .*bundles/, /write .*working\.gguf/, /rename .*bankai\.lock\.json/],
  publish: [/rename .*bundles/, /rename .*snapshot/, /rename .*timestamp\.json/],
};

/** Where the disk fails, and how. */
const failures: Readonly<Record<string, readonly (readonly [string, Partial<FaultPlan> & { first: string }])[]>> = {
  add: [['is full', { kind: 'error', code: 'ENOSPC', lasting: true, first: 'rename .*bundles' }]],
  pull: [['refuses', { kind: 'error', code: 'EIO', first: 'rename .*journal\\.bin' }]],
  publish: [['loses its power', { kind: 'power', first: 'rename .*timestamp\\.json' }]],
};

describe.each(exchanges)('$name', (exchange) => {
  let stage: ExchangeStage;
  beforeAll(async () => {
    stage = await rehearseExchange(exchange, template, room, host);
  });

  test.each(points[exchange.name])('killed at %s', async (first) => {
    expect(stage.points.filter((point) => first.test(point)).length).toBeGreaterThan(0);
    expect((await tryExchange(stage, { first: first.source })).findings).toEqual([]);
  });

  for (const [what, fault] of failures[exchange.name] ?? []) {
    test(`whose disk ${what} at ${fault.first}`, async () => {
      expect(stage.points.filter((point) => new RegExp(fault.first).test(point)).length).toBeGreaterThan(0);
      expect((await tryExchange(stage, fault)).findings).toEqual([]);
    });
  }
});
