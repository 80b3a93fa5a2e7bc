/** Owns `bankai registry add`, `list` and `forget`: which registries a person trusts, and by which root. */
import { RegistryError } from '../errors.js';
import type { Network } from '../registry/download.js';
import {
  addRegistry,
  type FirstRoot,
  forgetRegistry,
  type KnownRegistry,
  listRegistries,
} from '../registry/known-registries.js';
import { openCatalogue } from '../registry/trusted-metadata.js';

export interface RegistryAddition {
  /** `http:`, `https:` or `file:`. */
  readonly url: string;
  readonly name: string;
  readonly first: FirstRoot;
}

/** Trusts a registry, if it is what its root says. Throws REGISTRY_ROOT, REGISTRY_EXISTS, and as `openCatalogue`. */
export async function trustRegistry(directory: string, addition: RegistryAddition, network: Network = {}) {
  const known = await addRegistry(directory, { ...addition, url: addressOf(addition.url) }, network);
  try {
    const { namespaces } = await openCatalogue(known, network);
    return { ...described(known), namespaces };
  } catch (error) {
    // Never seen alive: nothing is trusted that may be a typing error.
    await forgetRegistry(directory, known.name);
    throw error;
  }
}

/** Lists the registries that are trusted. Throws REGISTRY_INVALID. */
export const registries = async (directory: string) => (await listRegistries(directory)).map(described);

/** Trusts a registry no longer. Throws REGISTRY_UNKNOWN. */
export const distrustRegistry = async (directory: string, name: string) =>
  described(await forgetRegistry(directory, name));

const described = ({ name, url, root }: KnownRegistry) => ({ name, url, root });

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (
    url &&
    ['http:', 'https:', 'file:'].includes(url.protocol) &&
    url.username === '' &&
    url.search === '' &&
    url.hash === ''
  ) {
    return url.href;
  }
  throw new RegistryError('REGISTRY_UNREACHABLE', `${JSON.stringify(text)} is no address of a registry`, {
    hint: 'Give one that begins with https://, http:// or file://, without a name, a question or a fragment in it.',
  });
}
