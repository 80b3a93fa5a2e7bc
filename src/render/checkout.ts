/** Owns how the result of a checkout looks. */
import { formatDuration } from './duration.js';
import { shortId } from './id.js';
import { formatBytes, plural } from './number.js';
import { printable } from './text.js';
import type { View } from './view.js';
import { warningLines } from './warnings.js';

/** What `bankai checkout --json` prints: `schema/checkout.schema.json`. */
export interface CheckoutReport {
  readonly commit: string;
  /** Absent when HEAD is detached now. */
  readonly branch?: string;
  /** The stack expression, as asked for. */
  readonly stack: string;
  readonly patches: number;
  readonly tensorsTouched: number;
  readonly bytesChanged: number;
  /** Flips that two patches of the stack both make, so that neither is in the model. */
  readonly cancelledFlips: number;
  readonly elapsedMs: number;
  /** Newly applied patches about which nobody has signed a statement. */
  readonly unsigned: readonly string[];
  /** What policies that only warn have against patches that came in. */
  readonly warnings: readonly string[];
  /** What an interrupted checkout left and this command put right. */
  readonly recovered?: string;
}

/** Writes where HEAD is now and what that changed in the working model. */
export function renderCheckout(report: CheckoutReport, view: View): string[] {
  const { style } = view;
  const place =
    report.branch === undefined
      ? `HEAD is now at ${style.id(shortId(report.commit))}, detached`
      : `Switched to branch ${style.name(printable(report.branch))} at ${style.id(shortId(report.commit))}`;
  const what = report.patches === 0 ? 'the base' : plural(report.patches, 'patch', 'patches');
  const change =
    report.bytesChanged === 0
      ? 'already in place'
      : `${formatBytes(report.bytesChanged)} changed in ${plural(report.tensorsTouched, 'tensor')}, ` +
        formatDuration(report.elapsedMs);
  const cancelled = style.warning(
    `${plural(report.cancelledFlips, 'flip')} in more than one patch cancelled: use "bankai diff" to see which`,
  );
  const unsigned = style.warning(
    `${plural(report.unsigned.length, 'patch', 'patches')} without a signed statement: use "bankai verify" to see which`,
  );
  return [
    ...(report.recovered === undefined ? [] : [style.warning(report.recovered)]),
    place,
    `Model is ${style.strong(printable(report.stack))} (${what}): ${change}`,
    ...(report.cancelledFlips === 0 ? [] : [cancelled]),
    ...(report.unsigned.length === 0 ? [] : [unsigned]),
    ...warningLines(report.warnings, view),
  ];
}
