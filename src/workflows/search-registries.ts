/** Owns `bankai search`: the patches of all registries that a person trusts, with what was measured of them. */
import { BankaiError } from '../errors.js';
import type { Network } from '../registry/download.js';
import { findRegistry, type KnownRegistry, listRegistries } from '../registry/known-registries.js';
import { newestFirst } from '../registry/names.js';
import type { HeldOut, VersionEntry } from '../registry/namespace-index.js';
import { openCatalogue } from '../registry/trusted-metadata.js';
import { mcNemarExact, verdictOf, wilsonInterval } from '../search/statistics.js';

/** How good the evidence must be: anything, measured on held-out problems at all, or there better than chance explains. */
export const evidenceLevels = ['any', 'measured', 'better'] as const;
export type Evidence = (typeof evidenceLevels)[number];

export const isEvidence = (text: string): text is Evidence => evidenceLevels.some((level) => level === text);

export interface SearchRequest {
  /** All of its words must occur, in any case, in name, description or categories. */
  readonly text?: string;
  /** The first digits of a weights id, or a part of the model's name. */
  readonly base?: string;
  readonly category?: string;
  /** Least number of held-out problems fixed, less those broken. */
  readonly minGain?: number;
  readonly evidence?: Evidence;
  /** Every version, not only the newest that is not yanked. */
  readonly all: boolean;
  readonly registry?: string;
}

/** Where a person's registries are kept, and how they are reached. */
export interface RegistryPlaces {
  readonly configDirectory: string;
  readonly cacheDirectory: string;
  readonly network?: Network;
}

/** Searches. What is wrong with one registry or namespace is told beside what the others have. Throws REGISTRY_UNKNOWN. */
export async function searchRegistries(request: SearchRequest, { configDirectory, network = {} }: RegistryPlaces) {
  const known = await listRegistries(configDirectory);
  const chosen =
    request.registry === undefined && known.length > 0
      ? known
      : [await findRegistry(configDirectory, request.registry)];
  const found = await Promise.all(chosen.map((registry) => searchOne(registry, request, network)));
  const results = found.flatMap((one) => one.results);
  return {
    results: results.sort((a, b) => b.gain - a.gain || (a.name < b.name ? -1 : 1)),
    problems: found.flatMap((one) => one.problems),
    offline: found.flatMap((one) => one.offline),
  };
}

async function searchOne(registry: KnownRegistry, request: SearchRequest, network: Network) {
  const problem = (error: unknown, namespace?: string) => {
    if (!(error instanceof BankaiError)) throw error;
    const { code, message } = error;
    return { registry: registry.name, ...(namespace !== undefined && { namespace }), code: code as string, message };
  };
  try {
    const catalogue = await openCatalogue(registry, network);
    const indexes = await catalogue.indexes();
    return {
      offline: catalogue.offline ? [registry.name] : [],
      problems: indexes.flatMap((index) => ('error' in index ? [problem(index.error, index.namespace)] : [])),
      results: indexes.flatMap((index) =>
        'error' in index
          ? []
          : [...index.packages].flatMap(([name, versions]) =>
              chosenOf(versions, request.all)
                .map(([version, entry]) => resultOf(registry.name, `${index.namespace}/${name}`, version, entry))
                .filter((result) => matches(result, request)),
            ),
      ),
    };
  } catch (error) {
    return { offline: [], problems: [problem(error)], results: [] };
  }
}

/** The newest version that is not yanked, or all of them. */
function chosenOf(versions: ReadonlyMap<string, VersionEntry>, all: boolean): (readonly [string, VersionEntry])[] {
  const inOrder = newestFirst(versions.keys()).map(
    (version) => [version, versions.get(version) as VersionEntry] as const,
  );
  return all ? inOrder : inOrder.filter(([, { yanked }]) => yanked === undefined).slice(0, 1);
}

/** Tells whether a version is what was searched for. */
export function matches(
  result: SearchResult,
  { text = '', base = '', category, minGain, evidence = 'any' }: Omit<SearchRequest, 'all'>,
): boolean {
  const has = (whole: string, part: string): boolean => whole.toLowerCase().includes(part.toLowerCase());
  const whole = [result.name, result.description, ...result.categories].join('\n');
  return (
    text.split(/\s+/).every((word) => has(whole, word)) &&
    (result.base.startsWith(base.toLowerCase()) || has(result.baseName ?? '', base)) &&
    (category === undefined || result.categories.some((known) => known.toLowerCase() === category.toLowerCase())) &&
    (evidence === 'any' || (evidence === 'measured' ? result.count > 0 : result.verdict === 'better')) &&
    (minGain === undefined || (result.count > 0 && result.gain >= minGain))
  );
}

/** What a search says of a version. Everything that follows from counts is computed here, not believed. */
export function resultOf(registry: string, name: string, version: string, entry: VersionEntry) {
  const sum = (key: 'fixed' | 'broke' | 'keptRight' | 'keptWrong') =>
    entry.heldOut.reduce((total, file: HeldOut) => total + file[key], 0);
  const [fixed, broke, keptRight, keptWrong] = [sum('fixed'), sum('broke'), sum('keptRight'), sum('keptWrong')];
  const { low, high } = wilsonInterval(fixed, fixed + keptWrong);
  return {
    registry,
    name,
    version,
    ...entry,
    fixed,
    broke,
    count: fixed + broke + keptRight + keptWrong,
    gain: fixed - broke,
    p: mcNemarExact(fixed, broke),
    fixRate: { low, high },
    verdict: verdictOf(fixed, broke),
  };
}

export type SearchResult = ReturnType<typeof resultOf>;
