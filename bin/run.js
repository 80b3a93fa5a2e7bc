#!/usr/bin/env node
import { readFileSync } from 'node:fs';

if (process.argv.length === 3 && process.argv[2] === '--version') {
  // Loading oclif is most of the start, and the version needs none of it. The line is oclif's own.
  const { name, version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  console.log(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}`);
} else {
  // oclif would load a package to compare Node's version with what it needs itself: less than `engines` asks for.
  process.env.OCLIF_DISABLE_ENGINE_WARNING = '1';
  const { launch } = await import('../dist/commands/terminal/launch.js');
  await launch(import.meta.url);
}
