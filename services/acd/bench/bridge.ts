/**
 * Customer answered -> agent's INVITE -> bridged -> hung up, through telephony and the acd, with every fact stored. Measured at the far end.
 * `npm run bench:bridge -- [--rate 300] [--seconds 60] [--agents 600] [--talk-ms 1000] [--record] [--json]`
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
import type { BridgeCommand, BridgeMessage } from './bridge-far-end.ts';

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '300' },
    seconds: { type: 'string', default: '60' },
    agents: { type: 'string', default: '600' },
    'talk-ms': { type: 'string', default: '1000' },
    record: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
});
const [rate, seconds, agents, talkMs] = [Number(values.rate), Number(values.seconds), Number(values.agents), Number(values['talk-ms'])];
const ringMs = 300;
const warmUpMs = 5_000;
const clock = { nowMs: () => Date.now() };
const trunkId = asId<TrunkId>(1);
const say = (text: string): void => void (values.json || console.log(text));

const db = await startTestDatabase();
const folder = await mkdtemp(join(tmpdir(), 'ritmo-bench-bridge-'));
const child = fork(fileURLToPath(new URL('./bridge-far-end.ts', import.meta.url)), [], { execArgv: ['--import', 'tsx'], serialization: 'advanced' });
const order = (command: BridgeCommand): void => void child.send(command);
const hear = <K extends BridgeMessage['kind']>(kind: K): Promise<Extract<BridgeMessage, { kind: K }>> =>
  new Promise((resolve) => {
    const listener = (message: BridgeMessage): void => {
      if (message.kind !== kind) return;
      child.off('message', listener);
      resolve(message as Extract<BridgeMessage, { kind: K }>);
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
  entry('trunk', { id: 1, ...{ name: 'carrier', host: '127.0.0.1', port: carrierPort, channels: 8_000, callsPerSecond: 4_000, optionsIntervalS: 0 } }),
  entry('queue', { id: 1, ...{ name: 'Queue', members: people.map(({ id }) => ({ agentId: id, priority: 1, skill: 1 })) } }),
  entry('campaign', { id: 1, ...{ name: 'Campaign', queueId: 1, record: values.record } }),
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
let [delivered, missed, abandoned] = [0, 0, 0];
bus.subscribe('fact.CallDelivered', () => void (delivered += 1));
bus.subscribe('fact.OfferMissed', () => void (missed += 1));
bus.subscribe('fact.CallAbandoned', () => void (abandoned += 1));

order({ kind: 'start', order: { productPort: telephony.address?.port ?? 0, agents, ringMs, talkMs } });
await hear('registered');
say(`${agents} agents registered; ${rate} calls a second, each rings ${ringMs} ms and talks ${talkMs} ms${values.record ? ', recorded' : ''}. ${warmUpMs / 1000} s of warm-up, then ${seconds} s.`);

const callIds = createCallIdAllocator({ database: db.database, clock });
let [placed, refused] = [0, 0];
/** Why telephony had no place for a call at a moment. */
const noPlace: Record<string, number> = {};
const place = async (count: number): Promise<void> => {
  const { slots, detail } = await bus.request('telephony.reserve', { trunkId, count });
  if (slots.length < count) noPlace[detail] = (noPlace[detail] ?? 0) + count - slots.length;
  for (const slot of slots) {
    const number = String(11_900_000_000 + placed);
    placed += 1;
    const reply = await bus.request('telephony.originate', {
      slot, callId: await callIds.next(), campaignId: asId(1), contactId: asId(placed), phoneId: asId(placed), queueId: asId(1),
      dialString: number, trunkId, routeId: asId(1), callerId: '1140000000', ringTimeoutMs: 60_000, record: values.record,
    });
    if (!reply.ok) refused += 1;
  }
};
/** Places calls evenly until the time is over. */
const run = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    const from = performance.now();
    const before = placed;
    const timer = setInterval(() => {
      const passed = performance.now() - from;
      const due = Math.floor((Math.min(passed, ms) * rate) / 1000) - (placed - before);
      if (due > 0) place(due).catch((error: unknown) => log.error({ err: error }, 'a call could not be placed'));
      if (passed < ms) return;
      clearInterval(timer);
      resolve();
    }, 5);
  });

await run(warmUpMs);
order({ kind: 'measure' });
const [cpuFrom, from, placedBefore] = [process.cpuUsage(), performance.now(), placed];
await run(seconds * 1000);
order({ kind: 'rest' });
const [cpu, ranMs, placedMeasured] = [process.cpuUsage(cpuFrom), performance.now() - from, placed - placedBefore];
for (const deadline = performance.now() + talkMs * 3 + 5_000; telephony.occupied().calls > 0 && performance.now() < deadline; ) {
  await new Promise((resolve) => setTimeout(resolve, 50));
}
order({ kind: 'report' });
const { report } = await hear('report');
const left = telephony.occupied();

const at = (sorted: readonly number[], share: number): number => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
const spread = (list: readonly number[]) => {
  const sorted = [...list].sort((a, b) => a - b);
  return { p50: at(sorted, 0.5), p90: at(sorted, 0.9), p99: at(sorted, 0.99), max: at(sorted, 1), count: sorted.length };
};
const result = {
  rate, seconds: Math.round(ranMs / 1000), callsPerSecond: Math.round((report.bridged * 10_000) / ranMs) / 10,
  placed: placedMeasured, noPlace, invited: report.invited, answered: report.answered, bridged: report.bridged, hungUp: report.hungUp,
  failures: report.invited - Math.min(report.bridged, report.hungUp) + refused + report.refused,
  answeredToInviteMs: spread(report.toInvite),
  answeredToBridgedMs: spread(report.toBridge),
  baselines: {
    optionsRoundTripMs: spread(report.options),
    asterisk22MeasuredBefore: { dial: { callsPerSecond: 200, p50: 1.5, p99: 4.2 }, appQueue600Members: { callsPerSecond: 100, p50: 2.3, p99: 4.7 } },
  },
  cpuMsPerCall: Math.round(((cpu.user + cpu.system) / 1000 / Math.max(1, report.bridged)) * 100) / 100,
  cpuPct: { product: Math.round((cpu.user + cpu.system) / ranMs / 10), farEnd: Math.round((report.cpuMs / ranMs) * 100) },
  rssMb: Math.round(process.memoryUsage.rss() / 1e6),
  deliveredInAll: delivered, missed, abandoned, retransmissionsAtFarEnd: report.retransmissions, mostInFlight: report.mostInFlight, left,
  target: { callsPerSecond: 300, p99Ms: 20 },
};
if (values.json) console.log(JSON.stringify(result));
else {
  const row = (name: string, { p50, p90, p99, max, count }: ReturnType<typeof spread>): void => console.log(`${name.padEnd(46)} ${[p50, p90, p99, max].map((value) => String(value).padStart(8)).join('')}   (${count})`);
  console.log(`${''.padEnd(46)} ${['p50', 'p90', 'p99', 'max'].map((name) => name.padStart(8)).join('')}   ms`);
  row("customer's 200 to agent's INVITE", result.answeredToInviteMs);
  row("customer's 200 to the ACK of the agent's 200", result.answeredToBridgedMs);
  row('OPTIONS and back, same wire, same time', result.baselines.optionsRoundTripMs);
  console.log(`${result.callsPerSecond} bridged a second (asked ${rate}); invited ${report.invited}, answered ${report.answered}, bridged ${report.bridged}, hung up ${report.hungUp}, failures ${result.failures}, no place ${JSON.stringify(noPlace)}, missed ${missed}, abandoned ${abandoned}`);
  console.log(`CPU ${result.cpuMsPerCall} ms per call; of one core: product ${result.cpuPct.product} %, far end ${result.cpuPct.farEnd} %; ${result.rssMb} MB; most in flight ${report.mostInFlight}, retransmissions ${report.retransmissions}`);
  console.log(`left behind: ${JSON.stringify(left)}`);
  console.log('for comparison, measured before on such a machine: Asterisk 22 Dial 200 calls/s 1.5 / 4.2 ms (p50/p99), app_queue with 600 members 100 calls/s 2.3 / 4.7 ms, collapse at 200');
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
process.exit(result.failures === 0 && report.bridged > 0 ? 0 : 1);
