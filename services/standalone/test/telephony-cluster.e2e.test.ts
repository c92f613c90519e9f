import { waitFor } from '@ritmo/testing';
import { describe, expect, it } from 'vitest';
import { createCrm } from '../src/demo/crm.ts';
import { readLedger } from '../src/demo/ledger.ts';
import { reconcile } from '../src/demo/reconciliation.ts';
import { agentsReady, campaignId, exampleContacts, importContacts, isQuiet, ownersOf, readResults, recordingsDirOf, setActive, viewsCaughtUp, watch } from '../src/demo/scenario.ts';
import { startTally } from '../src/demo/tally.ts';
import { createWorld } from '../src/demo/world.ts';
import { natsServer, startCluster } from './cluster.ts';

const agents = 6;
const limits = { channelLimit: 14, cpsLimit: 4 };
const dialForMs = 8_000;

if (natsServer === undefined) console.log('skipped: nats-server is not installed (apt-get install nats-server)');

describe.skipIf(natsServer === undefined)('two processes of telephony over nats-server, a trunk each', () => {
  it(
    'dial a list as one, and when one is killed the other takes over its trunk, ends its calls, and the campaign goes on',
    async () => {
      const world = await createWorld({ ...limits, seed: 9, agents, talkMs: { min: 2_000, max: 5_000 }, onLost: (error) => console.log(error.message) });
      const cluster = await startCluster({ agents, carrier: world.carrier, ...limits, mode: 'power', ratio: 3 }, { telephonies: 2 });
      try {
        const { bus } = cluster;
        const trunks = async () => (await bus.request('telephony.trunks', {})).trunks;
        const lines = await exampleContacts(200);
        const crm = createCrm({ port: cluster.ports.socketWrite, ownerOfNumber: ownersOf(lines) });
        await waitFor(async () => (await sharesOf(cluster)).sort().join() === '1,1', { what: 'a trunk each', timeoutMs: 30_000 });
        await waitFor(async () => (await trunks()).map(({ trunkId }) => Number(trunkId)).sort().join() === '1,2', { what: 'both trunks in the union', timeoutMs: 10_000 });
        // Every phone registers at the first process: calls of the second one's trunk must ring there too.
        await world.bringAgents({ host: '127.0.0.1', port: cluster.ports.sip }, (call, dispositionId) => crm.setDisposition(call, dispositionId));
        await agentsReady(bus, agents);
        expect((await bus.request('telephony.bindings', {})).bindings).toHaveLength(agents);
        expect(await bus.request('telephony.hangup', { callId: '1.1' as never, by: 'system', reason: 'test' })).toEqual({ ok: false, code: 'unknown-call' });
        expect(await importContacts(bus, lines)).toBe(200);

        const dial = async (): Promise<void> => {
          const tally = startTally(bus, campaignId);
          const beganAt = performance.now();
          await setActive(bus, true);
          await watch(bus, { tally, beganAt, untilMs: dialForMs, everyMs: 250, onSample: () => undefined });
          tally.stop();
        };
        const quiet = async (): Promise<void> => {
          const tally = startTally(bus, campaignId);
          const beganAt = performance.now();
          await setActive(bus, false);
          await watch(bus, { tally, beganAt, untilMs: 60_000, everyMs: 250, onSample: () => undefined, isDone: isQuiet });
          await viewsCaughtUp(bus);
          tally.stop();
        };
        await dial();
        await waitFor(async () => (await trunksDelivered(cluster)).join() === '1,2', { what: 'calls over both trunks to reach agents', timeoutMs: 30_000, everyMs: 250 });
        await quiet();
        const [carrier, ledger, results] = await Promise.all([world.carrierStats(), readLedger(cluster.events), readResults(cluster.database)]);
        const checks = await reconcile({ carrier, ledger, resultRows: results.rows, ...limits, recordingsDir: recordingsDirOf(cluster.dataDir) });
        expect(checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`), cluster.log()).toEqual([]);
        expect(await trunksDelivered(cluster)).toEqual([1, 2]);

        await setActive(bus, true);
        await waitFor(async () => (await talkingOn(cluster)).join() === '1,2', { what: 'conversations on both trunks', timeoutMs: 30_000, everyMs: 20 });
        await cluster.kill('telephony-2');
        const before = (await world.carrierStats()).invitesSeen;
        await waitFor(async () => (await trunks().catch(() => [])).length === 2, { what: 'the other process to take over', timeoutMs: 30_000 });
        await dial();
        await quiet();
        const after = await world.carrierStats();
        const stored = await readLedger(cluster.events);
        expect(after.invitesSeen).toBeGreaterThan(before);
        expect(Object.values(after.invitesByCallId).filter((count) => count > 1)).toEqual([]);
        expect([after.maxChannels <= limits.channelLimit, after.maxCps <= limits.cpsLimit], `${after.maxChannels} channels, ${after.maxCps} calls/s`).toEqual([true, true]);
        await waitFor(async () => (await world.carrierStats()).channels === 0, { what: 'the carrier to have no call left', timeoutMs: 45_000 });
        await waitFor(async () => (await trunks()).every(({ channelsUsed }) => channelsUsed === 0), { what: 'every channel to be free', timeoutMs: 45_000 });
        expect([...stored.attempts].filter((id) => !stored.ended.has(id))).toEqual([]);
        const interrupted = [...stored.callsEnded.values()].filter((outcome) => outcome === 'interrupted');
        expect(interrupted.length).toBeGreaterThan(0);
      } finally {
        await cluster.stop();
        await world.stop();
      }
    },
    600_000,
  );
});

type Cluster = Awaited<ReturnType<typeof startCluster>>;

/** How many trunks each process holds, by the locks. */
async function sharesOf({ database }: Cluster): Promise<number[]> {
  const { rows } = await database.query<{ held: number }>(
    "SELECT count(*)::integer AS held FROM pg_locks WHERE locktype = 'advisory' AND classid = 7246030 AND objsubid = 2 AND objid > 0 AND granted GROUP BY pid",
  );
  return rows.map(({ held }) => held);
}

/** Trunks with a call that an agent has. */
async function talkingOn({ bus }: Cluster): Promise<number[]> {
  const { calls } = await bus.request('telephony.calls', {});
  return [...new Set(calls.filter(({ state }) => state === 'delivered').map(({ trunkId }) => Number(trunkId)))].sort();
}

/** Trunks whose calls reached an agent. */
async function trunksDelivered({ events }: Cluster): Promise<number[]> {
  const trunkOf = new Map<string, number>();
  const delivered = new Set<number>();
  for (const { type, data } of await events.readAll({ limit: 50_000, types: ['CallPlaced', 'CallDelivered'] })) {
    const { callId, trunkId } = data as { callId: string; trunkId?: number };
    if (type === 'CallPlaced') trunkOf.set(callId, trunkId ?? 0);
    else delivered.add(trunkOf.get(callId) ?? 0);
  }
  return [...delivered].sort();
}
