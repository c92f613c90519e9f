/** Where scenario files are: a path, or the name of one that ships. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseScenario, FieldError } from '../src/index.ts';
import type { Scenario } from '../src/index.ts';
import { jsonFault } from './json-fault.ts';

const FOLDER = fileURLToPath(new URL('../scenarios/', import.meta.url));

/** Its message says which file, and where in it. */
export class ScenarioFileError extends Error {}

export function shippedScenarios(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

export interface ScenarioFile {
  readonly name: string;
  /** As parsed from JSON. */
  readonly raw: unknown;
  readonly scenario: Scenario;
}

/** `given`: a file, or the name of a shipped scenario. */
export function readScenario(given: string): ScenarioFile {
  const file = resolveScenario(given);
  const text = textOf(file);
  const fault = jsonFault(text);
  if (fault !== null) throw new ScenarioFileError(`${file}:${fault.line}:${fault.column}: is not JSON: ${fault.problem}`);
  const raw = JSON.parse(text) as unknown;
  try {
    const scenario = parseScenario(raw);
    return { name: scenario.name ?? given, raw, scenario };
  } catch (error) {
    if (error instanceof FieldError) throw new ScenarioFileError(`${file}: ${error.message}`);
    throw error;
  }
}

function resolveScenario(given: string): string {
  if (existsSync(given)) return given;
  const shipped = `${FOLDER}${given}.json`;
  if (existsSync(shipped)) return shipped;
  throw new ScenarioFileError(`no scenario file "${given}"; shipped: ${shippedScenarios().join(', ')}`);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').replace(/^\uFEFF/, '');
  } catch (error) {
    throw new ScenarioFileError(`${file} cannot be read: ${(error as NodeJS.ErrnoException).code ?? String(error)}`);
  }
}
