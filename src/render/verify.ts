/** Owns how a checklist looks: `bankai verify`. */
import { plural } from './number.js';
import { displayWidth, pad, printable, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai verify --json` prints: `schema/verify.schema.json`. */
export interface VerifyReport {
  /** What was verified: a stack expression or a file. */
  readonly subject: string;
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

export interface Check {
  /** What was checked, e.g. `patch 3f1c… signature`. */
  readonly check: string;
  readonly ok: boolean;
  /** What was found. */
  readonly detail: string;
}

/** Writes one line a check and a verdict. */
export function renderVerify(report: VerifyReport, view: View): string[] {
  const { style } = view;
  const { good, bad } = signs(view);
  const signWidth = Math.max(good.length, bad.length);
  const names = report.checks.map((check) => printable(check.check));
  const nameWidth = Math.min(Math.floor(view.width / 2), Math.max(0, ...names.map(displayWidth)));
  const indent = signWidth + 1 + nameWidth + 2;
  const lines = report.checks.flatMap((check, i) => {
    const sign = check.ok ? style.good(pad(good, signWidth)) : style.bad(pad(bad, signWidth));
    const name = wrap(names[i], nameWidth);
    const detail = wrap(printable(check.detail), view.width - indent);
    return Array.from({ length: Math.max(name.length, detail.length) }, (_, line) => {
      const start = line === 0 ? sign : ' '.repeat(signWidth);
      return `${start} ${pad(name[line] ?? '', nameWidth)}  ${detail[line] ?? ''}`.trimEnd();
    });
  });
  const failed = report.checks.filter((check) => !check.ok).length;
  const verdict = report.ok
    ? style.good(`${printable(report.subject)} is verified.`)
    : style.bad(`${printable(report.subject)} is NOT verified: ${plural(failed, 'check')} failed.`);
  return [...lines, '', ...(report.ok || failed > 0 ? [verdict] : [style.bad('Nothing could be verified.')])];
}
