/**
 * Tick time and memory of a campaign with a short list beside one with a long list, in the same run; before that, what a pacing
 * decision alone costs with many agents and calls, which no list can change.
 * node --import tsx services/dialer/bench/dialer.ts [--contacts 1000000] [--ticks 300] [--agents 50] [--decision-only] [--json]
 *
 * Real PostgreSQL (embedded), the event store on it, the dialer's own loop; telephony is a double on the bus that gives slots
 * and ends every call as busy. A contact has two phones.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInProcessBus } from '@ritmo/bus';
import { connectDatabase, createThrowawayFolder, startEmbeddedPostgres } from '@ritmo/database';
import { asId, type CampaignId } from '@ritmo/domain';
import { createPostgresEventStore } from '@ritmo/event-store';
import { createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import { benchFlags } from '@ritmo/testing';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createDialerApp } from '../src/app.ts';
import { createCarrierDouble } from '../src/testing/carrier-double.ts';
import { measureDecision } from './decision.ts';
import { entry, shippedEntries } from '../src/testing/rig.ts';

const values = benchFlags('Tick time and memory of a campaign with a short list beside one with a long list, and what a pacing decision alone costs.', {
  contacts: [1_000_000, 'clients of the long list'],
  ticks: [300, 'ticks measured'],
  agents: [50, 'agents'],
  'decision-only': [false, 'only the pacing decision'],
});
const long = values.contacts;
const short = 1_000;
const wantedTicks = values.ticks;
const importChunk = 5_000;
/** Requests on their way at a time: the store writes one while the next is being read. */
const importsAtOnce = 4;
const progressEveryMs = 5_000;

interface Measured {
  readonly contacts: number;
  /** Stored and in the index. */
  readonly importedPerSecond: number;
  readonly storeSeconds: number;
  /** From the last contact stored to the last one in the index. */
  readonly indexBehindSeconds: number;
  readonly ticks: number;
  readonly tickMeanMs: number;
  readonly tickP99Ms: number;
  readonly attempts: number;
  readonly heapMb: number;
}

const say = (text: string): void => void (values.json || console.log(text));
/** Progress goes beside the result, also of `--json`. */
const progress = (text: string): void => void process.stderr.write(`${text}\n`);
const heapMb = (): number => {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10;
};

type Indexed = (onWaiting: (position: string) => void) => Promise<void>;

/** Several requests at a time, as the mailing service's workers would send them. */
async function load({ bus }: ServiceContext, campaignId: CampaignId, contacts: number, offset: number, onProgress: (stored: number) => void): Promise<void> {
  let next = 0;
  let stored = 0;
  let toldAt = performance.now();
  const one = async (): Promise<void> => {
    while (next < contacts) {
      const from = next;
      const count = Math.min(importChunk, contacts - from);
      next += count;
      const list = Array.from({ length: count }, (_, index) => contactOf(offset + from + index));
      const reply = await bus.request('dialer.contacts.import', { campaignId, contacts: list, source: 'bench', by: { kind: 'admin' } }, { timeoutMs: 120_000 });
      if (!reply.ok || reply.imported !== count) throw new Error(JSON.stringify(reply).slice(0, 500));
      stored += count;
      if (performance.now() - toldAt < progressEveryMs) continue;
      toldAt = performance.now();
      onProgress(stored);
    }
  };
  await Promise.all(Array.from({ length: importsAtOnce }, one));
}

const contactOf = (serial: number) => ({
  parameters: [`client-${serial}`, `Name ${serial}`],
  phones: [0, 1].map((phone) => ({ areaCode: ['11', '21', '68', '92'][serial % 4] ?? '11', number: `9${String((serial * 2 + phone) % 1e8).padStart(8, '0')}` })),
});

async function measure(context: ServiceContext, metrics: Registry, campaignId: CampaignId, contacts: number, indexed: Indexed, offset: number): Promise<Measured> {
  const { bus } = context;
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1_000;
  await load(context, campaignId, contacts, offset, (stored) => progress(`  ${stored} of ${contacts} stored, ${Math.round(stored / seconds())}/s`));
  const storeSeconds = seconds();
  await indexed((waiting) => progress(`  the index is behind: ${waiting}`));
  const importedPerSecond = Math.round(contacts / seconds());
  const indexBehindSeconds = seconds() - storeSeconds;
  await context.database.query('ANALYZE dialer.contacts');
  metrics.resetMetrics();
  await bus.request('dialer.campaign.set-active', { campaignId, action: 'activate', by: { kind: 'admin' } });
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 200));
    if ((await ticksOf(metrics, campaignId)).count >= wantedTicks) break;
  }
  await bus.request('dialer.campaign.set-active', { campaignId, action: 'deactivate', by: { kind: 'admin' } });
  const ticks = await ticksOf(metrics, campaignId);
  const status = (await bus.request('dialer.status', { campaignId })).campaigns[0];
  return { contacts, importedPerSecond, storeSeconds: round(storeSeconds), indexBehindSeconds: round(indexBehindSeconds), ticks: ticks.count, tickMeanMs: round(ticks.meanMs), tickP99Ms: round(ticks.p99Ms), attempts: status?.attempts ?? 0, heapMb: heapMb() };
}

const round = (value: number): number => Math.round(value * 100) / 100;

/** From the product's own histogram; the p99 is the upper bound of its bucket. */
async function ticksOf(metrics: Registry, campaignId: number): Promise<{ count: number; meanMs: number; p99Ms: number }> {
  const metric = await metrics.getSingleMetric('ritmo_dialer_tick_seconds')?.get();
  const rows = (metric?.values ?? []).filter((row) => Number(row.labels['campaign']) === campaignId) as { value: number; metricName: string; labels: Record<string, string | number> }[];
  const count = rows.find((row) => row.metricName.endsWith('_count'))?.value ?? 0;
  const sum = rows.find((row) => row.metricName.endsWith('_sum'))?.value ?? 0;
  const bucket = rows.find((row) => row.metricName.endsWith('_bucket') && row.value >= count * 0.99);
  return { count, meanMs: count === 0 ? 0 : (1_000 * sum) / count, p99Ms: 1_000 * Number(bucket?.labels['le'] ?? 0) };
}

const decision = measureDecision(500, 1_500);
if (values['decision-only']) {
  if (values.json) console.log(JSON.stringify({ decision }));
  else console.table([decision]);
  process.exit(0);
}

const folder = await createThrowawayFolder('ritmo-bench-dialer-');
const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'pg'), port: 0, superuserPassword: 'bench' });
const url = postgres.connectionString;
const database = connectDatabase({ url, maxConnections: 10, applicationName: 'bench' });
const events = await createPostgresEventStore({ url });
const bus = createInProcessBus({ freeze: false });
const log = pino({ level: 'error' });
const entries = [
  ...shippedEntries({ active: false, ringTimeoutMs: 30_000 }),
  { kind: 'campaign' as const, id: 2, entry: entry('campaign', { id: 2, name: 'long', queueId: 1, mode: 'progressive', blockListIds: [1], maxAttemptsPerDay: 20 }) as Record<string, unknown> },
];
bus.serve('directory.snapshot', () => ({ entries, position: '0' }));
const directory = createDirectoryReader({ bus });
await directory.start();
const metrics = new Registry();
const journal = createJournal({ bus, events, log });
const context: ServiceContext = {
  node: 'bench', bus, events, journal, database, directory, log, metrics, dataDir: folder, clock: { nowMs: () => Date.now() },
  health: { register: () => undefined, parts: () => Promise.resolve([]) },
};
const carrier = createCarrierDouble({
  bus, journal, nowMs: () => Date.now(), agents: values.agents, ringMs: 300, store: () => undefined,
  trunks: [{ id: 1, channels: 500 }, { id: 2, channels: 500 }], answer: () => ({ kind: 'busy' }),
});
const app = createDialerApp(context);
await app.start();
const indexed: Indexed = async (onWaiting) => {
  for (let toldAt = performance.now(); ; ) {
    const { rows } = await database.query<{ position: number | null }>('SELECT position FROM dialer.checkpoint');
    const after = BigInt(rows[0]?.position ?? 0);
    const waiting = await events.readAll({ after, limit: 1, types: ['ContactImported'] });
    if (waiting.length === 0) return;
    if (performance.now() - toldAt > progressEveryMs) {
      toldAt = performance.now();
      onWaiting(`at ${after} of ${(await events.head()) ?? 0n}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
try {
  say(`importing ${short} contacts`);
  const first = await measure(context, metrics, asId<CampaignId>(1), short, indexed, 0);
  say(`importing ${long} contacts`);
  const second = await measure(context, metrics, asId<CampaignId>(2), long, indexed, short);
  if (values.json) console.log(JSON.stringify({ decision, short: first, long: second, tickRatio: round(second.tickMeanMs / first.tickMeanMs) }));
  else {
    console.table([decision]);
    console.table([first, second]);
    say(`a tick of ${long} contacts takes ${round(second.tickMeanMs / first.tickMeanMs)} times a tick of ${short}`);
  }
} finally {
  carrier.stop();
  await app.stop();
  directory.stop();
  await journal.flush();
  await events.close();
  await database.close();
  await postgres.stop();
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
