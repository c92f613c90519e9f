import { Ajv, type ValidateFunction } from 'ajv';
import * as formats from 'ajv-formats';
import type { FastifySchemaCompiler } from 'fastify';

/**
 * Bodies are taken as they are: a number in quotes is a mistake worth telling, and so is a field that nobody knows.
 * Queries and paths are text, so what looks like a number is one.
 */
export function createValidators(): FastifySchemaCompiler<unknown> {
  const strict = new Ajv({ useDefaults: true, allErrors: true, strict: false });
  const lenient = new Ajv({ useDefaults: true, coerceTypes: true, strict: false });
  const addFormats = (formats.default as unknown as { default?: (ajv: Ajv) => void }).default ?? (formats.default as unknown as (ajv: Ajv) => void);
  for (const ajv of [strict, lenient]) addFormats(ajv);
  return ({ schema, httpPart }): ValidateFunction => (httpPart === 'body' ? strict : lenient).compile(schema as object);
}
