import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import { fact, streams } from '@ritmo/domain';
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

/** What has not changed is told again after this, so that nobody takes it for forgotten. The manual promises 3 minutes. */
const refreshMs = 150_000;

export interface ServerHealth {
  /** The parts as they are now, each with a number of its own that stays. */
  servers(): Promise<readonly ServerStatus[]>;
  start(): void;
  stop(): void;
}

/** Health of the parts for 1.1.17, 1.1.18 and, by facts, for the view status_servidores (1.3.1.3). */
export function createServerHealth(context: ServiceContext, options: { readonly everyMs: number }): ServerHealth {
  const { bus, events, journal, health, dataDir, clock, log } = context;
  const ids = new Map<string, number>();
  /** What other processes reported. */
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
  async function trunks(): Promise<readonly { part: string; health: PartHealth }[]> {
    try {
      const reply = await bus.request('telephony.trunks', {}, { timeoutMs: 3_000 });
      return [
        { part: 'Barramento', health: { status: 'OK', detail: '' } },
        ...reply.trunks.map(({ name, up, detail }) => ({
          part: `SIP TRUNK ${name}`,
          health: (up ? { status: 'OK', detail: '' } : { status: 'CRITICAL', detail: `SIP TRUNK ${name} (${detail || 'UNREACHABLE'})` }) as PartHealth,
        })),
      ];
    } catch (error) {
      return [{ part: 'Barramento', health: { status: 'CRITICAL', detail: error instanceof Error ? error.message : String(error) } }];
    }
  }

  async function measure(): Promise<readonly { part: string; health: PartHealth }[]> {
    const own = (await Promise.all([health.parts(), trunks()])).flat();
    const mine = new Set(own.map(({ part }) => part));
    return [...own, ...[...reported].filter(([part]) => !mine.has(part)).map(([part, health]) => ({ part, health }))];
  }

  async function report(): Promise<void> {
    const parts = (await Promise.all([health.parts(), trunks()])).flat();
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
      for (const { part } of parts) if (!ids.has(part)) ids.set(part, ids.size + 1);
      return parts
        .map(({ part, health: { status, detail } }) => ({ id: ids.get(part) ?? 0, name: part, status, detail }))
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
