/** Owns how `bankai config` looks. */
import { printable } from './text.js';
import type { View } from './view.js';

/** A setting as `bankai config --json` prints it: `schema/config.schema.json`. */
export interface SettingReport {
  readonly name: string;
  /** Missing when it was taken away. */
  readonly value?: string;
  readonly scope: string;
  /** `file:…` or `command line:`. */
  readonly origin?: string;
}

/** Lists settings as `git config --list` does, with `--show-origin` behind where each is set. Lines can be long: they are data. */
export const renderSettings = (settings: readonly SettingReport[], origins: boolean, { style }: View): string[] =>
  settings.map(({ name, value = '', origin = '' }) => {
    const line = `${style.name(printable(name))}=${printable(value)}`;
    return origins ? `${style.faint(printable(origin))}\t${line}` : line;
  });

/** Writes the value alone, for scripts. */
export const renderSetting = ({ value = '', origin = '' }: SettingReport, origins: boolean): string[] => [
  origins ? `${printable(origin)}\t${printable(value)}` : printable(value),
];
