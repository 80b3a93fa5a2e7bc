/** Owns how the distance between a branch and what it follows looks. */
import { plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';

/** What a branch follows: its commits that are not over there, and those over there that it lacks; or that it is no more. */
export type TrackingSummary =
  | { readonly name: string; readonly ahead: number; readonly behind: number }
  | { readonly name: string; readonly gone: true };

/** Says in git's words how far a branch is from what it follows, and what brings them together. */
export function renderTracking(upstream: TrackingSummary, { style }: View): string[] {
  const name = `'${style.name(printable(upstream.name))}'`;
  if ('gone' in upstream) {
    return [`Your branch is based on ${name}, but the upstream is gone.`, '  (use "bankai push -u" to make it again)'];
  }
  const { ahead, behind } = upstream;
  if (ahead === 0 && behind === 0) return [`Your branch is up to date with ${name}.`];
  if (behind === 0) {
    return [`Your branch is ahead of ${name} by ${plural(ahead, 'commit')}.`, '  (use "bankai push" to publish them)'];
  }
  if (ahead === 0)
    return [`Your branch is behind ${name} by ${plural(behind, 'commit')}.`, '  (use "bankai pull" to update)'];
  return [
    `Your branch and ${name} have diverged,`,
    `and have ${ahead} and ${behind} different commits each, respectively.`,
    '  (use "bankai pull" to merge them)',
  ];
}

/** The same in brackets, as `git branch -vv` has it. */
export function trackingMark(upstream: TrackingSummary | undefined): string {
  if (upstream === undefined) return '';
  const parts =
    'gone' in upstream
      ? ['gone']
      : [
          ...(upstream.ahead > 0 ? [`ahead ${upstream.ahead}`] : []),
          ...(upstream.behind > 0 ? [`behind ${upstream.behind}`] : []),
        ];
  return parts.length === 0 ? `[${upstream.name}]` : `[${upstream.name}: ${parts.join(', ')}]`;
}
