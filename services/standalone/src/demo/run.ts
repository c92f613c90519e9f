import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createThrowawayFolder } from '@ritmo/database';
import { createLogger } from '@ritmo/runtime';
import { freeUdpPortRange } from '@ritmo/testing';
import { pino } from 'pino';
import { startRitmo, type RunningRitmo } from '../compose.ts';
import { createCrm, type Crm } from './crm.ts';
import { demoConfig, ringTimeoutMs } from './demo-config.ts';
import { expectedOf } from './expected.ts';
import { readLedger } from './ledger.ts';
import type { DemoOptions } from './options.ts';
import { reconcile } from './reconciliation.ts';
import { renderReport } from './report.ts';
import type { RunResult } from './result.ts';
import { meanOccupancyPct, type Sample } from './sample.ts';
import {
  agentsReady,
  campaignId,
  exampleContacts,
  importContacts,
  isQuiet,
  ownersOf,
  readResults,
  recordingsDirOf,
  RunError,
  setActive,
  viewsCaughtUp,
  watch,
} from './scenario.ts';
import { createScreen, type Screen } from './screen.ts';
import { startTally } from './tally.ts';
import { createWorld, type World } from './world.ts';

/** Dialing stops this long before the end, so that the last calls ring, talk and wrap up within the run. */
const drainMs = 25_000;
/** A short run, or one on a machine that was slow to start, dials this long all the same and ends later. */
const shortestDialingMs = 12_000;
/** Calls that are still up then are a fault, and the reconciliation says so. */
const drainLimitMs = 45_000;
const sampleEveryMs = 500;
/** The first seconds fill the pipeline; occupancy is measured after them. */
const warmUpMs = 10_000;
/** The campaign's, as shipped. */
const demoGraceMs = 2_000;
const warmUntil = (fromMs: number, toMs: number): number => fromMs + Math.min(warmUpMs, (toMs - fromMs) / 2);

/** Limits of the simulated carrier, wide enough for the agents of the run. */
const limitsFor = (agents: number): { readonly channelLimit: number; readonly cpsLimit: number } => ({
  channelLimit: Math.max(6, Math.round(agents * 2.5)),
  cpsLimit: Math.max(2, Math.round(agents * 0.4)),
});

export interface DemoRun {
  readonly options: DemoOptions;
  readonly out: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** Everything that must be closed again, whatever happens. */
interface Stage {
  readonly folder: string;
  readonly world: World;
  readonly ritmo: RunningRitmo;
  readonly crm: Crm;
  readonly screen: Screen;
}

export async function runDemo({ options, out, signal }: DemoRun): Promise<RunResult> {
  const beganAt = performance.now();
  const limits = limitsFor(options.agents);
  const lines = await exampleContacts(options.contacts);
  const closing: (() => Promise<unknown>)[] = [];
  try {
    const folder = options.keep ? await keptFolder() : await createThrowawayFolder('ritmo-demo-');
    closing.push(() => (options.keep ? Promise.resolve() : rm(folder, { recursive: true, force: true })));
    const lost = new AbortController();
    const world = await createWorld({ ...limits, seed: options.seed, agents: options.agents, onLost: (error) => lost.abort(error) });
    closing.push(() => world.stop());
    const dispositionNames = new Map<number, string>();
    const screen = createScreen({
      out,
      totalMs: options.seconds * 1000,
      title: `ritmo demo: ${options.agents} agents, predictive`,
      dispositionName: (id) => dispositionNames.get(id) ?? String(id),
    });
    closing.push(() => Promise.resolve(screen.close()));
    const rtpPorts = await freeUdpPortRange(Math.max(200, options.agents * 30));
    const cluster = options.drachtio === undefined ? {} : { drachtio: options.drachtio };
    const config = demoConfig({ dataDir: folder, agents: options.agents, carrier: world.carrier, ...limits, rtpPorts, cluster });
    const log = createLogger({ level: 'info', node: 'demo', destination: pino.destination({ dest: join(folder, 'ritmo.log'), sync: false }) });
    const ritmo = await startRitmo(config, { node: 'demo', log, onFatal: (error) => lost.abort(error) });
    closing.push(() => ritmo.stop());
    for (const { id, name } of ritmo.foundations.context.directory.all('disposition')) dispositionNames.set(id, name);
    const crm = createCrm({ port: ritmo.ports.socketWrite ?? 0, ownerOfNumber: ownersOf(lines) });
    const stage: Stage = { folder, world, ritmo, crm, screen };
    screen.say(`everything runs in this process, data in ${folder}: HTTP ${ritmo.ports.http}, sockets ${ritmo.ports.socketRead} (read) and ${ritmo.ports.socketWrite} (write), SIP ${ritmo.ports.sip}, PostgreSQL ${ritmo.ports.postgres}`);
    const watched = await Promise.race([dialTheList(stage, { options, beganAt, lines }), interrupted([signal, lost.signal])]);
    return await conclude(stage, { options, limits, beganAt, ...watched });
  } finally {
    for (const close of closing.reverse()) await close().catch((error: unknown) => out.write(`closing: ${String(error)}\n`));
  }
}

async function keptFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ritmo-demo-'));
  // PostgreSQL runs under an account of its own when we are root.
  await chmod(folder, 0o755);
  return folder;
}

function interrupted(signals: readonly AbortSignal[]): Promise<never> {
  return new Promise((_resolve, reject) => {
    for (const signal of signals) {
      const fail = (): void => reject(signal.reason instanceof Error ? signal.reason : new RunError('interrupted'));
      if (signal.aborted) fail();
      signal.addEventListener('abort', fail, { once: true });
    }
  });
}

interface Watched {
  readonly samples: readonly Sample[];
  readonly dialedUntilMs: number;
}

interface Course {
  readonly options: DemoOptions;
  readonly beganAt: number;
  readonly lines: readonly string[];
}

async function dialTheList({ ritmo, world, crm, screen }: Stage, { options, beganAt, lines }: Course): Promise<Watched> {
  const { bus } = ritmo.foundations.context;
  await world.bringAgents({ host: '127.0.0.1', port: ritmo.ports.sip ?? 0 }, (call, dispositionId) => crm.setDisposition(call, dispositionId));
  await agentsReady(bus, options.agents);
  const imported = await importContacts(bus, lines);
  screen.say(`${options.agents} agents registered and are free; ${imported} contacts imported; the campaign begins`);
  const tally = startTally(bus, campaignId);
  await setActive(bus, true);
  const samples: Sample[] = [];
  const onSample = (sample: Sample): void => {
    samples.push(sample);
    screen.show(sample);
  };
  const dialUntilMs = Math.max(options.seconds * 1000 - drainMs, performance.now() - beganAt + shortestDialingMs);
  await watch(bus, { tally, beganAt, untilMs: dialUntilMs, everyMs: sampleEveryMs, onSample });
  await setActive(bus, false);
  const dialedUntilMs = performance.now() - beganAt;
  screen.say('no new calls; those on their way and those up may finish');
  await watch(bus, { tally, beganAt, untilMs: dialUntilMs + drainLimitMs, everyMs: sampleEveryMs, onSample, isDone: isQuiet });
  tally.stop();
  return { samples, dialedUntilMs };
}

interface Conclusion extends Watched {
  readonly options: DemoOptions;
  readonly limits: { readonly channelLimit: number; readonly cpsLimit: number };
  readonly beganAt: number;
}

async function conclude(stage: Stage, { options, limits, samples, dialedUntilMs, beganAt }: Conclusion): Promise<RunResult> {
  const { ritmo, world, screen, folder, crm } = stage;
  const { bus, events, journal, database } = ritmo.foundations.context;
  await journal.flush();
  await viewsCaughtUp(bus);
  const [carrier, ledger, results] = await Promise.all([world.carrierStats(), readLedger(events), readResults(database)]);
  const checks = [
    ...(await reconcile({ carrier, ledger, resultRows: results.rows, ...limits, recordingsDir: recordingsDirOf(folder) })),
    { name: 'every disposition of an agent was taken', ok: crm.refusals.length === 0, detail: `${crm.accepted} taken${crm.refusals.length === 0 ? '' : `, refused: ${crm.refusals[0]}`}` },
  ];
  const fromMs = samples[0]?.atMs ?? 0;
  const warmMs = warmUntil(fromMs, dialedUntilMs);
  const expected = expectedOf({ agents: options.agents, ...limits, dialingMs: dialedUntilMs - fromMs, warmUpMs: warmMs - fromMs, ringTimeoutMs, graceMs: demoGraceMs, dealt: carrier.calls.map(({ behaviour }) => behaviour) });
  const live = ledger.delivered.size + ledger.abandoned.size;
  const draft: Omit<RunResult, 'report'> = {
    ok: checks.every(({ ok }) => ok),
    invitesSeen: carrier.invitesSeen,
    attemptsStored: ledger.attempts.size,
    resultRows: results.rows,
    maxChannels: carrier.maxChannels,
    channelLimit: limits.channelLimit,
    maxCps: carrier.maxCps,
    cpsLimit: limits.cpsLimit,
    answered: carrier.answered,
    delivered: ledger.delivered.size,
    abandoned: ledger.abandoned.size,
    abandonRate: live === 0 ? 0 : round((100 * ledger.abandoned.size) / live),
    occupancy: round(meanOccupancyPct(samples, warmMs, dialedUntilMs) ?? 0),
    expected,
    tna: ledger.offersMissed,
    recordings: ledger.recorded.size,
    byDisposition: results.byDisposition,
    checks,
    agents: options.agents,
    contacts: options.contacts,
    seconds: Math.round((performance.now() - beganAt) / 1000),
    seed: options.seed,
  };
  const report = await writeReport({ ...draft, report: '' }, samples);
  screen.say(`occupancy ${draft.occupancy} %; the simulator says ${expected.occupancy} % of this scenario and these answers, ${expected.occupancyBand.join(' to ')} % in 95 of 100 runs`);
  screen.say('');
  return { ...draft, report };
}

const round = (value: number): number => Math.round(value * 10) / 10;

/** In `reports/` of the present folder; where that cannot be written, in the system's folder for temporary files. */
async function writeReport(result: RunResult, samples: readonly Sample[]): Promise<string> {
  const startedAt = new Date();
  const html = renderReport(result, samples, { startedAt, title: 'Ritmo: demo run' });
  const name = `demo-${startedAt.toISOString().slice(0, 19).replaceAll(':', '')}.html`;
  for (const folder of [resolve('reports'), tmpdir()]) {
    try {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, name), html);
      return join(folder, name);
    } catch {
      continue;
    }
  }
  throw new RunError('the report could not be written, neither to ./reports nor to the folder for temporary files');
}
