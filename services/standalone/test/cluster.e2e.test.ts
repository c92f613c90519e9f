import { describe, expect, it } from 'vitest';
import { createCrm } from '../src/demo/crm.ts';
import { readLedger } from '../src/demo/ledger.ts';
import { reconcile } from '../src/demo/reconciliation.ts';
import {
  agentsReady,
  campaignId,
  exampleContacts,
  importContacts,
  isQuiet,
  ownersOf,
  readResults,
  recordingsDirOf,
  setActive,
  viewsCaughtUp,
  watch,
} from '../src/demo/scenario.ts';
import { startTally } from '../src/demo/tally.ts';
import { createWorld } from '../src/demo/world.ts';
import { natsServer, startCluster } from './cluster.ts';

const agents = 6;
const limits = { channelLimit: 14, cpsLimit: 4 };
const dialForMs = 8_000;

if (natsServer === undefined) console.log('skipped: nats-server is not installed (apt-get install nats-server)');

describe.skipIf(natsServer === undefined)('every service as a process of its own over nats-server', () => {
  it(
    'dials a list, delivers the calls, and reconciles with what the carrier saw',
    async () => {
      const world = await createWorld({ ...limits, seed: 5, agents, talkMs: { min: 2_000, max: 5_000 }, onLost: (error) => console.log(error.message) });
      const cluster = await startCluster({ agents, carrier: world.carrier, ...limits, mode: 'power', ratio: 2 });
      try {
        const { bus } = cluster;
        const lines = await exampleContacts(100);
        const crm = createCrm({ port: cluster.ports.socketWrite, ownerOfNumber: ownersOf(lines) });
        await world.bringAgents({ host: '127.0.0.1', port: cluster.ports.sip }, (call, dispositionId) => crm.setDisposition(call, dispositionId));
        await agentsReady(bus, agents);
        expect(await importContacts(bus, lines)).toBe(100);
        const tally = startTally(bus, campaignId);
        const beganAt = performance.now();
        await setActive(bus, true);
        await watch(bus, { tally, beganAt, untilMs: dialForMs, everyMs: 250, onSample: () => undefined });
        await setActive(bus, false);
        await watch(bus, { tally, beganAt, untilMs: dialForMs + 60_000, everyMs: 250, onSample: () => undefined, isDone: isQuiet });
        await viewsCaughtUp(bus);
        tally.stop();

        const [carrier, ledger, results] = await Promise.all([world.carrierStats(), readLedger(cluster.events), readResults(cluster.database)]);
        const checks = await reconcile({ carrier, ledger, resultRows: results.rows, ...limits, recordingsDir: recordingsDirOf(cluster.dataDir) });
        expect(checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`), cluster.log()).toEqual([]);
        expect(crm.refusals).toEqual([]);
        expect(ledger.delivered.size).toBeGreaterThan(0);
      } finally {
        await cluster.stop();
        await world.stop();
      }
    },
    400_000,
  );
});
