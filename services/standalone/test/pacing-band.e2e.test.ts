import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeUdpPortRange } from '@ritmo/testing';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startRitmo } from '../src/compose.ts';
import { demoConfig, ringTimeoutMs } from '../src/demo/demo-config.ts';
import { expectedOf } from '../src/demo/expected.ts';
import { meanOccupancyPct, type Sample } from '../src/demo/sample.ts';
import { agentsReady, campaignId, exampleContacts, importContacts, setActive, watch } from '../src/demo/scenario.ts';
import { startTally } from '../src/demo/tally.ts';
import { createWorld } from '../src/demo/world.ts';

const agents = 20;
const limits = { channelLimit: 60, cpsLimit: 14 };
const talkMs = { min: 2_500, max: 6_000 };
const dialingMs = 32_000;
const warmUpMs = 8_000;
const graceMs = 2_000;
/** A phone that rings in vain makes its caller wait, and the simulator's agents have none. */
const missP = 0;
/** What a busy machine and the ways of real SIP take from the band at its lower end, and samples four times a second add at its upper one: points. */
const below = 6;
const above = 2;

it('over real SIP agents are as busy, and people as seldom given up, as the simulator says of the same scenario', { timeout: 120_000 }, async () => {
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const folder = await mkdtemp(join(tmpdir(), 'ritmo-band-'));
    await chmod(folder, 0o755);
    closing.push(() => rm(folder, { recursive: true, force: true }));
    const world = await createWorld({ ...limits, agents, talkMs, missP, seed: 3, onLost: (error) => expect.fail(error.message) });
    closing.push(() => world.stop());
    // Who waits longer than the grace time is given up, as in the simulator.
    const config = demoConfig({ dataDir: folder, agents, carrier: world.carrier, ...limits, maxQueueMs: graceMs, rtpPorts: await freeUdpPortRange(700) });
    const ritmo = await startRitmo(config, { node: 'band', log: pino({ level: 'silent' }), onFatal: (error) => expect.fail(String(error)) });
    closing.push(() => ritmo.stop());
    const { bus } = ritmo.foundations.context;
    await world.bringAgents({ host: '127.0.0.1', port: ritmo.ports.sip ?? 0 }, () => Promise.resolve());
    await agentsReady(bus, agents);
    await importContacts(bus, await exampleContacts(500));
    const tally = startTally(bus, campaignId);
    await setActive(bus, true);
    const samples: Sample[] = [];
    await watch(bus, { tally, beganAt: performance.now(), untilMs: dialingMs, everyMs: 250, onSample: (sample) => samples.push(sample) });
    await setActive(bus, false);
    tally.stop();

    const dealt = (await world.carrierStats()).calls.map(({ behaviour }) => behaviour);
    const expected = expectedOf({ agents, ...limits, dialingMs, warmUpMs, talkMs, missP, ringTimeoutMs, graceMs, dealt });
    const occupancy = meanOccupancyPct(samples, warmUpMs, dialingMs) ?? 0;
    const live = tally.delivered + tally.abandoned;
    const abandonRate = (100 * tally.abandoned) / Math.max(1, live);
    console.log(`occupancy ${occupancy.toFixed(1)} %, simulated ${expected.occupancy} % (${expected.occupancyBand.join(' to ')}); abandoned ${abandonRate.toFixed(1)} % of ${live}, simulated ${expected.abandonRate} % (${expected.abandonBand.join(' to ')})`);
    expect(live).toBeGreaterThan(30);
    expect(occupancy).toBeGreaterThan(expected.occupancyBand[0] - below);
    expect(occupancy).toBeLessThan(expected.occupancyBand[1] + above);
    // A handful of people makes a rate: one call more or less is not out of the band.
    expect(tally.abandoned).toBeLessThanOrEqual(Math.ceil((expected.abandonBand[1] / 100) * live) + 3);
  } finally {
    for (const close of closing.reverse()) await close().catch(() => undefined);
  }
});
