import type { BusSubscription, Requests } from '@ritmo/bus';
import { migrate } from '@ritmo/database';
import { directorySchemas, fact, streams, type Actor, type DirectoryEntry, type DirectoryKind } from '@ritmo/domain';
import { WrongExpectedVersionError } from '@ritmo/event-store';
import { showPath } from '@ritmo/runtime';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { createEntryStore, type KnownEntry } from './entry-store.ts';
import { kindsInOrder, nounOf } from './kinds.ts';
import { problemsOf, referrersOf, type Lookup } from './references.ts';
import { validateEntry } from './schema.ts';
import { seedEntries, type SeedFile } from './seed.ts';
import { isShipped } from './shipped.ts';

export interface DirectoryOptions {
  /** What an empty installation begins with, over what ships. Ignored once the installation has been seeded. */
  readonly seed?: SeedFile;
  /** Where the seed comes from, for the events. */
  readonly seedName?: string;
}

type Put = Requests['directory.put'];
type Remove = Requests['directory.remove'];

/** Customers' own ids begin above those that ship. */
const idsAbove: Partial<Record<DirectoryKind, number>> = { disposition: 1_002, 'user-status': 7 };
const seedBatch = 200;

/** The only writer of configured things. Everybody else follows its facts. */
export function createDirectoryApp(context: ServiceContext, options: DirectoryOptions = {}): ServiceApp {
  const { bus, journal, database, events, log, clock } = context;
  const store = createEntryStore({ database, events });
  const known = new Map<DirectoryKind, Map<number, KnownEntry>>(kindsInOrder.map((kind) => [kind, new Map()]));
  const subscriptions: BusSubscription[] = [];
  let position = '';
  /** Changes are made one after the other, so that what a check saw still holds when its event is appended. */
  let turn: Promise<unknown> = Promise.resolve();

  const lookup: Lookup = {
    has: (kind, id) => (known.get(kind)?.get(id)?.entry ?? null) !== null,
    *all<K extends DirectoryKind>(kind: K) {
      for (const { entry } of known.get(kind)?.values() ?? []) if (entry !== null) yield entry as DirectoryEntry<K>;
    },
  };
  const find = (kind: DirectoryKind, id: number): KnownEntry => known.get(kind)?.get(id) ?? { kind, id, version: -1, entry: null };
  const keep = (entry: KnownEntry): void => void known.get(entry.kind)?.set(entry.id, entry);
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const result = turn.then(work);
    turn = result.catch(() => undefined);
    return result;
  };

  /** Appends the change; when another process was faster, takes over what that one wrote and says so. */
  const change = async (before: KnownEntry, entry: KnownEntry['entry'], by: Actor): Promise<boolean> => {
    const { kind, id } = before;
    const event =
      entry === null ? fact('DirectoryEntryRemoved', clock.nowMs(), { kind, id, by }) : fact('DirectoryEntryPut', clock.nowMs(), { kind, id, entry, by });
    try {
      const appended = await journal.commit(streams.directory(kind, id), before.version < 0 ? 'none' : before.version, [event]);
      position = String(appended.position);
      const after = { kind, id, version: appended.version, entry };
      keep(after);
      await store.save([after]);
      return true;
    } catch (error) {
      if (!(error instanceof WrongExpectedVersionError)) throw error;
      keep(await store.refresh(before));
      return false;
    }
  };

  const put = async (request: Put['request']): Promise<Put['reply']> => {
    const { kind, mustBeNew, by } = request;
    if (!Object.hasOwn(directorySchemas, kind)) return { ok: false, code: 'invalid', detail: `there is no kind ${String(kind)}` };
    if (request.id !== null && mustBeNew === true && lookup.has(kind, request.id)) {
      return { ok: false, code: 'exists', detail: `${nounOf[kind]} ${request.id} is there already` };
    }
    // A number that stands for the one not yet allocated: nothing may be spent on an entry that is then refused.
    const checked = validateEntry(kind, { ...request.entry, id: request.id ?? (kind === 'settings' ? 1 : 2_147_483_647) });
    const problems = checked.ok ? problemsOf(kind, checked.entry, lookup) : checked.problems;
    if (!checked.ok || problems.length > 0) {
      return { ok: false, code: 'invalid', detail: problems.map(({ path, message }) => (path.length === 0 ? message : `${showPath(path)}: ${message}`)).join('; ') };
    }
    const id = request.id ?? (kind === 'settings' ? 1 : await store.allocateId(kind, highestId(kind)));
    const before = find(kind, id);
    if (before.version < 0) await store.announce([{ kind, id }]);
    if (await change(before, { ...checked.entry, id }, by)) return { ok: true, id };
    return { ok: false, code: 'conflict', detail: `${nounOf[kind]} ${id} was changed at the same moment: read it and try again` };
  };

  const highestId = (kind: DirectoryKind): number => Math.max(idsAbove[kind] ?? 0, ...(known.get(kind)?.keys() ?? []));

  const remove = async ({ kind, id, by }: Remove['request']): Promise<Remove['reply']> => {
    if (!lookup.has(kind, id)) return { ok: false, code: 'not-found' };
    if (isShipped(kind, id)) return { ok: false, code: 'in-use', detail: `${nounOf[kind]} ${id} ships with the product: change it instead` };
    const referrers = referrersOf(kind, id, lookup);
    if (referrers.length > 0) return { ok: false, code: 'in-use', detail: `used by ${referrers.slice(0, 5).join(', ')}${referrers.length > 5 ? ', …' : ''}` };
    if (await change(find(kind, id), null, by)) return { ok: true };
    return remove({ kind, id, by });
  };

  const seedIfEmpty = async (): Promise<void> => {
    // Settings are appended last: without them the installation is new, or its first start was cut short.
    if (find('settings', 1).version >= 0) return;
    const by: Actor = options.seedName === undefined ? { kind: 'system' } : { kind: 'file', id: options.seedName };
    const missing = seedEntries(options.seed ?? {}).filter(({ kind, id }) => find(kind, id).version < 0);
    await store.announce(missing);
    for (let start = 0; start < missing.length; start += seedBatch) {
      const batch = missing.slice(start, start + seedBatch);
      const facts = batch.map(({ kind, id, entry }) => fact('DirectoryEntryPut', clock.nowMs(), { kind, id, entry, by }));
      const results = await events.appendMany(
        batch.map(({ kind, id }, index) => ({
          streamId: streams.directory(kind, id),
          expectedVersion: 'none' as const,
          events: facts.slice(index, index + 1).map(({ type, data, at }) => ({ type, data: data as unknown as Record<string, unknown>, at })),
        })),
      );
      const stored: KnownEntry[] = [];
      for (const [index, { kind, id, entry }] of batch.entries()) {
        const result = results[index];
        if (result === undefined || result instanceof WrongExpectedVersionError) keep(await store.refresh(find(kind, id)));
        else stored.push({ kind, id, version: result.version, entry });
      }
      stored.forEach(keep);
      await store.save(stored);
    }
    log.info({ entries: missing.length, from: options.seedName ?? 'what ships' }, 'a new installation was given its first configuration');
  };

  /** Another process of this service may have written. */
  const follow = ({ data: { kind, id } }: { data: { kind: DirectoryKind; id: number } }): Promise<void> =>
    inTurn(async () => keep(await store.refresh(find(kind, id))));

  return {
    name: 'directory',
    async start() {
      await migrate(database, { owner: 'directory', folder: new URL('../sql', import.meta.url) });
      for (const entry of await store.load()) keep(entry);
      await seedIfEmpty();
      position = String((await events.head()) ?? '');
      subscriptions.push(
        bus.subscribe('fact.DirectoryEntryPut', follow),
        bus.subscribe('fact.DirectoryEntryRemoved', follow),
        bus.serve('directory.snapshot', () => ({
          position,
          entries: kindsInOrder.flatMap((kind) =>
            [...(known.get(kind)?.values() ?? [])].flatMap(({ id, entry }) => (entry === null ? [] : [{ kind, id, entry: entry as Record<string, unknown> }])),
          ),
        })),
        bus.serve('directory.put', (request) => inTurn(() => put(request))),
        bus.serve('directory.remove', (request) => inTurn(() => remove(request))),
      );
    },
    async stop() {
      for (const subscription of subscriptions.splice(0)) subscription.stop();
      await turn;
    },
  };
}
