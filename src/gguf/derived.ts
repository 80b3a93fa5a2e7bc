/** Owns what an exported model says about itself: its base by the standard GGUF keys, its patches by keys of our own. */
import { Metadata, metadataEntry, withMetadata } from './metadata.js';

/** What an export is made of. */
export interface Derivation {
  /** The weights id of the base model. */
  readonly baseWeightsId: string;
  /** The ids of the applied patches. */
  readonly patchIds: readonly string[];
  /** The stack expression that was exported, e.g. `calc+math`. */
  readonly stack: string;
  /** The version of the program that exports. */
  readonly version: string;
}

/** The version of the `bankai.*` keys. */
const KEYS_VERSION = 1;

/** What GGUF defines both as `general.<name>` and, of the model that another derives from, `general.base_model.0.<name>`. */
const DESCRIPTIONS = [
  'name',
  'author',
  'version',
  'organization',
  'description',
  'url',
  'doi',
  'uuid',
  'repo_url',
] as const;

/**
 * Describes a model derived from the one that `base` describes (docs/FORMAT.md, "GGUF"): the base's own description
 * becomes that of its base model, identifiers that are the base's alone go, and the patches are named.
 */
export function derivedMetadata(base: Metadata, { baseWeightsId, patchIds, stack, version }: Derivation): Metadata {
  const baseName = textOf(base, 'general.name') ?? textOf(base, 'general.basename') ?? 'model';
  const kept = base.entries.filter(({ key }) => !isReplaced(key));
  return withMetadata(new Metadata(kept), [
    // An export without patches is the base under another file name.
    metadataEntry('general.name', 'string', patchIds.length === 0 ? baseName : `${baseName} + ${stack}`),
    metadataEntry('general.base_model.count', 'u32', 1),
    ...DESCRIPTIONS.flatMap((name) => {
      const text = textOf(base, `general.${name}`);
      return text === undefined ? [] : [metadataEntry(`general.base_model.0.${name}`, 'string', text)];
    }),
    metadataEntry('bankai.format', 'u32', KEYS_VERSION),
    metadataEntry('bankai.version', 'string', version),
    metadataEntry('bankai.base', 'string', baseWeightsId),
    metadataEntry('bankai.stack', 'string', stack),
    // Some readers do not expect an array without elements.
    ...(patchIds.length === 0 ? [] : [metadataEntry('bankai.patches', 'strings', [...patchIds].sort())]),
  ]);
}

function isReplaced(key: string): boolean {
  return (
    key.startsWith('bankai.') ||
    key.startsWith('general.base_model.') ||
    key === 'general.doi' ||
    key === 'general.uuid'
  );
}

function textOf(metadata: Metadata, key: string): string | undefined {
  return metadata.typeOf(key) === 'string' ? metadata.text(key) : undefined;
}
