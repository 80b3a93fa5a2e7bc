/** Owns how the result of a push looks. */
import { type MovedRefReport, renderMovedRefs } from './fetch.js';
import { printable, truncate, wrap } from './text.js';
import { signs, type View } from './view.js';

/** What `bankai push --json` prints: `schema/push.schema.json`. */
export interface PushReport {
  readonly remote: string;
  /** Without password and token. */
  readonly url: string;
  readonly pushed: readonly MovedRefReport[];
  /** What the remote had to say. */
  readonly said?: readonly string[];
  /** The branch that follows the remote's from now on. */
  readonly upstream?: string;
}

/** Writes which refs of the remote moved. */
export function renderPush({ remote, url, pushed, said = [], upstream }: PushReport, view: View): string[] {
  const changed = pushed.filter(({ change }) => change !== 'up-to-date');
  return [
    ...said.flatMap((line) => wrap(printable(line), view.width - 8).map((part) => `remote: ${part}`)),
    ...(changed.length === 0
      ? ['Everything up-to-date']
      : [`To ${truncate(printable(url), view.width - 3, signs(view).ellipsis)}`, ...renderMovedRefs(changed, view)]),
    ...(upstream === undefined
      ? []
      : wrap(`Branch ${printable(upstream)} follows that of ${printable(remote)} from now on.`, view.width)),
  ];
}
