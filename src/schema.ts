/**
 * Owns the check of data against the JSON Schemas in `schema/`. The build has ajv compile each into a module of
 * `dist/schema/` (bin/validators.js), which is loaded on first use.
 */
import { createRequire } from 'node:module';
import type { ErrorObject, ValidateFunction } from 'ajv/dist/2020.js';

/** A schema by its file name in `schema/`, without `.schema.json`. */
export type SchemaName = string;

const require = createRequire(import.meta.url);
const loaded = new Map<SchemaName, ValidateFunction>();

function validator(name: SchemaName): ValidateFunction {
  let validate = loaded.get(name);
  if (!validate) {
    validate = require(`../schema/${name}.cjs`) as ValidateFunction;
    loaded.set(name, validate);
  }
  return validate;
}

/** Says where and why `data` does not fit the schema `name`, or nothing when it fits. */
export function schemaViolation(name: SchemaName, data: unknown): string | undefined {
  const validate = validator(name);
  return validate(data) ? undefined : describe(validate.errors?.[0]);
}

function describe(error: ErrorObject | undefined): string {
  if (!error) return 'does not fit its schema';
  const place = error.instancePath === '' ? 'the document' : error.instancePath;
  const extra = 'additionalProperty' in error.params ? ` ("${String(error.params.additionalProperty)}")` : '';
  return `${place} ${error.message ?? 'is invalid'}${extra}`;
}
