import { readFile } from 'node:fs/promises';
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { isMap, isNode, isScalar, LineCounter, parseDocument, type Document } from 'yaml';

/** One thing to put right, with its place in the file. Lines and columns count from 1. */
export interface ConfigProblem {
  readonly line: number;
  readonly column: number;
  /** `trunks[0].port`; empty for the file as a whole. */
  readonly path: string;
  /** What is wrong and what to write instead. */
  readonly message: string;
}

export class ConfigError extends Error {
  readonly file: string;
  readonly problems: readonly ConfigProblem[];
  constructor(file: string, problems: readonly ConfigProblem[]) {
    super(problems.map((problem) => formatProblem(file, problem)).join('\n'));
    this.name = 'ConfigError';
    this.file = file;
    this.problems = problems;
  }
}

export function formatProblem(file: string, problem: ConfigProblem): string {
  const where = problem.path === '' ? '' : `${problem.path}: `;
  return `${file}:${problem.line}:${problem.column}  ${where}${problem.message}`;
}

type Path = readonly (string | number)[];

/** What a check that no schema can express found: a reference to something that is not there. */
export interface PathProblem {
  readonly path: Path;
  readonly message: string;
  /** The key itself is what is wrong, not its value. */
  readonly atKey?: boolean;
}

export interface YamlConfigOptions<T> {
  /** Name shown in errors. */
  readonly file: string;
  readonly schema: object;
  /** Checks after the schema holds. */
  readonly check?: (value: T) => readonly PathProblem[];
}

export async function loadYamlConfig<T>(options: YamlConfigOptions<T>): Promise<T> {
  let text: string;
  try {
    text = await readFile(options.file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    const message = code === 'ENOENT' ? 'there is no such file' : `the file cannot be read (${code})`;
    throw new ConfigError(options.file, [{ line: 1, column: 1, path: '', message }]);
  }
  return parseYamlConfig(text, options);
}

/** Rejects by throwing ConfigError with every problem found, in the order of the file. Defaults of the schema are filled in. */
export function parseYamlConfig<T>(text: string, options: YamlConfigOptions<T>): T {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const place = (offset: number): { line: number; column: number } => {
    const { line, col } = lineCounter.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  };
  if (document.errors.length > 0) {
    const problems = document.errors.map((error) => ({ ...place(error.pos[0]), path: '', message: `not valid YAML: ${error.message}` }));
    throw new ConfigError(options.file, problems);
  }
  const at = ({ path, message, atKey }: PathProblem): ConfigProblem => {
    const offset = (atKey === true ? keyOffsetOf(document, path) : undefined) ?? offsetOf(document, path);
    return { ...place(offset), path: showPath(path), message };
  };

  const value: unknown = document.toJS() ?? {};
  const validate = compile(options.schema);
  if (!validate(value)) {
    const problems = readableErrors(validate.errors ?? []).map(at);
    throw new ConfigError(options.file, inFileOrder(problems));
  }
  const found = options.check?.(value as T) ?? [];
  if (found.length > 0) throw new ConfigError(options.file, inFileOrder(found.map(at)));
  return value as T;
}

const compiled = new WeakMap<object, ValidateFunction>();

function compile(schema: object): ValidateFunction {
  let validate = compiled.get(schema);
  if (!validate) {
    const ajv = new Ajv({ allErrors: true, useDefaults: true, verbose: true, strict: false });
    addFormats.default(ajv);
    validate = ajv.compile(schema);
    compiled.set(schema, validate);
  }
  return validate;
}

function inFileOrder(problems: readonly ConfigProblem[]): readonly ConfigProblem[] {
  return [...problems].sort((a, b) => a.line - b.line || a.column - b.column);
}

export function showPath(path: Path): string {
  return path.map((step, index) => (typeof step === 'number' ? `[${step}]` : index === 0 ? step : `.${step}`)).join('');
}

/** Where the thing named by the path begins; where it is missing, the nearest thing around it. */
function offsetOf(document: Document, path: Path): number {
  for (let length = path.length; length >= 0; length -= 1) {
    const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}

function keyOffsetOf(document: Document, path: Path): number | undefined {
  const parent = path.length === 1 ? document.contents : document.getIn(path.slice(0, -1), true);
  if (!isMap(parent)) return undefined;
  const key = parent.items.find((pair) => isScalar(pair.key) && pair.key.value === path.at(-1))?.key;
  return isNode(key) ? key.range?.[0] : undefined;
}

/** Ajv's list made readable: alternatives of literals become one sentence, and the noise around them goes. */
export function readableErrors(errors: readonly ErrorObject[]): readonly PathProblem[] {
  const unions = errors.filter((error) => error.keyword === 'anyOf').map((error) => error.schemaPath);
  const insideUnion = (error: ErrorObject): boolean => unions.some((path) => error.schemaPath.startsWith(`${path}/`));
  const seen = new Set<string>();
  const problems: PathProblem[] = [];
  for (const error of errors) {
    if (insideUnion(error)) continue;
    const problem = readable(error);
    const key = JSON.stringify(problem);
    if (seen.has(key)) continue;
    seen.add(key);
    problems.push(problem);
  }
  return problems;
}

function readable(error: ErrorObject): PathProblem {
  const path = stepsOf(error.instancePath);
  const params = error.params as Record<string, unknown>;
  const found = ` (found ${show(error.data)})`;
  switch (error.keyword) {
    case 'required':
      return { path, message: `${String(params['missingProperty'])} is missing: add it` };
    case 'additionalProperties': {
      const key = String(params['additionalProperty']);
      const known = Object.keys((error.parentSchema?.['properties'] as object | undefined) ?? {});
      const near = nearest(key, known);
      const advice = near === undefined ? `known here: ${known.join(', ')}` : `did you mean ${near}?`;
      return { path: [...path, key], message: `unknown key; ${advice}`, atKey: true };
    }
    case 'anyOf': {
      const literals = ((error.parentSchema?.['anyOf'] as { const?: unknown }[] | undefined) ?? []).map((option) => option.const);
      if (literals.every((literal) => literal !== undefined)) return { path, message: `use one of ${literals.join(', ')}${found}` };
      return { path, message: `${error.message ?? 'is not valid'}${found}` };
    }
    case 'const':
      return { path, message: `must be ${show(params['allowedValue'])}${found}` };
    case 'type':
      return { path, message: `must be ${article(String(params['type']))}${found}${quoteAdvice(String(params['type']), error.data)}` };
    case 'pattern': {
      const meaning = error.parentSchema?.['description'];
      return { path, message: `must be written as ${typeof meaning === 'string' ? meaning : String(params['pattern'])}${found}` };
    }
    default:
      return { path, message: `${error.message ?? 'is not valid'}${found}` };
  }
}

const article = (type: string): string => (/^[aeio]/.test(type) ? `an ${type}` : `a ${type}`);

/** YAML reads 0800 and 11 as numbers; what is meant is usually text. */
function quoteAdvice(type: string, data: unknown): string {
  return type === 'string' && typeof data === 'number' ? `: put it in quotes, '${data}'` : '';
}

function stepsOf(pointer: string): Path {
  return pointer
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((step) => (/^\d+$/.test(step) ? Number(step) : step));
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

const mostEdits = 3;

/** The known word within a few edits of what was written. */
export function nearest(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestEdits = mostEdits + 1;
  for (const candidate of known) {
    const edits = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (edits < bestEdits) [best, bestEdits] = [candidate, edits];
  }
  return best;
}

/** Levenshtein. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
