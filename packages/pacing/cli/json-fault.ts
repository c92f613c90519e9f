/** Where a text stops being JSON (RFC 8259): JSON.parse of Node 20 says it only sometimes. */
export interface JsonFault {
  readonly line: number;
  readonly column: number;
  readonly problem: string;
}

const TOKEN = /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.+-])|(?:true|false|null)(?!\w)))/y;
const BLANK = /[ \t\r\n]*/y;

/** Null: it is JSON. */
export function jsonFault(text: string): JsonFault | null {
  let offset = 0;
  let token = '';
  const next = (): void => {
    TOKEN.lastIndex = offset;
    const found = TOKEN.exec(text);
    token = found?.[1] ?? (found?.[2] === undefined ? (found?.[3] === undefined ? '' : 'value') : 'string');
    if (found !== null) offset = TOKEN.lastIndex;
  };
  const fail = (problem: string): never => {
    throw new FaultFound(problem);
  };
  /** After its first token was read; reads the token behind it. */
  const value = (): void => {
    if (token === '{') members('}', () => {
      if (token !== 'string') fail('a name in double quotes is wanted');
      step();
      if (token !== ':') fail('":" is wanted');
      step();
      value();
    });
    else if (token === '[') members(']', value);
    else if (token === 'string' || token === 'value') step();
    else fail('a value is wanted');
  };
  const members = (end: '}' | ']', one: () => void): void => {
    step();
    if (token === end) return step();
    for (;;) {
      one();
      if (token === end) return step();
      if (token !== ',') fail(`"," or "${end}" is wanted`);
      step();
    }
  };
  let before = 0;
  const step = (): void => {
    before = offset;
    next();
  };
  try {
    step();
    value();
    if (pastBlanks(text, before) < text.length) fail('nothing more is wanted');
    return null;
  } catch (error) {
    if (!(error instanceof FaultFound)) throw error;
    const place = pastBlanks(text, before);
    const lines = text.slice(0, place).split('\n');
    return { line: lines.length, column: (lines.at(-1)?.length ?? 0) + 1, problem: place >= text.length ? `${error.message}, but the file ends` : error.message };
  }
}

class FaultFound extends Error {}

function pastBlanks(text: string, offset: number): number {
  BLANK.lastIndex = offset;
  BLANK.exec(text);
  return BLANK.lastIndex;
}
