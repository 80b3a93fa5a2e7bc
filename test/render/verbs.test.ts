/** What every verb prints: by snapshot at 80 columns, and what must hold for all of them. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { stripVTControlCharacters } from 'node:util';
import { renderAudit } from '../../src/render/audit.js';
import { renderBisect } from '../../src/render/bisect.js';
import { renderBlame, renderBlameProbes } from '../../src/render/blame.js';
import { renderBranches, renderChangedBranch } from '../../src/render/branch.js';
import { renderCheckout } from '../../src/render/checkout.js';
import { renderClone } from '../../src/render/clone.js';
import { renderCommit } from '../../src/render/commit.js';
import { renderDerive, renderMinimize } from '../../src/render/derive.js';
import { renderDiff, renderDiffStat } from '../../src/render/diff.js';
import { type EvalReport, renderEval } from '../../src/render/eval.js';
import { renderFetch } from '../../src/render/fetch.js';
import { renderExport } from '../../src/render/export.js';
import { renderFsck } from '../../src/render/fsck.js';
import { renderGc } from '../../src/render/gc.js';
import { renderImport } from '../../src/render/import.js';
import { renderInstall, renderLock } from '../../src/render/install.js';
import { renderForget, renderRegistries, renderRegistryAdd } from '../../src/render/known.js';
import { renderServing } from '../../src/render/serving.js';
import { renderSearch } from '../../src/render/search.js';
import { renderInit } from '../../src/render/init.js';
import { renderDefaultKey, renderExportedKey, renderKeys, renderNewKey } from '../../src/render/key.js';
import { renderLayers } from '../../src/render/layers.js';
import { renderLog, renderLogGraph, renderLogOneline } from '../../src/render/log.js';
import {
  renderProbesExpand,
  renderProbesImport,
  renderProbesInit,
  renderProbesSplit,
} from '../../src/render/probes.js';
import { renderPull } from '../../src/render/pull.js';
import { renderPush } from '../../src/render/push.js';
import { renderRemote, renderRemotes, renderRemotesVerbose, renderRemovedRemote } from '../../src/render/remote.js';
import { renderMerge } from '../../src/render/merge.js';
import { renderPick } from '../../src/render/pick.js';
import { renderProbesCalibrate } from '../../src/render/calibrate.js';
import { renderReflog } from '../../src/render/reflog.js';
import { renderPatch } from '../../src/render/show.js';
import {
  renderDelegate,
  renderPublish,
  renderRefresh,
  renderRegistryInit,
  renderRotate,
  renderYank,
} from '../../src/render/registry.js';
import { renderReplay } from '../../src/render/replay.js';
import { renderReset } from '../../src/render/reset.js';
import { renderRestore } from '../../src/render/restore.js';
import { renderStatus } from '../../src/render/status.js';
import { renderChangedTag, renderTags } from '../../src/render/tag.js';
import { colourStyle } from '../../src/render/style.js';
import { displayWidth } from '../../src/render/text.js';
import { renderTry } from '../../src/render/try.js';
import { renderAttest, renderRevokedKey } from '../../src/render/attest.js';
import { renderDistrusted, renderTrusted, renderTrustedKeys } from '../../src/render/trust.js';
import { renderUndo } from '../../src/render/undo.js';
import { renderVerify } from '../../src/render/verify.js';
import { plainView, type View } from '../../src/render/view.js';
import { schemaViolation } from '../../src/schema.js';
import * as registry from './registry-samples.js';
import * as samples from './samples.js';

/** A renderer with its sample: drawn as it is, or after every text in it went through `change`. */
interface Drawn {
  readonly name: string;
  readonly schema: string;
  readonly data: unknown;
  draw(view: View, change?: (text: string) => string): string[];
}

function drawn<T>(name: string, schema: string, data: T, render: (data: T, view: View) => string[]): Drawn {
  return { name, schema, data, draw: (view, change = (text) => text) => render(mapTexts(data, change), view) };
}

/** Changes every free text of a value: ids, dates and the words of fixed lists stay. */
function mapTexts<T>(value: T, change: (text: string) => string): T {
  const fixed = /^([0-9a-f]{40}|[0-9a-f]{64}|\d{4}-.*|[a-z-]{1,9})$/;
  if (typeof value === 'string') return (fixed.test(value) ? value : change(value)) as T;
  if (Array.isArray(value)) return value.map((item) => mapTexts(item as unknown, change)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapTexts(item as unknown, change)])) as T;
}

const all: Drawn[] = [
  drawn('status', 'status', samples.status, renderStatus),
  drawn('status, clean and detached', 'status', cleanStatus(), renderStatus),
  ...Object.entries(samples.upstreams).map(([name, upstream]) =>
    drawn(`status, ${name}`, 'status', { ...cleanStatus(), branch: 'calc', upstream }, renderStatus),
  ),
  drawn('log', 'log', samples.log, renderLog),
  drawn('log --oneline', 'log', samples.log, renderLogOneline),
  drawn('log --graph --oneline', 'log', samples.log, (data, view) => renderLogGraph(data, true, view)),
  drawn('log --graph', 'log', samples.log, (data, view) => renderLogGraph(data, false, view)),
  drawn('diff --stat', 'diff', samples.diff, renderDiffStat),
  drawn('show', 'show', [samples.show], (patches, view) => patches.flatMap((patch) => renderPatch(patch, view))),
  drawn('diff', 'diff', samples.diff, renderDiff),
  drawn('diff, every flip', 'diff', samples.diff, (data, view) => renderDiff(data, view, true)),
  drawn('bisect', 'bisect', samples.bisect, renderBisect),
  drawn('bisect, flips that act together', 'bisect', samples.bisectTogether, renderBisect),
  drawn(
    'bisect, more flips than are looked for',
    'bisect',
    { ...samples.bisectTogether, sufficient: false },
    renderBisect,
  ),
  drawn('blame', 'blame', samples.blame, renderBlame),
  drawn('blame, probes', 'blame', samples.blameProbes, renderBlameProbes),
  drawn('split', 'split', samples.split, renderDerive),
  drawn('rm', 'rm', samples.removed, renderDerive),
  drawn('minimize', 'minimize', samples.minimized, renderMinimize),
  drawn('branch', 'branch', samples.branches, renderBranches),
  drawn('branch -m', 'branch', { name: 'calc', commit: samples.tags[0].commit, renamedFrom: 'c' }, renderChangedBranch),
  drawn('branch -d', 'branch', { name: 'calc', commit: samples.tags[0].commit, deleted: true }, renderChangedBranch),
  drawn('tag', 'tag', samples.tags, renderTags),
  drawn('tag, created', 'tag', { name: 'v1', commit: samples.tags[0].commit, patches: 1 }, renderChangedTag),
  drawn('tag -d', 'tag', { name: 'v1', object: samples.tags[0].commit, deleted: true }, renderChangedTag),
  drawn('reflog', 'reflog', samples.reflog, renderReflog),
  drawn('reflog, empty', 'reflog', [], renderReflog),
  drawn('try, short', 'try', samples.tryShort, renderTry),
  drawn('try, long', 'try', samples.tryLong, renderTry),
  drawn('eval', 'eval', samples.evaluation, renderEval),
  drawn('eval --plot', 'eval', plotted(), renderEval),
  drawn('verify', 'verify', samples.verification, renderVerify),
  drawn('verify, refused', 'verify', samples.refusedVerification, renderVerify),
  drawn('replay', 'replay', samples.replayed, renderReplay),
  drawn('replay of a squash', 'replay', samples.madeAgain, renderReplay),
  drawn('replay, not reproduced', 'replay', samples.notReplayed, renderReplay),
  drawn('fsck', 'fsck', samples.examined, renderFsck),
  drawn('fsck, all well', 'fsck', { ...samples.examined, ok: true, findings: [] }, renderFsck),
  drawn('gc', 'gc', samples.collected, renderGc),
  drawn('gc, nothing', 'gc', { packed: 0, pruned: 0, unreachable: 0, leftovers: 0 }, renderGc),
  drawn('layers', 'layers', samples.layers, renderLayers),
  drawn('audit', 'audit', samples.audit, renderAudit),
  drawn('commit', 'commit', samples.commit, renderCommit),
  drawn('checkout', 'checkout', samples.checkout, renderCheckout),
  drawn('merge', 'merge', samples.merged, renderMerge),
  drawn('merge, mended', 'merge', { ...samples.merged, mend: samples.commit }, renderMerge),
  drawn('merge, nothing to mend', 'merge', { ...samples.merged, mend: null }, renderMerge),
  drawn('merge, fast-forward', 'merge', { ...samples.merged, result: 'fast-forward' as const }, renderMerge),
  drawn('merge, up to date', 'merge', { ...samples.merged, result: 'up-to-date' as const }, renderMerge),
  drawn('revert', 'revert', samples.reverted, renderPick),
  drawn('reset', 'reset', samples.resetHard, renderReset),
  drawn('reset --soft', 'reset', { ...samples.resetHard, mode: 'soft', behind: true }, renderReset),
  drawn('undo', 'undo', samples.undone, renderUndo),
  drawn('restore', 'restore', samples.restored, renderRestore),
  drawn(
    'restore --source',
    'restore',
    { ...samples.restored, files: [], message: 'Restore 3f1c9a20b7' },
    renderRestore,
  ),
  drawn('init', 'init', samples.init, renderInit),
  drawn('export', 'export', samples.exported, renderExport),
  drawn('import', 'import', samples.imported, renderImport),
  drawn('probes init', 'probes-init', samples.probesInit, renderProbesInit),
  drawn('probes expand', 'probes-expand', samples.probesExpand, renderProbesExpand),
  drawn('probes split', 'probes-split', samples.probesSplit, renderProbesSplit),
  drawn('probes calibrate', 'probes-calibrate', samples.probesCalibrate, renderProbesCalibrate),
  drawn('probes import', 'probes-import', samples.probesImport, renderProbesImport),
  drawn('remote', 'remote', samples.remotes, renderRemotes),
  drawn('remote -v', 'remote', samples.remotes, renderRemotesVerbose),
  drawn('remote add', 'remote-add', samples.remotes[1], renderRemote),
  drawn('remote rename', 'remote-rename', samples.remotes[0], renderRemote),
  drawn('remote set-url', 'remote-set-url', samples.remotes[1], renderRemote),
  drawn('remote remove', 'remote-remove', samples.remotes[1], renderRemovedRemote),
  drawn('registry init', 'registry-init', registry.registryInit, renderRegistryInit),
  drawn('registry delegate', 'registry-delegate', registry.delegated, renderDelegate),
  drawn('registry rotate', 'registry-rotate', registry.rotated, renderRotate),
  drawn('registry refresh', 'registry-refresh', registry.refreshed, renderRefresh),
  drawn('registry publish', 'registry-publish', registry.published, renderPublish),
  drawn('registry yank', 'registry-yank', registry.yanked, renderYank),
  drawn('search', 'search', registry.found, renderSearch),
  drawn('search, nothing found', 'search', registry.nothingFound, renderSearch),
  drawn('add', 'add', registry.installed, renderInstall),
  drawn('update, nothing newer', 'update', registry.upToDate, renderInstall),
  drawn('lock', 'lock', registry.locked, renderLock),
  drawn('registry add', 'registry-add', registry.registryAdded, renderRegistryAdd),
  drawn('registry serve', 'registry-serve', registry.serving, renderServing),
  drawn('registry list', 'registry-list', registry.registries, renderRegistries),
  drawn('registry forget', 'registry-forget', registry.registries[0], renderForget),
  drawn('fetch', 'fetch', samples.fetched, renderFetch),
  drawn('fetch, nothing new', 'fetch', { ...samples.fetched, moved: [], ignored: [] }, renderFetch),
  drawn('clone', 'clone', samples.cloned, renderClone),
  drawn('clone, of nothing and without a model', 'clone', samples.clonedEmpty, renderClone),
  drawn('pull', 'pull', { ...samples.merged, fetched: samples.fetched }, renderPull),
  drawn('push', 'push', samples.pushed, renderPush),
  drawn('push, nothing new', 'push', { ...samples.pushed, pushed: [] }, renderPush),
  drawn('key list', 'key-list', samples.keys, renderKeys),
  drawn('key new', 'key-new', samples.keys[1], renderNewKey),
  drawn('key default', 'key-default', samples.keys[0], renderDefaultKey),
  drawn('attest', 'attest', samples.attested, renderAttest),
  drawn('attest --co-sign', 'attest', samples.coSigned, renderAttest),
  drawn('attest --revoke', 'attest', samples.revokedPatch, renderAttest),
  drawn('key revoke', 'key-revoke', samples.revokedKey, renderRevokedKey),
  drawn('trust list', 'trust-list', samples.trustedKeys, renderTrustedKeys),
  drawn('trust add', 'trust-add', samples.trustedKeys[1], renderTrusted),
  drawn('trust remove', 'trust-remove', samples.trustedKeys[0], renderDistrusted),
  drawn('key export', 'key-export', samples.exportedKey, renderExportedKey),
];

function plotted(): EvalReport {
  const [result] = samples.evaluation.probes;
  return {
    ...samples.evaluation,
    probes: [{ ...result, ...(samples.likelihoods && { likelihoods: samples.likelihoods }) }],
  };
}

function cleanStatus() {
  const { branch: _branch, upstream: _upstream, recovered: _recovered, ...rest } = samples.status;
  const model = { path: 'Bonsai-8B.gguf', state: 'clean' as const };
  return { ...rest, stack: [], patches: [], model, worktree: 'clean' as const };
}

describe.each(all)('$name', ({ schema, data, draw }) => {
  test('looks like this', () => {
    expect(`\n${draw(plainView).join('\n')}\n`).toMatchSnapshot();
  });

  test('fits 80 columns', () => {
    expect(draw(plainView).filter((line) => displayWidth(line) > 80)).toEqual([]);
  });

  test('ends no line in a space', () => {
    expect(draw(plainView).filter((line) => line.endsWith(' '))).toEqual([]);
  });

  test('reads the same without its colours', () => {
    const coloured = draw({ ...plainView, style: colourStyle });
    expect(coloured.map((line) => stripVTControlCharacters(line).trimEnd())).toEqual(draw(plainView));
  });

  test('is ASCII where only that can be shown', () => {
    expect(draw({ ...plainView, ascii: true }).join('')).toMatch(/^[\x20-\x7e]*$/);
  });

  test('lets no text from outside control the terminal', () => {
    const lines = draw(plainView, (text) => `\u001b[2J\u202e\r${text}\u0007\u009b1A`);
    expect(lines.join('')).toMatch(/^[^\u0000-\u001f\u007f-\u009f\u202a-\u202e]*$/u);
  });

  test('fits the schema of its --json form', () => {
    expect(schemaViolation(schema, data)).toBeUndefined();
  });
});

describe('particulars', () => {
  const text = (lines: string[]): string => lines.join('\n');

  const evaluation = (changes: Partial<EvalReport['probes'][number]>): EvalReport => ({
    ...samples.evaluation,
    probes: [{ ...samples.evaluation.probes[0], ...changes }],
  });

  test('a small difference is called not significant', () => {
    const report = evaluation({ fixed: 5, broke: 1, p: 0.2188, verdict: 'not significant' });
    expect(text(renderEval(report, plainView))).toContain('not significant (p = 0.22)');
  });

  test('an evaluation that changed nothing says so', () => {
    const report = evaluation({ fixed: 0, broke: 0, p: 1, verdict: 'unchanged', categories: [], examples: [] });
    expect(text(renderEval(report, plainView))).toContain('no answer changed');
  });

  test('an evaluation without probes has no shares', () => {
    expect(text(renderEval(evaluation({ count: 0, before: 0, after: 0 }), plainView))).not.toContain('NaN');
  });

  test('an evaluation names the stack it is against, unless that is the base', () => {
    expect(renderEval({ ...samples.evaluation, against: 'math' }, plainView)[0]).toContain('calc against math on');
  });

  test('the perplexity of a broken model fits the width', () => {
    const [sample] = samples.evaluation.texts;
    const report = { ...samples.evaluation, texts: [{ ...sample, perplexityBefore: 1e300, perplexityAfter: 1e-3 }] };
    expect(renderEval(report, plainView).filter((line) => displayWidth(line) > 80)).toEqual([]);
  });

  test('equal answers are said to be equal', () => {
    const lines = renderTry({ ...samples.tryShort, patched: samples.tryShort.base }, plainView);
    expect(text(lines)).toContain('Both answers are the same.');
  });

  test('a verification in which nothing was checked is no success', () => {
    const report = { ok: false, subjects: [{ subject: 'x', ok: false, patches: [], checks: [] }] };
    expect(renderVerify(report, plainView)).toEqual(['Nothing of x could be verified.']);
  });

  test('two states without flips have no overlap', () => {
    const report = { ...samples.diff, both: 0, cancel: 0, onlyA: 0, onlyB: 0, rows: [], layers: [] };
    expect(renderDiff(report, plainView)).toEqual(['No flips on either side.']);
  });

  test('a diff fits the width whatever its counts', () => {
    const count = fc.oneof(fc.nat(3), fc.nat(1_000_000));
    const layer = fc.record({ layer: fc.nat(100), onlyA: count, onlyB: count, both: count });
    fc.assert(
      fc.property(fc.array(layer, { minLength: 1, maxLength: 4 }), (layers) => {
        const lines = renderDiff({ ...samples.diff, layers }, plainView);
        expect(lines.filter((line) => displayWidth(line) > 80)).toEqual([]);
      }),
    );
  });

  test('a sound probe set is said to be sound', () => {
    expect(text(renderAudit({ ...samples.audit, findings: [] }, plainView))).toBe(
      'calc.json, 60 probes: nothing found',
    );
  });

  test('a checkout that changes nothing says so', () => {
    const report = { ...samples.checkout, branch: 'calc', bytesChanged: 0, cancelledFlips: 0 };
    expect(text(renderCheckout(report, plainView))).toContain('already in place');
  });
});
