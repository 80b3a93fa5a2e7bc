/** Owns where git's configuration lies for the person at the terminal, as git's own environment variables have it. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConfigPlaces } from '../../src/workflows/config.js';
import type { Environment } from './view.js';

export function configPlaces(environment: Environment): ConfigPlaces {
  const home = environment.HOME || homedir();
  const { GIT_CONFIG_SYSTEM, GIT_CONFIG_GLOBAL, GIT_CONFIG_NOSYSTEM, GIT_CONFIG_COUNT } = environment;
  const isOff = /^(|0|false|no|off)$/i.test(GIT_CONFIG_NOSYSTEM ?? '');
  const xdg = join(environment.XDG_CONFIG_HOME || join(home, '.config'), 'git', 'config');
  const count = Math.min(Number(GIT_CONFIG_COUNT) || 0, 1000);
  return {
    ...(isOff && { system: GIT_CONFIG_SYSTEM ?? '/etc/gitconfig' }),
    global: GIT_CONFIG_GLOBAL === undefined ? [xdg, join(home, '.gitconfig')] : [GIT_CONFIG_GLOBAL],
    command: Array.from({ length: count }, (_, i): [string, string] => [
      environment[`GIT_CONFIG_KEY_${i}`] ?? '',
      environment[`GIT_CONFIG_VALUE_${i}`] ?? '',
    ]),
    home,
  };
}
