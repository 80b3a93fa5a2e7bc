/** Owns the way to registries: what git's configuration and the environment say of HTTP counts for them as for remotes. */
import type { Network } from '../registry/download.js';
import { describeRepository, findGit } from '../repo/repository.js';
import type { TransportConfiguration } from '../transport/configured.js';

/** Makes a network as it is configured for the repository around a directory, if there is one; read when first it is needed. */
export function registryNetwork(
  directory: string,
  { places, proxies }: TransportConfiguration,
  signal?: AbortSignal,
): Network {
  const read = async () => {
    const { httpSettings, readTransportSettings } = await import('../transport/configured.js');
    const found = await findGit(directory);
    const settings = await readTransportSettings(found === undefined ? undefined : describeRepository(found), places);
    return (url: URL) => httpSettings(url, settings, proxies);
  };
  let reading: ReturnType<typeof read> | undefined;
  return { settings: async (url) => (await (reading ??= read()))(url), ...(signal && { signal }) };
}
