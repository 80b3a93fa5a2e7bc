/** Owns what the pages of a registry say: the catalogue as it was searched, and one version with its proof. */
import { patchFlips, patchId } from '../patch/patch.js';
import { parseTensorName } from '../patch/projection.js';
import { decodeBundle } from '../registry/bundle.js';
import { bundlePath } from '../registry/layout.js';
import { newestFirst } from '../registry/names.js';
import type { NamespaceIndex, VersionEntry } from '../registry/namespace-index.js';
import {
  namespacesOf,
  openRegistryDirectory,
  readNamespaceIndex,
  readRegistryFile,
} from '../registry/registry-directory.js';
import { judgeEvidence } from './evidence.js';
import { type Evidence, isEvidence, matches, resultOf } from './search-registries.js';
import { describePatch } from './show.js';

/** What a person looks for on the page, as they wrote it. */
export interface PageQuery {
  readonly text: string;
  readonly base: string;
  readonly category: string;
  readonly minGain: string;
  readonly evidence: Evidence;
}

/** Patches on one page. */
const PAGE_LENGTH = 50;

/** Suggestions in a field. */
const SUGGESTIONS = 200;

/** Reads the indexes of a registry, again only when its timestamp is another one. */
export function indexesOf(path: string): () => Promise<readonly NamespaceIndex[]> {
  let known: { readonly version: number; readonly indexes: readonly NamespaceIndex[] } | undefined;
  return async () => {
    const registry = await openRegistryDirectory(path);
    const { version } = registry.timestamp.signed;
    if (known?.version !== version) {
      const indexes: NamespaceIndex[] = [];
      for (const namespace of namespacesOf(registry)) indexes.push(await readNamespaceIndex(registry, namespace));
      known = { version, indexes };
    }
    return known.indexes;
  };
}

/** Counts the flips of a bundle by layer; a bundle never changes, so each is read once. → undefined where it is not to be had */
export function layerCounter(path: string): (sha256: string) => Promise<readonly number[] | undefined> {
  const known = new Map<string, readonly number[] | undefined>();
  return async (sha256) => {
    if (!known.has(sha256)) known.set(sha256, await countLayers(path, sha256).catch(() => undefined));
    return known.get(sha256);
  };
}

async function countLayers(path: string, sha256: string): Promise<readonly number[] | undefined> {
  const bytes = await readRegistryFile(path, bundlePath(sha256));
  if (!bytes) return undefined;
  const layers = patchFlips(decodeBundle(bytes).patch).flatMap(({ tensor }) => parseTensorName(tensor).layer ?? []);
  const last = layers.reduce((most, layer) => Math.max(most, layer), -1);
  const counts = new Array<number>(last + 1).fill(0);
  for (const layer of layers) counts[layer] += 1;
  return counts;
}

/** Searches the newest version of each patch, and gives one page of what is found. */
export async function searched(
  indexes: readonly NamespaceIndex[],
  parameters: URLSearchParams,
  layersOf: (sha256: string) => Promise<readonly number[] | undefined>,
) {
  const get = (name: string): string => (parameters.get(name) ?? '').slice(0, 200).trim();
  const evidence = get('evidence');
  const query: PageQuery = {
    ...{ text: get('q'), base: get('base'), category: get('category'), minGain: get('gain') },
    evidence: isEvidence(evidence) ? evidence : 'any',
  };
  const all = indexes.flatMap(({ namespace, packages }) =>
    [...packages].flatMap(([name, versions]) => {
      const version = newestFirst(versions.keys()).find((each) => versions.get(each)?.yanked === undefined);
      return version === undefined
        ? []
        : [resultOf('', `${namespace}/${name}`, version, versions.get(version) as VersionEntry)];
    }),
  );
  const wanted = {
    ...{ text: query.text, base: query.base, evidence: query.evidence },
    ...(query.category !== '' && { category: query.category }),
    ...(/^-?\d{1,6}$/.test(query.minGain) && { minGain: Number(query.minGain) }),
  };
  const found = all
    .filter((result) => matches(result, wanted))
    .sort((a, b) => b.gain - a.gain || (a.name < b.name ? -1 : 1));
  const pages = Math.max(1, Math.ceil(found.length / PAGE_LENGTH));
  const asked = /^\d{1,6}$/.test(get('page')) ? Number(get('page')) : 1;
  const page = Math.min(pages, Math.max(1, asked));
  const shown = found.slice((page - 1) * PAGE_LENGTH, page * PAGE_LENGTH);
  const suggestions = (texts: readonly string[]): string[] => [...new Set(texts)].sort().slice(0, SUGGESTIONS);
  return {
    query,
    total: found.length,
    page,
    pages,
    known: {
      bases: suggestions(all.map(({ base, baseName }) => baseName ?? base.slice(0, 12))),
      categories: suggestions(all.flatMap(({ categories }) => categories)),
    },
    results: await Promise.all(
      shown.map(async (result) => {
        const layers = await layersOf(result.sha256);
        return { ...result, ...(layers && { layers }) };
      }),
    ),
  };
}

/** Everything about one version. */
export async function versionPage(
  path: string,
  name: string,
  version: string,
  versions: ReadonlyMap<string, VersionEntry>,
  entry: VersionEntry,
) {
  const bytes = await readRegistryFile(path, bundlePath(entry.sha256));
  const bundle = bytes && decodeBundle(bytes);
  const checks = bundle && judgeEvidence(bundle.evidence, patchId(bundle.patch), bundle.patch.base).statements;
  return {
    ...resultOf('', name, version, entry),
    versions: newestFirst(versions.keys()).map((each) => ({
      version: each,
      ...(versions.get(each)?.yanked !== undefined && { yanked: versions.get(each)?.yanked as string }),
    })),
    ...(bundle && checks && { report: { ...describePatch(bundle.patch, checks), message: entry.description } }),
  };
}
