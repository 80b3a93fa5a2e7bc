/** Owns `bankai config`: git's settings, read with its own rules of precedence, and changed. */
import { join } from 'node:path';
import { RepositoryError, UsageError } from '../errors.js';
import { changeConfigFile, type ConfigChange } from '../repo/git-config-write.js';
import { reporting } from '../repo/git-error.js';
import {
  type ConfigPlaces,
  globalFile,
  readAllSettings,
  type Scope,
  type Setting,
  settingName,
} from '../repo/git-settings.js';
import { openRepository, type Repository } from '../repo/repository.js';
import { changeOnly } from './change-refs.js';
import { changeWorkspace } from './workspace.js';

export type { ConfigPlaces } from '../repo/git-settings.js';

export interface ConfigQuery {
  readonly places: ConfigPlaces;
  /** Only what is set there. */
  readonly scope?: Scope | undefined;
}

/** Lists all settings, what counts least first; outside of a repository those of the machine and the person. */
export async function listConfig(directory: string, { places, scope }: ConfigQuery): Promise<Setting[]> {
  const repository = await repositoryAround(directory, scope === 'local');
  const settings = await reporting('read the configuration', async () =>
    readAllSettings(places, repository && join(repository.gitDirectory, 'config')),
  );
  return settings.filter((setting) => scope === undefined || setting.scope === scope);
}

/** Finds the value of a setting that counts; undefined when it is set nowhere. Throws NAME_INVALID. */
export async function getConfig(directory: string, name: string, query: ConfigQuery): Promise<Setting | undefined> {
  assertSettingName(name);
  return (await listConfig(directory, query)).findLast((setting) => setting.name === settingName(name));
}

export interface ConfigAssignment {
  readonly name: string;
  /** Undefined takes all values away. */
  readonly value: string | undefined;
  readonly global: boolean;
  readonly places: ConfigPlaces;
}

/** Changes a setting of the repository, or of the person. Throws NAME_INVALID, NOT_A_REPOSITORY, REPOSITORY_LOCKED, IO. */
export async function setConfig(directory: string, { name, value, global, places }: ConfigAssignment) {
  assertSettingName(name);
  const dot = name.lastIndexOf('.');
  const [section, key] = [name.slice(0, dot), name.slice(dot + 1)];
  const change: ConfigChange = value === undefined ? { unset: section, key } : { set: section, key, value };
  const operation = `config: ${value === undefined ? '--unset ' : ''}${name}`;
  if (global) await changeConfigFile(globalFile(places), [change]);
  else await changeWorkspace(directory, (workspace) => changeOnly(workspace, operation, { config: [change] }));
  return { name, scope: global ? ('global' as const) : ('local' as const), ...(value !== undefined && { value }) };
}

async function repositoryAround(directory: string, needed: boolean): Promise<Repository | undefined> {
  try {
    return await openRepository(directory);
  } catch (error) {
    if (!needed && error instanceof RepositoryError && error.code === 'NOT_A_REPOSITORY') return undefined;
    throw error;
  }
}

function assertSettingName(name: string): void {
  if (/^[A-Za-z0-9-]+\.([^\n\0]*\.)?[A-Za-z][A-Za-z0-9-]*$/.test(name)) return;
  throw new UsageError('NAME_INVALID', `"${name}" cannot be the name of a setting`, {
    hint: 'Write a section and a key, as in user.name or branch.calc.remote.',
    data: { name },
  });
}
