/**
 * Twenty integrators run heavy SELECTs while the product dials, turn and turn about with nobody asking, in one run:
 *   npm run bench:integrators -- --integrators 20 --rounds 3 --seconds 10 --results 500000 --json
 */
import { rm } from 'node:fs/promises';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { createThrowawayFolder } from '@ritmo/database';
import { createLogger } from '@ritmo/runtime';
import { benchFlags, freeUdpPortRange } from '@ritmo/testing';
import pg from 'pg';
import { startRitmo } from '../src/compose.ts';
import { demoConfig } from '../src/demo/demo-config.ts';
import { agentsReady, exampleContacts, importContacts, setActive } from '../src/demo/scenario.ts';
import { createWorld } from '../src/demo/world.ts';

const flags = benchFlags('Integrators run heavy SELECTs while the product dials, turn and turn about with nobody asking, in one run.', {
  integrators: [20, 'sessions that ask'],
  rounds: [3, 'turns of each'],
  seconds: [10, 'seconds of each turn'],
  results: [500_000, 'rows in resultado_discador'],
  agents: [10, 'simulated agents'],
});
const { integrators, rounds, seconds, results, agents } = flags;
const heavy = [
  'SELECT status, count(*), min(data), max(data) FROM resultado_discador GROUP BY status',
  'SELECT identificador1, count(*) FROM resultado_discador GROUP BY identificador1 ORDER BY 2 DESC LIMIT 10',
  'SELECT r.telefone, count(*) FROM resultado_discador_mensal r JOIN resultado_discador d ON d.telefone = r.telefone GROUP BY 1 ORDER BY 2 DESC LIMIT 10',
  'SELECT * FROM resultado_discador ORDER BY telefone, data DESC OFFSET 100000 LIMIT 100',
];

interface Measured {
  readonly tickMeanMs: number;
  readonly ticks: number;
  readonly lagP50Ms: number;
  readonly lagP99Ms: number;
  readonly queryP99Ms: number;
  readonly loopP99Ms: number;
  readonly answered: number;
}

const closing: (() => Promise<unknown>)[] = [];
try {
  const folder = await createThrowawayFolder('ritmo-bench-integrators-');
  closing.push(() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
  const limits = { channelLimit: agents * 3, cpsLimit: agents };
  const world = await createWorld({ ...limits, seed: 7, agents, onLost: (error) => console.error(error) });
  closing.push(() => world.stop());
  const config = demoConfig({ dataDir: folder, agents, carrier: world.carrier, ...limits, rtpPorts: await freeUdpPortRange(agents * 30) });
  const ritmo = await startRitmo(config, { log: createLogger({ level: 'silent', node: 'bench' }) });
  closing.push(() => ritmo.stop());
  const { bus, database, metrics } = ritmo.foundations.context;
  await database.query(
    `INSERT INTO views.results SELECT '1500000000.' || n, 100000000 + n, 900 + n % 20, 1000001 + n % 50000, 20000000 + n % 100000, '119' || (10000000 + n % 100000), 1, 1,
            (ARRAY[3, 7, 8, 8, 8, 11, 13])[1 + n % 7], localtimestamp - n * interval '1 s', false, localtimestamp - n * interval '1 s', localtimestamp - n * interval '1 s',
            'ended', false, 'no-answer', NULL, NULL, 0, NULL, NULL
       FROM generate_series(1, $1::int) AS n`,
    [results],
  );
  await database.query('VACUUM ANALYZE views.results');
  await world.bringAgents({ host: '127.0.0.1', port: ritmo.ports.sip ?? 0 }, () => Promise.resolve());
  await agentsReady(bus, agents);
  await importContacts(bus, await exampleContacts(5_000));
  await setActive(bus, true);
  await sleep(5_000);

  const clients = await Promise.all(
    Array.from({ length: integrators }, async () => {
      const client = new pg.Client({ host: '127.0.0.1', port: ritmo.ports.postgres ?? 0, user: 'integracao', password: ritmo.foundations.integrationPassword.value, database: 'totalipdb' });
      client.on('error', () => undefined);
      await client.connect();
      closing.push(() => client.end());
      return client;
    }),
  );

  const tick = async (): Promise<{ readonly sum: number; readonly count: number }> => {
    const found = (await metrics.getMetricsAsJSON()).find(({ name }) => name === 'ritmo_dialer_tick_seconds');
    const total = (end: string): number => ((found?.values ?? []) as readonly { metricName?: string; value: number }[]).filter(({ metricName }) => metricName?.endsWith(end) === true).reduce((sum, { value }) => sum + value, 0);
    return { sum: total('_sum'), count: total('_count') };
  };

  const measure = async (asking: boolean): Promise<Measured> => {
    let over = false;
    let answered = 0;
    const askers = asking ? clients.map(async (client, index) => {
      for (let turn = index; !over; turn += 1) if (await client.query(heavy[turn % heavy.length] ?? '').then(() => true, () => false)) answered += 1;
    }) : [];
    const loop = monitorEventLoopDelay({ resolution: 5 });
    loop.enable();
    const before = await tick();
    const lags: number[] = [];
    const queries: number[] = [];
    for (const until = performance.now() + seconds * 1_000; performance.now() < until; ) {
      lags.push((await bus.request('projector.status', {})).lagMs);
      const from = performance.now();
      await database.query('SELECT 1');
      queries.push(performance.now() - from);
      await sleep(100);
    }
    const after = await tick();
    loop.disable();
    over = true;
    // What still runs is not waited for by the next round: it would run into it.
    if (asking) await database.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE usename = 'integracao' AND state = 'active'");
    await Promise.all(askers);
    const ticks = after.count - before.count;
    return {
      tickMeanMs: (1_000 * (after.sum - before.sum)) / Math.max(1, ticks),
      ticks,
      lagP50Ms: at(lags, 0.5),
      lagP99Ms: at(lags, 0.99),
      queryP99Ms: at(queries, 0.99),
      loopP99Ms: loop.percentile(99) / 1e6,
      answered,
    };
  };

  const alone: Measured[] = [];
  const together: Measured[] = [];
  for (let round = 1; round <= rounds; round += 1) {
    for (const asking of [false, true]) {
      const measured = await measure(asking);
      (asking ? together : alone).push(measured);
      console.log(`round ${round}, ${asking ? `${integrators} integrators` : 'nobody'}: ${show(measured)}`);
    }
  }
  const mean = (all: readonly Measured[]): Measured => Object.fromEntries((Object.keys(all[0] ?? {}) as (keyof Measured)[]).map((key) => [key, all.reduce((sum, each) => sum + each[key], 0) / all.length])) as unknown as Measured;
  const [without, beside] = [mean(alone), mean(together)];
  // Ticks come every 100 ms, the views promise a second: within these, nobody notices.
  const ok = beside.ticks >= 0.9 * without.ticks && beside.tickMeanMs <= Math.max(2 * without.tickMeanMs, 20) && beside.lagP99Ms <= Math.max(2 * without.lagP99Ms, 1_000);
  console.log(`without: ${show(without)}\nbeside ${integrators} integrators: ${show(beside)}\n${ok ? 'unaffected' : 'AFFECTED'}`);
  if (flags.json) console.log(JSON.stringify({ ok, integrators, results, without, beside, alone, together }));
  process.exitCode = ok ? 0 : 1;
} finally {
  for (const close of closing.reverse()) await close().catch((error: unknown) => console.error(error));
}

function show({ tickMeanMs, ticks, lagP50Ms, lagP99Ms, queryP99Ms, loopP99Ms, answered }: Measured): string {
  const ms = (value: number): string => value.toFixed(1);
  return `tick ${ms(tickMeanMs)} ms (${ticks.toFixed(0)} ticks), projector lag p50 ${ms(lagP50Ms)} p99 ${ms(lagP99Ms)} ms, own SELECT p99 ${ms(queryP99Ms)} ms, event loop p99 ${ms(loopP99Ms)} ms; ${answered.toFixed(0)} heavy SELECTs answered`;
}

function at(values: number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
