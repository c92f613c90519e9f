import { readFile } from 'node:fs/promises';
import { directorySchemas } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { ConfigFileSchema } from './config.ts';
import { variables } from './variables.ts';

const page = await readFile(new URL('../../../docs/configuracao.md', import.meta.url), 'utf8');
const notNamed = (names: readonly string[]): readonly string[] => names.filter((name) => !new RegExp(`(\`|## |, )${name}\\b`).test(page));

describe('the page on configuration', () => {
  it('names every key of every configured thing', () => {
    const keys = Object.values(directorySchemas).flatMap((schema) => Object.keys(schema.properties));
    expect(notNamed(keys)).toEqual([]);
  });

  it('names every key of the file', () => {
    expect(notNamed(Object.keys(ConfigFileSchema.properties))).toEqual([]);
  });

  it('names every variable', () => {
    expect(notNamed(Object.keys(variables))).toEqual([]);
  });
});
