/** Owns how a checklist looks: `bankai verify`. */
import { shortId } from './id.js';
import { plural } from './number.js';
import type { Paint } from './style.js';
import { displayWidth, pad, printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai verify --json` prints: `schema/verify.schema.json`. */
export interface VerifyReport {
  readonly ok: boolean;
  readonly subjects: readonly VerifiedSubject[];
}

/** A stack, a patch or a file. */
export interface VerifiedSubject {
  readonly subject: string;
  readonly ok: boolean;
  readonly patches: readonly {
    readonly id: string;
    readonly message?: string;
    readonly ok: boolean;
    readonly checks: readonly Check[];
  }[];
  /** What is about all of it. */
  readonly checks: readonly Check[];
}

export interface Check {
  /** What was checked, in a word. */
  readonly check: string;
  readonly result: 'good' | 'warning' | 'bad' | 'none';
  /** What was found. */
  readonly detail: string;
  readonly code?: string;
}

/** Writes a list for each patch, one for the whole, and a verdict for each subject. */
export function renderVerify({ subjects }: VerifyReport, view: View): string[] {
  return subjects.flatMap((subject, i) => [...(i > 0 ? [''] : []), ...renderSubject(subject, view)]);
}

function renderSubject({ subject, patches, checks }: VerifiedSubject, view: View): string[] {
  const all = [...patches.flatMap((patch) => patch.checks), ...checks];
  const nameWidth = Math.min(12, Math.max(0, ...all.map(({ check }) => displayWidth(printable(check)))));
  return [
    ...patches.flatMap(({ id, message, checks: own }) => [
      headingOf(id, message, view),
      ...own.flatMap((check) => renderCheck(check, nameWidth, '  ', view)),
      '',
    ]),
    ...checks.flatMap((check) => renderCheck(check, nameWidth, patches.length > 0 ? '  ' : '', view)),
    ...(checks.length > 0 ? [''] : []),
    ...verdictOf(subject, all, view),
  ];
}

function headingOf(id: string, message: string | undefined, view: View): string {
  const { style } = view;
  const start = `patch ${shortId(id)}`;
  if (message === undefined) return style.strong(start);
  const [title] = message.split('\n');
  const room = view.width - start.length - 2;
  return `${style.strong(start)}  ${truncate(printable(title), room, signs(view).ellipsis)}`.trimEnd();
}

/** One claim: a mark, its name, and what was found. */
function renderCheck({ check, result, detail }: Check, nameWidth: number, indent: string, view: View): string[] {
  const { style } = view;
  const { good, bad, warning, dot } = signs(view);
  const marks: Record<Check['result'], readonly [string, Paint]> = {
    good: [good, style.good],
    warning: [warning, style.warning],
    bad: [bad, style.bad],
    none: [dot, style.faint],
  };
  const [mark, paint] = marks[result];
  const markWidth = Math.max(...[good, bad, warning].map(displayWidth));
  const room = view.width - indent.length - markWidth - 1 - nameWidth - 2;
  const name = truncate(printable(check), nameWidth, signs(view).ellipsis);
  return wrap(printable(detail), room).map((line, i) => {
    const start =
      i === 0 ? `${paint(pad(mark, markWidth))} ${pad(name, nameWidth)}` : ' '.repeat(markWidth + 1 + nameWidth);
    return `${indent}${start}  ${line}`.trimEnd();
  });
}

function verdictOf(subject: string, checks: readonly Check[], { style, width }: View): string[] {
  const count = (result: Check['result']): number => checks.filter((check) => check.result === result).length;
  if (checks.length === 0) return wrap(`Nothing of ${printable(subject)} could be verified.`, width).map(style.bad);
  const [failed, warned] = [count('bad'), count('warning')];
  const name = printable(subject);
  const but = warned > 0 ? `, with ${plural(warned, 'warning')}` : '';
  const verdict =
    failed > 0 ? `${name} is NOT verified: ${plural(failed, 'check')} failed${but}.` : `${name} is verified${but}.`;
  return wrap(verdict, width).map(failed > 0 ? style.bad : warned > 0 ? style.warning : style.good);
}
