import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { asId, fact, streams, type CampaignId } from '@ritmo/domain';
import type { ServerStatus } from '@ritmo/contract';
import type { PartHealth, ServiceContext } from '@ritmo/service-kit';

const percent = (part: number, whole: number): number => (whole === 0 ? 0 : Math.round((100 * part) / whole));
const level = (used: number, warning: number, critical: number): PartHealth['status'] => (used >= critical ? 'CRITICAL' : used >= warning ? 'WARNING' : 'OK');

async function disk(folder: string): Promise<PartHealth> {
  const { blocks, bavail } = await statfs(folder);
  const used = percent(blocks - bavail, blocks);
  return { status: level(used, 84, 95), detail: `Particao ${folder} ${used}%` };
}

function memory(): PartHealth {
  const used = percent(totalmem() - freemem(), totalmem());
  return { status: level(used, 90, 97), detail: `Uso de Memoria ${used}%` };
}

const unreachable = (trunk: string, detail: string): PartHealth => ({ status: 'CRITICAL', detail: `SIP TRUNK ${trunk} (${detail || 'UNREACHABLE'})` });

interface Part {
  readonly part: string;
  readonly health: PartHealth;
}

const longestAskMs = 3_000;

/** The database may be what is ill: its answer is not waited for longer. */
const longestLookMs = 2_000;

/** What has not changed is told again after this, so that nobody takes it for forgotten. The manual promises 3 minutes. */
const refreshMs = 150_000;

export interface ServerHealth {
  /** The parts as they are now, each with the number that it has in the view status_servidores. */
  servers(): Promise<readonly ServerStatus[]>;
  start(): void;
  stop(): void;
}

/** Health of the parts for 1.1.17, 1.1.18 and, by facts, for the view status_servidores (1.3.1.3). */
export function createServerHealth(context: ServiceContext, options: { readonly everyMs: number }): ServerHealth {
  const { bus, database, directory, events, journal, health, dataDir, clock, log } = context;
  /** Numbers that the view gave. */
  const ids = new Map<string, number>();
  /** Numbers until then: for what is not in the view yet, or while there is no database. */
  const own = new Map<string, number>();
  /** What was reported; what this process reports itself is measured anew instead. */
  const reported = new Map<string, PartHealth>();
  const told = new Map<string, { readonly status: PartHealth['status']; readonly at: number }>();
  let timer: NodeJS.Timeout | undefined;
  let subscription: { stop(): void } | undefined;

  health.register('Armazenamento de Eventos', async () => {
    await events.head();
    return { status: 'OK', detail: '' };
  });
  health.register('Disco', () => disk(dataDir));
  health.register('Memoria', memory);

  /** The bus is well when a question comes back; the trunks are the answer. */
  async function trunks(): Promise<readonly Part[]> {
    try {
      const reply = await bus.request('telephony.trunks', {}, { timeoutMs: longestAskMs });
      return [
        { part: 'Barramento', health: { status: 'OK', detail: '' } },
        ...reply.trunks.map(({ name, up, detail }) => ({
          part: `SIP TRUNK ${name}`,
          health: up ? ({ status: 'OK', detail: '' } as const) : unreachable(name, detail),
        })),
      ];
    } catch (error) {
      // What nobody speaks for is not well, whatever was heard of it before.
      const silent = directory.all('trunk').filter(({ enabled }) => enabled);
      return [
        { part: 'Barramento', health: { status: 'CRITICAL', detail: error instanceof Error ? error.message : String(error) } },
        ...silent.map(({ name }) => ({ part: `SIP TRUNK ${name}`, health: unreachable(name, '') })),
      ];
    }
  }

  /** Services of other processes, under the names that they have where one process runs them all: they are well when they answer. */
  const services: readonly (readonly [part: string, ask: () => Promise<unknown>])[] = [
    ['acd', () => bus.request('acd.queues', {}, { timeoutMs: longestAskMs })],
    ['dialer', () => bus.request('dialer.status', { campaignId: asId<CampaignId>(0) }, { timeoutMs: longestAskMs })],
    ['Projetor', () => bus.request('projector.status', {}, { timeoutMs: longestAskMs })],
  ];

  async function look(): Promise<readonly Part[]> {
    const [here, theTrunks] = await Promise.all([health.parts(), trunks()]);
    const elsewhere = services.filter(([part]) => !here.some((each) => each.part === part));
    const asked = elsewhere.map(async ([part, ask]): Promise<Part> => {
      const detail = await ask().then(
        () => '',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      );
      return { part, health: { status: detail === '' ? 'OK' : 'CRITICAL', detail } };
    });
    return [...here, ...theTrunks, ...(await Promise.all(asked))];
  }

  async function measure(): Promise<readonly Part[]> {
    const mine = await look();
    const known = new Set([...mine.map(({ part }) => part), ...told.keys()]);
    return [...mine, ...[...reported].filter(([part]) => !known.has(part)).map(([part, health]) => ({ part, health }))];
  }

  /** A part has the number that it has in the view. */
  async function readIds(): Promise<void> {
    try {
      const late = new Promise<never>((_, reject) => setTimeout(() => reject(new Error('no answer')), longestLookMs).unref());
      const { rows } = await Promise.race([database.query<{ id: number; nome: string }>('SELECT id, nome FROM public.status_servidores'), late]);
      for (const { id, nome } of rows) {
        ids.set(nome, id);
        own.delete(nome);
      }
      const taken = new Set(ids.values());
      for (const [part, number] of own) if (taken.has(number)) own.delete(part);
    } catch (error) {
      log.debug({ err: error }, 'the numbers of the parts cannot be read');
    }
  }

  async function report(): Promise<void> {
    const parts = await look();
    const at = clock.nowMs();
    const facts = parts
      .map(({ part, health: { status, detail } }) => ({ part, status, detail: status === 'OK' ? '' : detail }))
      .filter(({ part, status }) => told.get(part)?.status !== status || at - (told.get(part)?.at ?? 0) >= refreshMs)
      .map((health) => fact('PartHealthReported', at, health));
    for (const { data } of facts) told.set(data.part, { status: data.status, at });
    if (facts.length > 0) journal.record(streams.system, ...facts);
  }

  return {
    async servers() {
      const parts = await measure();
      if (parts.some(({ part }) => !ids.has(part))) await readIds();
      for (const { part } of parts) if (!ids.has(part) && !own.has(part)) own.set(part, Math.max(0, ...ids.values(), ...own.values()) + 1);
      return parts
        .map(({ part, health: { status, detail } }) => ({ id: ids.get(part) ?? own.get(part) ?? 0, name: part, status, detail }))
        .sort((a, b) => a.id - b.id);
    },
    start() {
      subscription = bus.subscribe('fact.PartHealthReported', ({ data: { part, status, detail } }) => void reported.set(part, { status, detail }));
      const tick = (): void => void report().catch((error: unknown) => log.error({ err: error }, 'the health of the parts cannot be told'));
      timer = setInterval(tick, options.everyMs);
      timer.unref();
      tick();
    },
    stop() {
      clearInterval(timer);
      subscription?.stop();
    },
  };
}
