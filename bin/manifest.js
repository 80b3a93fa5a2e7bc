#!/usr/bin/env node
// Writes oclif.manifest.json, so that starting the program does not load every command.
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { Plugin } from '@oclif/core';

const root = fileURLToPath(new URL('..', import.meta.url));
const plugin = new Plugin({
  root,
  type: 'core',
  ignoreManifest: true,
  errorOnManifestCreate: true,
  respectNoCacheDefault: true,
});
await plugin.load();
await writeFile(new URL('../oclif.manifest.json', import.meta.url), JSON.stringify(plugin.manifest));
