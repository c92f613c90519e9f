import type { DirectoryEntry, DirectoryKind } from '@ritmo/domain';
import type { PathProblem } from '@ritmo/runtime';
import { nounOf } from './kinds.ts';

/** What a check of references sees of the configured things. */
export interface Lookup {
  has(kind: DirectoryKind, id: number): boolean;
  all<K extends DirectoryKind>(kind: K): Iterable<DirectoryEntry<K>>;
}

interface Reference {
  readonly path: readonly (string | number)[];
  readonly kind: DirectoryKind;
  readonly id: number;
}

/** Everything an entry refers to. */
export function referencesOf(kind: DirectoryKind, entry: Readonly<Record<string, unknown>>): readonly Reference[] {
  switch (kind) {
    case 'route':
      return list(entry as DirectoryEntry<'route'>, 'trunks', 'trunk');
    case 'queue':
      return (entry as DirectoryEntry<'queue'>).members.map((member, index) => ({
        path: ['members', index, 'agentId'],
        kind: 'agent',
        id: member.agentId,
      }));
    case 'agent': {
      const { groupId } = entry as DirectoryEntry<'agent'>;
      return groupId === undefined ? [] : [{ path: ['groupId'], kind: 'agent-group', id: groupId }];
    }
    case 'campaign': {
      const campaign = entry as DirectoryEntry<'campaign'>;
      return [
        { path: ['queueId'], kind: 'queue', id: campaign.queueId },
        ...list(campaign, 'routeIds', 'route'),
        ...list(campaign, 'blockListIds', 'block-list'),
        ...(campaign.callWindowId === undefined ? [] : [{ path: ['callWindowId'], kind: 'call-window' as const, id: campaign.callWindowId }]),
      ];
    }
    case 'settings':
      return [{ path: ['pauseStatusId'], kind: 'user-status', id: (entry as DirectoryEntry<'settings'>).pauseStatusId }];
    case 'trunk':
    case 'shared-extension':
    case 'agent-group':
    case 'user-status':
    case 'disposition':
    case 'block-list':
    case 'call-window':
      return [];
  }
}

function list<K extends string>(entry: Readonly<Record<K, readonly number[]>>, key: K, kind: DirectoryKind): readonly Reference[] {
  return entry[key].map((id, index) => ({ path: [key, index], kind, id }));
}

/** What stands in the way of an entry, given everything else. The entry itself may be among the others in an older form. */
export function problemsOf(kind: DirectoryKind, entry: Readonly<Record<string, unknown>>, lookup: Lookup): readonly PathProblem[] {
  const missing = referencesOf(kind, entry)
    .filter((reference) => !lookup.has(reference.kind, reference.id))
    .map((reference) => ({ path: reference.path, message: `there is no ${nounOf[reference.kind]} ${reference.id}` }));
  return [...missing, ...clashesOf(kind, entry, lookup), ...contradictionsOf(kind, entry)];
}

/** Values that only one thing may have: an extension rings one phone, a number belongs to one queue. */
function clashesOf(kind: DirectoryKind, entry: Readonly<Record<string, unknown>>, lookup: Lookup): readonly PathProblem[] {
  const problems: PathProblem[] = [];
  if (kind === 'agent' || kind === 'shared-extension') {
    const { extension, id } = entry as DirectoryEntry<'agent'>;
    for (const otherKind of ['agent', 'shared-extension'] as const) {
      for (const other of lookup.all(otherKind)) {
        if (other.extension !== extension || (otherKind === kind && other.id === id)) continue;
        problems.push({ path: ['extension'], message: `extension ${extension} belongs to ${nounOf[otherKind]} ${other.id}` });
      }
    }
  }
  if (kind === 'queue') {
    const { numbers, id } = entry as DirectoryEntry<'queue'>;
    for (const other of lookup.all('queue')) {
      if (other.id === id) continue;
      numbers.forEach((number, index) => {
        if (other.numbers.includes(number)) problems.push({ path: ['numbers', index], message: `${number} already comes to queue ${other.id}` });
      });
    }
  }
  return problems;
}

function contradictionsOf(kind: DirectoryKind, entry: Readonly<Record<string, unknown>>): readonly PathProblem[] {
  if (kind === 'trunk') {
    const trunk = entry as DirectoryEntry<'trunk'>;
    if (trunk.register && (trunk.username === undefined || trunk.password === undefined)) {
      return [{ path: ['register'], message: 'a trunk that registers needs username and password' }];
    }
  }
  if (kind === 'call-window') {
    return [...badPeriods(entry as DirectoryEntry<'call-window'>), ...badTimeZones((entry as DirectoryEntry<'call-window'>).timeZones)];
  }
  if (kind === 'settings') return badTimeZones({ timeZone: (entry as DirectoryEntry<'settings'>).timeZone }, []);
  if (kind === 'queue') {
    const ids = (entry as DirectoryEntry<'queue'>).members.map((member) => member.agentId);
    const twice = ids.findIndex((id, index) => ids.indexOf(id) !== index);
    if (twice >= 0) return [{ path: ['members', twice, 'agentId'], message: `agent ${ids[twice]} is a member twice` }];
  }
  return [];
}

function badPeriods(window: DirectoryEntry<'call-window'>): readonly PathProblem[] {
  return window.periods.flatMap((period, index) =>
    period.from < period.to ? [] : [{ path: ['periods', index, 'to'], message: `the period ends at ${period.to}, before it begins at ${period.from}: make two of it` }],
  );
}

function badTimeZones(zones: Readonly<Record<string, string>>, prefix: readonly string[] = ['timeZones']): readonly PathProblem[] {
  return Object.entries(zones).flatMap(([key, zone]) => {
    try {
      new Intl.DateTimeFormat('en', { timeZone: zone });
      return [];
    } catch {
      return [{ path: [...prefix, key], message: `there is no time zone ${zone}: write it as America/Sao_Paulo` }];
    }
  });
}

/** Who refers to a thing: what would hang in the air if it were removed. */
export function referrersOf(kind: DirectoryKind, id: number, lookup: Lookup): readonly string[] {
  const found: string[] = [];
  for (const from of ['route', 'queue', 'agent', 'campaign', 'settings'] as const) {
    for (const entry of lookup.all(from)) {
      if (referencesOf(from, entry).some((reference) => reference.kind === kind && reference.id === id)) found.push(`${nounOf[from]} ${entry.id}`);
    }
  }
  return found;
}
