/**
 * Tick time and memory of a campaign with a short list beside one with a long list, in the same run.
 * node --import tsx services/dialer/bench/dialer.ts [--contacts 1000000] [--ticks 300] [--json]
 *
 * Real PostgreSQL (embedded), the event store on it, the dialer's own loop; telephony is a double on the bus that gives slots
 * and ends every call as busy. A contact has two phones.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createInProcessBus } from '@ritmo/bus';
import { connectDatabase, startEmbeddedPostgres } from '@ritmo/database';
import { asId, type CampaignId } from '@ritmo/domain';
import { createPostgresEventStore } from '@ritmo/event-store';
import { createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createDialerApp } from '../src/app.ts';
import { createCarrierDouble } from '../src/testing/carrier-double.ts';
import { entry, shippedEntries } from '../src/testing/rig.ts';

const { values } = parseArgs({
  options: { contacts: { type: 'string', default: '1000000' }, ticks: { type: 'string', default: '300' }, json: { type: 'boolean', default: false }, agents: { type: 'string', default: '50' } },
});
const long = Number(values.contacts);
const short = 1_000;
const wantedTicks = Number(values.ticks);
const importChunk = 5_000;

interface Measured {
  readonly contacts: number;
  readonly importedPerSecond: number;
  readonly ticks: number;
  readonly tickMeanMs: number;
  readonly tickP99Ms: number;
  readonly attempts: number;
  readonly heapMb: number;
}

const say = (text: string): void => void (values.json || console.log(text));
const heapMb = (): number => {
  globalThis.gc?.();
  return Math.round(process.memoryUsage().heapUsed / 1e5) / 10;
};

async function measure(context: ServiceContext, metrics: Registry, campaignId: CampaignId, contacts: number, indexed: () => Promise<void>, offset: number): Promise<Measured> {
  const { bus } = context;
  const begun = performance.now();
  for (let from = 0; from < contacts; from += importChunk) {
    const count = Math.min(importChunk, contacts - from);
    const list = Array.from({ length: count }, (_, index) => {
      const serial = offset + from + index;
      return {
        parameters: [`client-${serial}`, `Name ${serial}`],
        phones: [0, 1].map((phone) => ({ areaCode: ['11', '21', '68', '92'][serial % 4] ?? '11', number: `9${String((serial * 2 + phone) % 1e8).padStart(8, '0')}` })),
      };
    });
    const reply = await bus.request('dialer.contacts.import', { campaignId, contacts: list, source: 'bench', by: { kind: 'admin' } }, { timeoutMs: 120_000 });
    if (!reply.ok || reply.imported !== count) throw new Error(JSON.stringify(reply).slice(0, 500));
    if ((from / importChunk) % 40 === 39) say(`  ${from + count} imported, ${Math.round((from + count) / ((performance.now() - begun) / 1_000))}/s`);
  }
  await indexed();
  const importedPerSecond = Math.round(contacts / ((performance.now() - begun) / 1_000));
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
  return { contacts, importedPerSecond, ticks: ticks.count, tickMeanMs: round(ticks.meanMs), tickP99Ms: round(ticks.p99Ms), attempts: status?.attempts ?? 0, heapMb: heapMb() };
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

const folder = mkdtempSync('/tmp/ritmo-bench-dialer-');
execFileSync('chmod', ['755', folder]);
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
  bus, journal, nowMs: () => Date.now(), agents: Number(values.agents), ringMs: 300, store: () => undefined,
  trunks: [{ id: 1, channels: 500 }, { id: 2, channels: 500 }], answer: () => ({ kind: 'busy' }),
});
const app = createDialerApp(context);
await app.start();
const indexed = async (): Promise<void> => {
  for (;;) {
    const { rows } = await database.query<{ position: number | null }>('SELECT position FROM dialer.checkpoint');
    const after = BigInt(rows[0]?.position ?? 0);
    const waiting = await events.readAll({ after, limit: 1, types: ['ContactImported'] });
    if (waiting.length === 0) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
};
try {
  say(`importing ${short} contacts`);
  const first = await measure(context, metrics, asId<CampaignId>(1), short, indexed, 0);
  say(`importing ${long} contacts`);
  const second = await measure(context, metrics, asId<CampaignId>(2), long, indexed, short);
  if (values.json) console.log(JSON.stringify({ short: first, long: second, tickRatio: round(second.tickMeanMs / first.tickMeanMs) }));
  else {
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
