/**
 * From a customer's 200 to the INVITE to a free agent, on the wire, while calls are relayed and recorded.
 * `npm run bench:acd -- [--seconds 20] [--agents 200] [--rate 50] [--in-flight 500] [--json]`
 */
import { fork } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createInProcessBus } from '@ritmo/bus';
import { startTestDatabase } from '@ritmo/database/testing';
import { asId, directorySchemas, type DirectoryKind, type TrunkId } from '@ritmo/domain';
import { createPostgresEventStore } from '@ritmo/event-store';
import { createNativeMediaEngine } from '@ritmo/media';
import { createCallIdAllocator, createDirectoryReader, createJournal, type ServiceContext } from '@ritmo/service-kit';
import { createNativeSipStack } from '@ritmo/sip';
import { createTelephonyApp } from '@ritmo/svc-telephony';
import { Value } from '@sinclair/typebox/value';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createAcdApp } from '../src/app.ts';
import type { FarEndReport } from './far-end.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    agents: { type: 'string', default: '200' },
    rate: { type: 'string', default: '50' },
    'in-flight': { type: 'string', default: '500' },
    json: { type: 'boolean', default: false },
  },
});
const [seconds, agents, rate, inFlight] = [Number(values.seconds), Number(values.agents), Number(values.rate), Number(values['in-flight'])];
/** Agents are busy 85 % of the time, so that one is always free; the rest of those in flight ring. */
const talkMs = Math.round((agents * 0.85 * 1000) / rate);
const ringMs = Math.max(500, Math.round((inFlight * 1000) / rate - talkMs));
const warmUpMs = ringMs * 1.3 + talkMs + 1_000;
const clock = { nowMs: () => Date.now() };
const trunkId = asId<TrunkId>(1);
const say = (text: string): void => void (values.json || console.log(text));

const db = await startTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'ritmo-bench-acd-'));
const child = fork(fileURLToPath(new URL('./far-end.ts', import.meta.url)), [], { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
type Message = { kind: 'ready'; port: number } | { kind: 'registered' } | { kind: 'report'; report: FarEndReport };
const hear = <K extends Message['kind']>(kind: K): Promise<Extract<Message, { kind: K }>> =>
  new Promise((resolve) => {
    const listener = (message: Message): void => {
      if (message.kind !== kind) return;
      child.off('message', listener);
      resolve(message as Extract<Message, { kind: K }>);
    };
    child.on('message', listener);
  });
const { port: carrierPort } = await hear('ready');

const log = pino({ level: 'error' });
const bus = createInProcessBus({ freeze: false });
const events = await createPostgresEventStore({ url: db.url });
const entry = (kind: DirectoryKind, given: { id: number }) => ({ kind, id: given.id, entry: Value.Default(directorySchemas[kind], given) as Record<string, unknown> });
const people = Array.from({ length: agents }, (_, index) => ({ id: index + 1, name: `Agent ${index + 1}`, extension: String(20_000 + index), password: 'secret' }));
const entries = [
  entry('settings', { id: 1 }),
  entry('user-status', { id: 1, ...{ name: 'Logado', pause: false } }),
  entry('user-status', { id: 2, ...{ name: 'Deslogado' } }),
  entry('trunk', { id: 1, ...{ name: 'carrier', host: '127.0.0.1', port: carrierPort, channels: 5_000, callsPerSecond: 2_000, optionsIntervalS: 0 } }),
  entry('queue', { id: 1, ...{ name: 'Queue', members: people.map(({ id }) => ({ agentId: id, priority: 1, skill: 1 })) } }),
  entry('campaign', { id: 1, ...{ name: 'Campaign', queueId: 1 } }),
  ...people.map((person) => entry('agent', person)),
];
bus.serve('directory.snapshot', () => ({ entries, position: '0' }));
const directory = createDirectoryReader({ bus });
await directory.start();
const journal = createJournal({ bus, events, log });
const context: ServiceContext = {
  node: 'bench', bus, events, journal, directory, log, clock,
  database: db.database,
  metrics: new Registry(),
  health: { register: () => undefined, parts: () => Promise.resolve([]) },
  dataDir: folder,
};
const media = createNativeMediaEngine({ host: '127.0.0.1', portRange: [16_384, 32_766], codecs: ['PCMA'] });
const telephony = createTelephonyApp(context, {
  sip: (handlers) => createNativeSipStack({ host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'Ritmo', handlers }),
  media: () => media,
  sipDomain: '127.0.0.1',
});
const acd = createAcdApp(context);
await telephony.start();
await acd.start();

let [recorded, bridged, missed, abandoned] = [0, 0, 0, 0];
bus.subscribe('fact.RecordingClosed', () => void (recorded += 1));
bus.subscribe('fact.CallDelivered', () => void (bridged += 1));
bus.subscribe('fact.OfferMissed', () => void (missed += 1));
bus.subscribe('fact.CallAbandoned', () => void (abandoned += 1));

child.send({ kind: 'start', order: { productPort: telephony.address?.port ?? 0, agents, ringMs, talkMs, measureFromMs: warmUpMs } });
await hear('registered');
say(`${agents} agents, ${rate} calls a second, ringing ${ringMs} ms and talking ${talkMs} ms: about ${inFlight} in flight. Warming up for ${Math.round(warmUpMs / 1000)} s, then ${seconds} s.`);

const callIds = createCallIdAllocator({ database: db.database, clock });
const cpuFrom = process.cpuUsage();
const from = performance.now();
let placed = 0;
let refused = 0;
const place = async (count: number): Promise<void> => {
  const { slots } = await bus.request('telephony.reserve', { trunkId, count });
  for (const slot of slots) {
    const number = String(11_900_000_000 + placed);
    placed += 1;
    const reply = await bus.request('telephony.originate', {
      slot, callId: await callIds.next(), campaignId: asId(1), contactId: asId(placed), phoneId: asId(placed), queueId: asId(1),
      dialString: number, trunkId, routeId: asId(1), callerId: '1140000000', ringTimeoutMs: 60_000, record: true,
    });
    if (!reply.ok) refused += 1;
  }
};
const untilMs = warmUpMs + seconds * 1000;
await new Promise<void>((resolve) => {
  const timer = setInterval(() => {
    const passed = performance.now() - from;
    if (passed > untilMs) {
      clearInterval(timer);
      resolve();
      return;
    }
    const due = Math.floor((passed * rate) / 1000) - placed;
    if (due > 0) void place(due);
  }, 20);
});
const ranMs = performance.now() - from;
const cpu = process.cpuUsage(cpuFrom);
for (const deadline = performance.now() + ringMs * 2 + talkMs * 2 + 5_000; telephony.occupied().calls > 0 && performance.now() < deadline; ) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
child.send({ kind: 'report' });
const { report } = await hear('report');
const left = telephony.occupied();
const relayed = media.stats.packetsRelayed;

const at = (sorted: readonly number[], share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
const spread = (list: readonly number[]) => {
  const sorted = [...list].sort((a, b) => a - b);
  return { p50: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: at(sorted, 1), count: sorted.length };
};
/** The product's own histogram of the same span: without the wire, and without the far end's waiting for a core. */
const inside = async (): Promise<{ mean: number; p99Below: number | null }> => {
  const samples = (await context.metrics.getSingleMetric('ritmo_telephony_answer_to_offer_seconds')?.get())?.values ?? [];
  const named = (suffix: string) => samples.filter((sample) => 'metricName' in sample && String(sample.metricName).endsWith(suffix));
  const [sum, count] = [named('_sum')[0]?.value ?? 0, named('_count')[0]?.value ?? 0];
  const bucket = named('_bucket').find((sample) => sample.value >= count * 0.99)?.labels['le'];
  return { mean: Math.round((sum / Math.max(1, count)) * 1e5) / 100, p99Below: typeof bucket === 'number' ? bucket * 1000 : null };
};
const insideProduct = await inside();
const result = {
  offerLatencyMs: spread(report.latencies),
  optionsRoundTripMs: spread(report.roundTrips),
  insideProductMs: insideProduct,
  agents, callsPerSecond: rate, mostInFlight: report.mostInFlight, placed, refused, answered: report.answered, delivered: bridged, missed, abandoned,
  recordings: recorded, packetsRelayed: relayed, deafCalls: report.deaf, left,
  cpuPct: { product: Math.round((cpu.user + cpu.system) / ranMs / 10), farEnd: Math.round((report.cpuMs / ranMs) * 100) },
  target: { p99Ms: 20 },
  reference: {
    what: 'Asterisk 22 on such a machine, engine only, without recording; facts measured before, not in this run',
    appQueue600Members: { callsPerSecond: 100, p50: 2.3, p99: 4.7, collapsesAt: 200 },
    dial: { callsPerSecond: 200, p50: 1.5, p99: 4.2 },
  },
};
if (values.json) console.log(JSON.stringify(result));
else {
  const row = (name: string, { p50, p90, p99, max, count }: ReturnType<typeof spread>): void => console.log(`${name.padEnd(46)} ${[p50, p90, p99, max].map((value) => String(value).padStart(8)).join('')}   (${count})`);
  console.log(`${''.padEnd(46)} ${['p50', 'p90', 'p99', 'max'].map((name) => name.padStart(8)).join('')}   ms`);
  row("customer's 200 to agent's INVITE", result.offerLatencyMs);
  row('OPTIONS and back, same wire, same time', result.optionsRoundTripMs);
  console.log(`the same by the product's own clock: mean ${insideProduct.mean} ms, p99 below ${insideProduct.p99Below ?? '?'} ms`);
  console.log(`delivered ${bridged} of ${report.answered} answered, missed ${missed}, abandoned ${abandoned}, recordings ${recorded}, deaf calls ${report.deaf}`);
  console.log(`most in flight ${report.mostInFlight}, packets relayed ${relayed}, CPU of one core: product ${result.cpuPct.product} %, far end ${result.cpuPct.farEnd} %`);
  console.log(`left behind: ${JSON.stringify(left)}`);
  console.log('for comparison, measured before on such a machine: Asterisk 22 app_queue, 600 members, 100 calls/s: 2.3 / 4.7 ms (p50/p99), collapse at 200; Dial, 200 calls/s: 1.5 / 4.2 ms');
}
child.kill();
await acd.stop({ graceMs: 0 });
await telephony.stop({ graceMs: 0 });
directory.stop();
await journal.flush();
await bus.close();
await events.close();
await db.close();
await rm(folder, { recursive: true, force: true });
process.exit(result.offerLatencyMs.count > 0 && bridged > 0 ? 0 : 1);
