import { describe, expect, it } from 'vitest';
import { ConfigError, parseYamlConfig, type PathProblem } from './yaml-config.ts';

const schema = {
  type: 'object',
  additionalProperties: false,
  properties: {
    doors: {
      type: 'array',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['id', 'name'],
        properties: {
          id: { type: 'integer', minimum: 1 },
          name: { type: 'string' },
          colour: { anyOf: [{ const: 'red' }, { const: 'green' }], default: 'red' },
          code: { type: 'string', pattern: '^[0-9]+$', description: 'digits only' },
        },
      },
    },
  },
};

const problemsOf = (text: string, check?: (value: unknown) => readonly PathProblem[]) => {
  try {
    parseYamlConfig(text, { file: 'house.yaml', schema, ...(check ? { check } : {}) });
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  throw new Error('no problem was found');
};

describe('a YAML configuration', () => {
  it('gives the value with the defaults of its schema filled in', () => {
    const value = parseYamlConfig('doors:\n  - id: 1\n    name: front\n', { file: 'house.yaml', schema });
    expect(value).toEqual({ doors: [{ id: 1, name: 'front', colour: 'red' }] });
  });

  it('is empty when the file is', () => {
    expect(parseYamlConfig('# nothing yet\n', { file: 'house.yaml', schema })).toEqual({});
  });

  it('names the line and column of a value that is out of range', () => {
    expect(problemsOf('doors:\n  - id: 0\n    name: front\n')).toEqual([
      { line: 2, column: 9, path: 'doors[0].id', message: 'must be >= 1 (found 0)' },
    ]);
  });

  it('proposes the known key that a misspelt one resembles', () => {
    const [problem] = problemsOf('doors:\n  - id: 1\n    name: front\n    color: red\n');
    expect(problem).toMatchObject({ line: 4, path: 'doors[0].color', message: 'unknown key; did you mean colour?' });
  });

  it('says which key is missing', () => {
    expect(problemsOf('doors:\n  - id: 1\n')).toMatchObject([{ line: 2, message: 'name is missing: add it' }]);
  });

  it('lists the words that are allowed', () => {
    expect(problemsOf('doors:\n  - {id: 1, name: a, colour: blue}\n')).toMatchObject([
      { line: 2, path: 'doors[0].colour', message: 'use one of red, green (found "blue")' },
    ]);
  });

  it('advises quotes where YAML read a number and text was meant', () => {
    expect(problemsOf('doors:\n  - {id: 1, name: 77}\n')[0]?.message).toBe("must be a string (found 77): put it in quotes, '77'");
  });

  it('tells every problem at once, in the order of the file', () => {
    const lines = problemsOf('doors:\n  - id: 1\n    name: a\n    code: x\n  - id: 0\n    name: b\n').map((problem) => problem.line);
    expect(lines).toEqual([4, 5]);
  });

  it('names the place where the text is not YAML', () => {
    const [problem] = problemsOf('doors:\n  - id: 1\n name: [\n');
    expect(problem?.line).toBe(3);
    expect(problem?.message).toMatch(/^not valid YAML/);
  });

  it('gives the checks after the schema a place as well', () => {
    const check = () => [{ path: ['doors', 1, 'name'], message: 'is there twice' }];
    expect(problemsOf('doors:\n  - {id: 1, name: a}\n  - {id: 2, name: a}\n', check)).toEqual([
      { line: 3, column: 19, path: 'doors[1].name', message: 'is there twice' },
    ]);
  });

  it('prints each problem as file, line and column', () => {
    try {
      parseYamlConfig('doors: 5\n', { file: 'house.yaml', schema });
      expect.unreachable();
    } catch (error) {
      expect((error as Error).message).toBe('house.yaml:1:8  doors: must be an array (found 5)');
    }
  });
});
