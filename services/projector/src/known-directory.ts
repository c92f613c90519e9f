import type { SqlSession } from '@ritmo/database';
import type { Agent, DirectoryEntry, DirectoryKind, Route } from '@ritmo/domain';
import { createLocalTime, type LocalTime } from './local-time.ts';

const DEFAULT_ZONE = 'America/Sao_Paulo';
const DEFAULT_HOME_AREA_CODE = '11';

/**
 * Configured things as the events so far tell them: a row's names, rates and local time are those of its moment, and come
 * out the same in a rebuild. Not the directory reader, which knows only the present.
 */
export interface KnownDirectory {
  get<K extends DirectoryKind>(kind: K, id: number): DirectoryEntry<K> | undefined;
  put(kind: DirectoryKind, id: number, entry: Readonly<Record<string, unknown>>): void;
  remove(kind: DirectoryKind, id: number): void;
  agentByExtension(extension: string): Agent | undefined;
  /** The area code that the installation calls local where no campaign is asked: of the first active route that names one. */
  homeAreaCode(): string;
  localTime(): LocalTime;
}

export async function loadKnownDirectory(session: SqlSession, schema: string): Promise<KnownDirectory> {
  const { rows } = await session.query<{ kind: DirectoryKind; id: number; entry: Record<string, unknown> }>(`SELECT kind, id, entry FROM ${schema}.directory WHERE NOT removed`);
  const entries = new Map<string, Readonly<Record<string, unknown>>>();
  const extensions = new Map<string, Agent>();
  let time = createLocalTime(DEFAULT_ZONE);
  let home = DEFAULT_HOME_AREA_CODE;

  /** As the acd decides it (planDial): routes in the order of their ids. */
  function findHome(): string {
    const routes = [...entries].flatMap(([key, entry]) => (key.startsWith('route/') ? [entry as unknown as Route] : []));
    const naming = routes.filter((route) => route.active && route.homeAreaCode !== undefined).sort((a, b) => a.id - b.id);
    return naming[0]?.homeAreaCode ?? DEFAULT_HOME_AREA_CODE;
  }

  function put(kind: DirectoryKind, id: number, entry: Readonly<Record<string, unknown>>): void {
    remove(kind, id);
    entries.set(`${kind}/${id}`, entry);
    if (kind === 'agent') extensions.set(String(entry['extension']), entry as unknown as Agent);
    const zone = entry['timeZone'];
    if (kind === 'route') home = findHome();
    if (kind === 'settings' && typeof zone === 'string' && zone !== time.zone) time = createLocalTime(zone);
  }

  function remove(kind: DirectoryKind, id: number): void {
    const before = entries.get(`${kind}/${id}`);
    entries.delete(`${kind}/${id}`);
    const extension = String(before?.['extension'] ?? '');
    if (kind === 'agent' && extensions.get(extension)?.id === id) extensions.delete(extension);
    if (kind === 'route' && before !== undefined) home = findHome();
  }

  for (const row of rows) put(row.kind, row.id, row.entry);
  return {
    get: <K extends DirectoryKind>(kind: K, id: number) => entries.get(`${kind}/${id}`) as DirectoryEntry<K> | undefined,
    put,
    remove,
    agentByExtension: (extension) => extensions.get(extension),
    homeAreaCode: () => home,
    localTime: () => time,
  };
}
