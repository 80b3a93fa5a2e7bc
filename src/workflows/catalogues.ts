/** Owns the registries that a command asks: each is updated once, and each index verified once, however many patches it is about. */
import { listRegistries, type KnownRegistry } from '../registry/known-registries.js';
import type { NamespaceIndex } from '../registry/namespace-index.js';
import { type Catalogue, openCatalogue } from '../registry/trusted-metadata.js';
import type { RegistryPlaces } from './search-registries.js';

export interface Catalogues {
  /** The registries that the person trusts. Throws REGISTRY_INVALID, IO. */
  known(): Promise<readonly KnownRegistry[]>;
  /** A registry as of now. Throws as `openCatalogue`. */
  open(registry: KnownRegistry): Promise<Catalogue>;
  /** The index of a namespace. Throws NAMESPACE_UNKNOWN, and as `openCatalogue`. */
  index(registry: KnownRegistry, namespace: string): Promise<NamespaceIndex>;
}

/** Begins a command's conversation with the registries of a person: what was answered once, with an error too, stays so. */
export function askRegistries({ configDirectory, network }: RegistryPlaces): Catalogues {
  const once = memory();
  const asked: Catalogues = {
    known: () => once('known', () => listRegistries(configDirectory)),
    open: (registry) => once(`registry ${registry.name}`, () => openCatalogue(registry, network)),
    index: (registry, namespace) =>
      once(`index ${registry.name} ${namespace}`, async () => (await asked.open(registry)).index(namespace)),
  };
  return asked;
}

function memory() {
  const answers = new Map<string, Promise<unknown>>();
  return <T>(question: string, ask: () => Promise<T>): Promise<T> => {
    const answer = (answers.get(question) as Promise<T> | undefined) ?? ask();
    answers.set(question, answer);
    return answer;
  };
}
