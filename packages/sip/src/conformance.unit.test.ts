import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const SRC = new URL('.', import.meta.url);
const MEDIA = new URL('../../media/src/', SRC);
const SCENARIOS = new URL('../../../loadtest/scenarios/', SRC);

interface Row {
  readonly behaviour: string;
  readonly section: string;
  readonly code: string;
  readonly proofs: readonly string[];
}

const ROWS: readonly Row[] = readFileSync(new URL('../conformance.md', SRC), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| behaviour'))
  .map((line) => {
    const [behaviour = '', section = '', code = '', proof = ''] = line.slice(2, -2).split(' | ');
    return { behaviour, section, code, proofs: proof.split('; ') };
  });

const FILES = [SRC, MEDIA].flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => fileURLToPath(new URL(name, folder))));

/** `3261 12.2.1.2` is cited by that section, or by one above it. */
function cites(text: string, section: string): boolean {
  const [rfc = '', clause] = section.split(' ');
  if (clause === undefined) return text.includes(`RFC ${rfc}`);
  const parts = clause.split('.');
  return parts.some((_, dropped) => new RegExp(`(?<![\\d.])${parts.slice(0, parts.length - dropped).join('\\.')}(?!\\d)`).test(text)) && (rfc === '3261' || text.includes(rfc));
}

/** What is missing of a proof; undefined when it is there. */
function lacks(proof: string): string | undefined {
  if (/^ua[cs]-/.test(proof)) return existsSync(new URL(`${proof}.xml`, SCENARIOS)) ? undefined : `no scenario ${proof}`;
  const [, file = '', name = ''] = /^([^:]+): (.+)$/.exec(proof) ?? [];
  const path = FILES.find((each) => each.endsWith(file.startsWith('contract/') ? `/${file}.ts` : `/${file}.test.ts`));
  if (path === undefined) return `no file ${file}`;
  return name !== '' && readFileSync(path, 'utf8').includes(name) ? undefined : `no test '${name}' in ${file}`;
}

describe('conformance.md', () => {
  it('has its rows', () => {
    expect(ROWS.length).toBeGreaterThan(70);
  });

  it.each(ROWS)('$section, $behaviour: its code cites it, and its proofs are there', ({ section, code, proofs }) => {
    expect(cites(readFileSync(new URL(code, SRC), 'utf8'), section)).toBe(true);
    expect(proofs.map(lacks).filter((each) => each !== undefined)).toEqual([]);
  });

  it('leaves out no scenario that a test of this package runs', () => {
    const tests = FILES.filter((each) => /sipp-scenarios\.ts$|sipp\.int\.test\.ts$/.test(each)).map((each) => readFileSync(each, 'utf8')).join('');
    const run = [...new Set([...tests.matchAll(/'(ua[cs]-[a-z0-9-]+)'/g)].map((each) => each[1] ?? ''))];
    const listed = new Set(ROWS.flatMap((row) => row.proofs));
    expect(run.filter((each) => !listed.has(each))).toEqual([]);
  });
});
