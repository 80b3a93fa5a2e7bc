/** Owns where this person's registries are kept, and how they are reached. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { RegistryPlaces } from '../../src/workflows/search-registries.js';
import { keyDirectoryOf } from './person.js';
import { transportConfiguration } from './remote-options.js';
import type { Environment } from './view.js';

/** Where registries, and what was fetched from them, are kept. */
export const registryPlaces = (environment: Environment): RegistryPlaces => ({
  configDirectory: keyDirectoryOf(environment),
  cacheDirectory: join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'bankai'),
});

/** The same, for who fetches from them: as the configuration around a directory has it. */
export async function reachableRegistries(
  environment: Environment,
  directory: string,
  signal: AbortSignal,
): Promise<Required<RegistryPlaces>> {
  const { registryNetwork } = await import('../../src/workflows/registry-network.js');
  const network = registryNetwork(directory, transportConfiguration(environment), signal);
  return { ...registryPlaces(environment), network };
}
