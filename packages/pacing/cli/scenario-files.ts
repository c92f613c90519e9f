/** Where scenario files are: a path, or the name of one that ships. */
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const FOLDER = fileURLToPath(new URL('../scenarios/', import.meta.url));

export function shippedScenarios(): string[] {
  return readdirSync(FOLDER)
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.slice(0, -'.json'.length))
    .sort();
}

export function resolveScenario(text: string): string {
  if (existsSync(text)) return text;
  const shipped = `${FOLDER}${text}.json`;
  if (existsSync(shipped)) return shipped;
  throw new Error(`no scenario file "${text}"; shipped: ${shippedScenarios().join(', ')}`);
}
