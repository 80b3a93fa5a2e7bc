import { describe, expect, test } from '@jest/globals';
import { derivedMetadata } from '../../src/gguf/derived.js';
import { Metadata, metadataEntry } from '../../src/gguf/metadata.js';

const base = new Metadata([
  metadataEntry('general.architecture', 'string', 'qwen3'),
  metadataEntry('general.name', 'string', 'Bonsai 8B'),
  metadataEntry('general.organization', 'string', 'PrismML'),
  metadataEntry('general.uuid', 'string', '1234'),
  metadataEntry('general.version', 'u32', 1),
  metadataEntry('general.base_model.count', 'u32', 2),
  metadataEntry('general.base_model.0.author', 'string', 'Qwen'),
  metadataEntry('general.base_model.1.name', 'string', 'Another'),
  metadataEntry('bankai.obsolete', 'string', 'x'),
  metadataEntry('qwen3.block_count', 'u32', 36),
]);
const derivation = { baseWeightsId: 'ba5e', patchIds: ['b', 'a'], stack: 'calc+math', version: '0.1.0' };

describe('derived metadata', () => {
  test('names the base by the standard keys and the patches by our own', () => {
    const derived = derivedMetadata(base, derivation);
    expect(derived.entries.map(({ key }) => key)).toEqual([
      'general.architecture',
      'general.name',
      'general.organization',
      'general.version',
      'qwen3.block_count',
      'general.base_model.count',
      'general.base_model.0.name',
      'general.base_model.0.organization',
      'general.base_model.0.uuid',
      'bankai.format',
      'bankai.version',
      'bankai.base',
      'bankai.stack',
      'bankai.patches',
    ]);
    expect(derived.text('general.name')).toBe('Bonsai 8B + calc+math');
    expect(derived.uint('general.base_model.count')).toBe(1);
    expect(derived.text('general.base_model.0.name')).toBe('Bonsai 8B');
    expect(derived.text('general.base_model.0.uuid')).toBe('1234');
    expect(derived.text('bankai.base')).toBe('ba5e');
    expect(derived.texts('bankai.patches')).toEqual(['a', 'b']);
  });

  test('the base without patches keeps its name', () => {
    const derived = derivedMetadata(base, { ...derivation, patchIds: [], stack: 'base' });
    expect(derived.text('general.name')).toBe('Bonsai 8B');
    expect(derived.has('bankai.patches')).toBe(false);
  });

  test('a base without a name gets one, and lacks what it lacks', () => {
    const derived = derivedMetadata(new Metadata([]), derivation);
    expect(derived.text('general.name')).toBe('model + calc+math');
    expect(derived.has('general.base_model.0.name')).toBe(false);
  });
});
