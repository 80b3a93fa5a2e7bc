#!/usr/bin/env node
// Compiles the JSON Schemas of schema/ into dist/schema/: compiling them at every start would take longer than most commands.
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { Ajv2020 } from 'ajv/dist/2020.js';
import standalone from 'ajv/dist/standalone/index.js';

const schemas = new URL('../schema/', import.meta.url);
const compiled = new URL('../dist/schema/', import.meta.url);
const suffix = '.schema.json';

const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, code: { source: true } });
await mkdir(compiled, { recursive: true });
for (const file of (await readdir(schemas)).filter((name) => name.endsWith(suffix))) {
  const schema = JSON.parse(await readFile(new URL(file, schemas), 'utf8'));
  const code = standalone.default(ajv, ajv.compile(schema));
  await writeFile(new URL(`${file.slice(0, -suffix.length)}.cjs`, compiled), code);
}
