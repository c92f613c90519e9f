import { Type, type TSchema } from '@sinclair/typebox';
import { Ajv, type ValidateFunction } from 'ajv';
import { directorySchemas, type DirectoryKind } from '@ritmo/domain';
import { readableErrors, type PathProblem } from '@ritmo/runtime';
import { kindsInOrder, pluralOf } from './kinds.ts';

const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: false });
const validators = new Map<DirectoryKind, ValidateFunction>();

export type Validated = { readonly ok: true; readonly entry: Readonly<Record<string, unknown>> } | { readonly ok: false; readonly problems: readonly PathProblem[] };

/** Checks one entry and fills in its defaults. What is given is left as it is. */
export function validateEntry(kind: DirectoryKind, given: Readonly<Record<string, unknown>>): Validated {
  let validate = validators.get(kind);
  if (!validate) {
    validate = ajv.compile(directorySchemas[kind]);
    validators.set(kind, validate);
  }
  const entry = structuredClone(given);
  return validate(entry) ? { ok: true, entry } : { ok: false, problems: readableErrors(validate.errors ?? []) };
}

/** Schemas of the YAML file's keys that hold configured things. `settings` is one object, and its id goes without saying. */
export const seedFileProperties: Readonly<Record<string, TSchema>> = Object.fromEntries(
  kindsInOrder.map((kind) => [
    pluralOf[kind],
    Type.Optional(kind === 'settings' ? Type.Omit(directorySchemas.settings, ['id'], { additionalProperties: false }) : Type.Array(directorySchemas[kind])),
  ]),
);
