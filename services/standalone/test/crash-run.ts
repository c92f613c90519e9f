import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, freeTcpPort, freeUdpPortRange, waitFor, type CarrierStats, type Random } from '@ritmo/testing';
import type { DemoInstallation } from '../src/demo/demo-config.ts';
import type { Check } from '../src/demo/result.ts';
import { createWorld, type World } from '../src/demo/world.ts';
import { serverPid, startVictim, type Victim } from './victim-process.ts';
import type { Conclusion, Occupied } from './victim.ts';

/**
 * Kills the product at random moments of a running campaign and starts it again. Carrier and agents live on: what they saw is
 * what counts. Small limits and more lines than agents keep the trunk full, so that a restart has every chance to go beyond.
 */
export interface CrashOptions {
  readonly kills: number;
  readonly seed: number;
  readonly say: (line: string) => void;
  readonly keep?: boolean;
}

export interface CrashReport {
  readonly checks: readonly Check[];
  readonly ok: boolean;
  readonly folder: string;
}

const agents = 8;
const limits = { channelLimit: 12, cpsLimit: 4 };
/** Share of the kills that wait for dialing to go on again, so that they hit calls; the others come whenever they come. */
const whileDialingP = 0.7;
const dialingLimitMs = 20_000;
/** Share of the kills that are followed by one into the start of the product, and of those that take PostgreSQL with them. */
const duringStartP = 0.2;
const withPostgresP = 0.25;
const restartLimitMs = 60_000;
const drainLimitMs = 60_000;

export async function runCrashes(options: CrashOptions): Promise<CrashReport> {
  const random = createRandom(options.seed).fork('kills');
  const folder = await mkdtemp(join(tmpdir(), 'ritmo-crash-'));
  await chmod(folder, 0o755);
  const world = await createWorld({ ...limits, seed: options.seed, agents, talkMs: { min: 2_000, max: 5_000 }, onLost: (error) => options.say(error.message) });
  let victim: Victim | undefined;
  try {
    const installation = await installationIn(folder, world.carrier);
    victim = startVictim(installation);
    await victim.ready;
    await world.bringAgents({ host: '127.0.0.1', port: installation.ports?.sipPort ?? 0 }, () => Promise.resolve());
    await everybodyFree(victim);
    await victim.ask('begin');
    const restarts = { adopted: 0, expectedAdopted: 0 };
    for (let kill = 1; kill <= options.kills; kill += 1) {
      victim = await killAndRestart(victim, { installation, world, random, kill, restarts, say: options.say });
    }
    await pause(3_000);
    await victim.ask('halt');
    const drained = await drain(victim);
    const conclusion = await victim.ask<Conclusion>('conclude');
    const carrier = await world.carrierStats();
    const checks = judge({ carrier, conclusion, drained, restarts });
    await victim.ask('stop');
    await victim.kill({ postgres: false });
    return { checks, ok: checks.every(({ ok }) => ok), folder };
  } finally {
    await victim?.kill({ postgres: true });
    await world.stop();
    if (options.keep !== true) await rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

async function installationIn(folder: string, carrier: { readonly host: string; readonly port: number }): Promise<DemoInstallation & { readonly logFile: string }> {
  return {
    dataDir: join(folder, 'data'),
    logFile: join(folder, 'ritmo.log'),
    agents,
    carrier,
    ...limits,
    mode: 'power',
    ratio: 3,
    rtpPorts: await freeUdpPortRange(600),
    ports: { sipPort: await freeTcpPort(), postgresPort: await freeTcpPort() },
  };
}

interface Killing {
  readonly world: World;
  readonly installation: DemoInstallation & { readonly logFile: string };
  readonly random: Random;
  readonly kill: number;
  readonly restarts: { adopted: number; expectedAdopted: number };
  readonly say: (line: string) => void;
}

async function killAndRestart(running: Victim, { installation, world, random, kill, restarts, say }: Killing): Promise<Victim> {
  const postgres = random.chance(withPostgresP);
  const duringStart = random.chance(duringStartP);
  const whileDialing = random.chance(whileDialingP);
  const beganAt = performance.now();
  if (whileDialing) await dialingGoesOn(world);
  const resumedMs = Math.round(performance.now() - beganAt);
  await pause(random.integer(100, 4_000));
  const livedMs = Math.round(performance.now() - beganAt);
  const { channels } = await world.carrierStats();
  const before = (await serverPid(installation.dataDir)) ?? -1;
  await running.kill({ postgres });
  let next = startVictim(installation);
  let startKilled = '';
  if (duringStart) {
    const startedMs = random.integer(50, 3_000);
    await pause(startedMs);
    await next.kill({ postgres: false });
    startKilled = `, and again ${startedMs} ms into its start`;
    next = startVictim(installation);
  }
  const ready = await within(next.ready, restartLimitMs, 'the product did not come back');
  if (!postgres && !duringStart && before > 0) {
    restarts.expectedAdopted += 1;
    if (ready.postgres === 'adopted') restarts.adopted += 1;
  }
  say(`kill ${kill}: after ${livedMs} ms${whileDialing ? ` (first INVITE after ${resumedMs})` : ''} with ${channels} calls at the carrier${postgres ? ', PostgreSQL too' : ''}${startKilled}; back, PostgreSQL ${ready.postgres}`);
  return next;
}

/** A new INVITE came, or none will: the list may be at its end. */
async function dialingGoesOn(world: World): Promise<void> {
  const before = (await world.carrierStats()).invitesSeen;
  const more = async (): Promise<boolean> => (await world.carrierStats()).invitesSeen > before;
  await waitFor(more, { timeoutMs: dialingLimitMs, everyMs: 50 }).catch(() => undefined);
}

async function everybodyFree(victim: Victim): Promise<void> {
  await waitFor(async () => (await victim.ask<Occupied>('look')).agentsNotFree.length === 0, { timeoutMs: 30_000 });
}

async function drain(victim: Victim): Promise<Occupied> {
  const deadline = performance.now() + drainLimitMs;
  for (;;) {
    const occupied = await victim.ask<Occupied>('look');
    const isQuiet = occupied.calls + occupied.channelsUsed + occupied.telephony + occupied.acd === 0 && occupied.agentsNotFree.length === 0;
    if (isQuiet || performance.now() > deadline) return occupied;
    await pause(250);
  }
}

interface Evidence {
  readonly carrier: CarrierStats;
  readonly conclusion: Conclusion;
  readonly drained: Occupied;
  readonly restarts: { readonly adopted: number; readonly expectedAdopted: number };
}

function judge({ carrier, conclusion, drained, restarts }: Evidence): readonly Check[] {
  const stored = new Set(conclusion.attempts);
  const seen = Object.keys(carrier.invitesByCallId).map((id) => id.split('@')[0] ?? id);
  const unknown = seen.filter((id) => !stored.has(id));
  const list = (ids: readonly string[]): string => (ids.length === 0 ? 'none' : `${ids.length}: ${ids.slice(0, 5).join(', ')}`);
  const overlapping = overlaps(carrier);
  const check = (name: string, ok: boolean, detail: string): Check => ({ name, ok, detail });
  return [
    check('something was dialed', seen.length > 0, `${seen.length} INVITEs, ${conclusion.interrupted} attempts interrupted`),
    check('no attempt id was INVITEd twice', carrier.duplicateCallIds.length === 0 && conclusion.doubled.length === 0, list([...carrier.duplicateCallIds, ...conclusion.doubled])),
    check('every INVITE has its attempt', unknown.length === 0, `unknown: ${list(unknown)}`),
    check('channel limit at the carrier, restarts included', carrier.maxChannels <= limits.channelLimit, `${carrier.maxChannels} of ${limits.channelLimit}`),
    check('calls-per-second limit at the carrier, restarts included', carrier.maxCps <= limits.cpsLimit, `${carrier.maxCps} of ${limits.cpsLimit}`),
    check('nobody was rung twice at once', overlapping.length === 0, list(overlapping)),
    check('every attempt has its end', conclusion.attemptsOpen.length === 0, `open: ${list(conclusion.attemptsOpen)}`),
    check('every call in limbo was closed', conclusion.callsPlacedOpen.length === 0, `open: ${list(conclusion.callsPlacedOpen)}`),
    check('no channel is left at the carrier', carrier.channels === 0, `${carrier.channels}`),
    check('no call, channel, leg or timer is left', drained.calls + drained.channelsUsed + drained.telephony + drained.acd === 0, JSON.stringify(drained)),
    check('every agent is free', drained.agentsNotFree.length === 0, list(drained.agentsNotFree)),
    check('attempts stored = result rows', conclusion.resultRows === stored.size, `${stored.size} = ${conclusion.resultRows}`),
    check('views equal a rebuild', conclusion.viewsSame === true, conclusion.viewsDifferent.length === 0 ? 'the same' : `different: ${conclusion.viewsDifferent.join(', ')}`),
    check('a PostgreSQL that lived on was adopted', restarts.adopted === restarts.expectedAdopted, `${restarts.adopted} of ${restarts.expectedAdopted}`),
  ];
}

/** Numbers that had two calls up at one moment. */
function overlaps(carrier: CarrierStats): readonly string[] {
  const busyUntil = new Map<string, number>();
  const twice = new Set<string>();
  for (const call of [...carrier.calls].sort((a, b) => a.startedAtMs - b.startedAtMs)) {
    if (call.startedAtMs < (busyUntil.get(call.number) ?? -1)) twice.add(call.number);
    busyUntil.set(call.number, call.endedAtMs ?? Number.POSITIVE_INFINITY);
  }
  return [...twice];
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function within<T>(promise: Promise<T>, limitMs: number, complaint: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${complaint} within ${limitMs} ms`)), limitMs);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
