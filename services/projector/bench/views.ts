/**
 * Views at scale, on an embedded PostgreSQL with durability on.
 *   npm run bench:views -- --contacts 1000000 --results 5000000 --json
 * Loads rows in bulk (two phones per contact), then times what integrators ask for; and feeds events through the projector
 * to see how many a second it keeps up with.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createInProcessBus } from '@ritmo/bus';
import { connectDatabase, startEmbeddedPostgres, type Database } from '@ritmo/database';
import { createPostgresEventStore } from '@ritmo/event-store';
import type { ServiceContext } from '@ritmo/service-kit';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createProjectorApp } from '../src/index.ts';
import { appendFacts, randomFacts, sampleDirectory, type StreamedFact } from '../src/sample-facts.ts';

const { values: flags } = parseArgs({
  options: {
    contacts: { type: 'string', default: '100000' },
    results: { type: 'string', default: '500000' },
    events: { type: 'string', default: '20000' },
    json: { type: 'boolean', default: false },
  },
});
const contacts = Number(flags.contacts);
const results = Number(flags.results);
const RUNS = 5;

async function load(database: Database): Promise<void> {
  await database.query(
    `INSERT INTO views.contacts (contact_id, campaign_id, parameters, imported_at, dialed, finished, phones_pending, phones_retry, phones_scheduled, phones_operator, phones_untabulated)
     SELECT n, 1 + n % 20, ARRAY['CPF' || n, 'Cliente ' || n], '2026-11-01'::timestamp, n % 2 = 0, NULL, 2, 0, 0, 0, 0
       FROM generate_series(1000001, 1000000 + $1::int) AS n`,
    [contacts],
  );
  await database.query(
    `INSERT INTO views.phones SELECT n, 1000001 + n / 2 % $1::int, 1 + n / 2 % 20, '119' || (10000000 + n), 1 + n % 2, '2026-11-01'::timestamp,
            CASE WHEN n % 4 < 2 THEN 'fresh' ELSE 'worked' END, CASE WHEN n % 4 < 2 THEN NULL ELSE 8 END, NULL, NULL, NULL
       FROM generate_series(20000000, 19999999 + 2 * $1::int) AS n`,
    [contacts],
  );
  await database.query(
    `INSERT INTO views.results SELECT '1764000000.' || n, 10000000 + n, 1 + n % 20, 1000001 + n % $2::int, 20000000 + n % (2 * $2::int), '119' || (10000000 + n % (2 * $2::int)), 1, 1,
            (ARRAY[3, 7, 8, 8, 8, 11, 13])[1 + n % 7], '2026-11-01'::timestamp + n * interval '0.5 s', false, '2026-11-01'::timestamp + n * interval '0.5 s',
            '2026-11-01'::timestamp + n * interval '0.5 s', 'ended', false, 'no-answer', NULL, NULL, 0, NULL, NULL
       FROM generate_series(1, $1::int) AS n`,
    [results, contacts],
  );
  await database.query('ANALYZE views.contacts; ANALYZE views.phones; ANALYZE views.results');
}

interface Timing {
  readonly question: string;
  readonly medianMs: number;
  readonly limitMs: number;
}

async function time(database: Database, question: string, limitMs: number): Promise<Timing> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    await database.query(question);
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { question, medianMs: Math.round((times[Math.floor(RUNS / 2)] ?? 0) * 10) / 10, limitMs };
}

function questions(): readonly (readonly [string, number])[] {
  const middle = Math.floor(results / 2);
  const phone = `119${10_000_000 + (middle % (2 * contacts))}`;
  return [
    ['SELECT * FROM campanhas', 50],
    [`SELECT * FROM resultado_discador WHERE codigo_ligacao = '1764000000.${middle}'`, 50],
    [`SELECT * FROM resultado_discador WHERE telefone = '${phone}'`, 50],
    [`SELECT * FROM resultado_discador WHERE data >= '2026-11-02' AND data < '2026-11-03' ORDER BY data LIMIT 100`, 50],
    ['SELECT * FROM resultado_discador WHERE id_campanha = 7 LIMIT 100', 50],
    [`SELECT * FROM telefones_campanhas WHERE telefone = '11930000000'`, 50],
    ['SELECT * FROM telefones_campanhas WHERE campanha_id = 7 LIMIT 100', 50],
    ["SELECT * FROM telefones_campanhas WHERE parametro1 = 'CPF1000500'", 50],
    ['SELECT * FROM telefones_nao_trabalhados WHERE id_campanha = 7 LIMIT 100', 50],
    ['SELECT id_status, count(*) FROM resultado_discador WHERE id_campanha = 7 GROUP BY id_status', 1_000],
    ['SELECT id_campanha, id_status, count(*) FROM resultado_discador GROUP BY 1, 2', 1_000],
    ['SELECT count(*) FROM telefones_nao_trabalhados WHERE id_campanha = 7', 1_000],
  ];
}

const folder = await mkdtemp(join(tmpdir(), 'ritmo-bench-views-'));
await chmod(folder, 0o755);
const server = await startEmbeddedPostgres({ dataDir: join(folder, 'pg'), port: 0, superuserPassword: 'bench', database: 'totalipdb' });
const database = connectDatabase({ url: server.connectionString });
const events = await createPostgresEventStore({ url: server.connectionString });
const context: ServiceContext = {
  node: 'bench',
  bus: createInProcessBus(),
  events,
  database,
  log: pino({ level: 'warn' }),
  metrics: new Registry(),
  health: { register: () => undefined, parts: async () => [] },
  clock: { nowMs: () => Date.now() },
  dataDir: folder,
  journal: undefined as never,
  directory: undefined as never,
};
try {
  const projector = createProjectorApp(context);
  await projector.start();
  await appendFacts(events, sampleDirectory());
  await projector.caughtUp();
  const loadFrom = performance.now();
  await load(database);
  const loadSeconds = Math.round((performance.now() - loadFrom) / 1_000);

  // About ten facts a contact. The configuration is there already.
  const facts: readonly StreamedFact[] = randomFacts(1, Math.ceil(Number(flags.events) / 10)).slice(sampleDirectory().length);
  await projector.stop();
  await appendFacts(events, facts);
  const feedFrom = performance.now();
  const second = createProjectorApp({ ...context, metrics: new Registry() });
  await second.start();
  await second.caughtUp();
  const eventsPerSecond = Math.round((facts.length / (performance.now() - feedFrom)) * 1_000);
  await second.stop();

  const timings: Timing[] = [];
  for (const [question, limitMs] of questions()) timings.push(await time(database, question, limitMs));
  const ok = eventsPerSecond >= 2_000 && timings.every((timing) => timing.medianMs <= timing.limitMs);
  const report = { ok, contacts, phones: 2 * contacts, results, loadSeconds, eventsPerSecond, timings };
  if (flags.json) console.log(JSON.stringify(report));
  else {
    console.table(timings);
    console.log(`${contacts} contacts, ${2 * contacts} phones, ${results} results; the projector applied ${eventsPerSecond} events/s (2000 needed): ${ok ? 'met' : 'NOT met'}`);
  }
  process.exitCode = ok ? 0 : 1;
} finally {
  await events.close();
  await database.close();
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}
