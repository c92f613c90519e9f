import type { DirectoryEntry, DirectoryKind } from '@ritmo/domain';
import type { PathProblem } from '@ritmo/runtime';
import { kindsInOrder, nounOf, pluralOf } from './kinds.ts';
import { problemsOf, type Lookup } from './references.ts';
import { validateEntry } from './schema.ts';
import { shippedEntries, type SeedEntry } from './shipped.ts';

/** The part of a YAML file that holds configured things, already checked against its schema. */
export type SeedFile = Readonly<Record<string, unknown>>;

interface PlacedEntry extends SeedEntry {
  /** Its place in the file. */
  readonly path: readonly (string | number)[];
}

/** What the file says, over what ships; in the order in which it can be put. */
export function seedEntries(file: SeedFile): readonly SeedEntry[] {
  const byKey = new Map<string, SeedEntry>();
  for (const entry of [...shippedEntries, ...entriesOf(file)]) byKey.set(`${entry.kind}/${entry.id}`, entry);
  return [...byKey.values()]
    .map(({ kind, id, entry }) => {
      const validated = validateEntry(kind, entry);
      if (!validated.ok) throw new Error(`${nounOf[kind]} ${id} is not valid: ${validated.problems.map((problem) => problem.message).join('; ')}`);
      return { kind, id, entry: validated.entry };
    })
    .sort((a, b) => kindsInOrder.indexOf(a.kind) - kindsInOrder.indexOf(b.kind));
}

/** What a schema cannot see: ids that are there twice, references to nothing, values that clash. */
export function checkSeedFile(file: SeedFile): readonly PathProblem[] {
  const entries = entriesOf(file);
  const problems: PathProblem[] = [];
  const seen = new Set<string>();
  for (const { kind, id, path } of entries) {
    if (seen.has(`${kind}/${id}`)) problems.push({ path: [...path, 'id'], message: `${nounOf[kind]} ${id} is there twice: give one of them another id` });
    seen.add(`${kind}/${id}`);
  }
  const lookup = lookupOf(seedEntries(file));
  for (const { kind, path, entry } of entries) {
    for (const problem of problemsOf(kind, entry, lookup)) problems.push({ ...problem, path: [...path, ...problem.path] });
  }
  return problems;
}

function entriesOf(file: SeedFile): readonly PlacedEntry[] {
  return kindsInOrder.flatMap((kind): readonly PlacedEntry[] => {
    const key = pluralOf[kind];
    const value = file[key];
    if (value === undefined || value === null) return [];
    if (kind === 'settings') return [{ kind, id: 1, path: [key], entry: { pauseStatusId: 6, timeZone: 'America/Sao_Paulo', ...(value as object), id: 1 } }];
    return (value as readonly Record<string, unknown>[]).map((entry, index) => ({ kind, id: entry['id'] as number, path: [key, index], entry }));
  });
}

export function lookupOf(entries: readonly SeedEntry[]): Lookup {
  const byKind = new Map<DirectoryKind, Map<number, Readonly<Record<string, unknown>>>>(kindsInOrder.map((kind) => [kind, new Map()]));
  for (const { kind, id, entry } of entries) byKind.get(kind)?.set(id, entry);
  return {
    has: (kind, id) => byKind.get(kind)?.has(id) ?? false,
    all: <K extends DirectoryKind>(kind: K) => (byKind.get(kind)?.values() ?? []) as Iterable<DirectoryEntry<K>>,
  };
}
