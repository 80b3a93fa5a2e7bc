/** Owns ajv: checks data against the JSON Schemas in `schema/`, each compiled on first use. */
import { readFileSync } from 'node:fs';
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js';

/** A schema by its file name in `schema/`, without `.schema.json`. */
export type SchemaName = string;

const ajv = new Ajv2020({ allErrors: false, strict: true, allowUnionTypes: true });
const compiled = new Map<SchemaName, ValidateFunction>();

function validator(name: SchemaName): ValidateFunction {
  let validate = compiled.get(name);
  if (!validate) {
    validate = ajv.compile(readSchema(name));
    compiled.set(name, validate);
  }
  return validate;
}

/** Reads the JSON Schema `schema/<name>.schema.json`. */
export function readSchema(name: SchemaName): Record<string, unknown> {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
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
