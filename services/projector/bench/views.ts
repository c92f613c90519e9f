/**
 * Views at scale, on an embedded PostgreSQL with durability on.
 *   npm run bench:views -- --contacts 100000 --results 500000     (a quick look)
 * Loads rows in bulk (two phones per contact), then times what integrators ask for; and feeds events through the projector
 * to see how many a second it keeps up with.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createInProcessBus } from '@ritmo/bus';
import { connectDatabase, createThrowawayFolder, startEmbeddedPostgres, type Database } from '@ritmo/database';
import { createPostgresEventStore } from '@ritmo/event-store';
import type { ServiceContext } from '@ritmo/service-kit';
import { benchFlags } from '@ritmo/testing';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createProjectorApp } from '../src/index.ts';
import { appendFacts, randomFacts, sampleDirectory, type StreamedFact } from '../src/sample-facts.ts';

const flags = benchFlags('What integrators ask of the views at scale, and how many events a second the projector applies, on an embedded PostgreSQL with durability on.', {
  contacts: [1_000_000, 'clients, with two phones each'],
  results: [5_000_000, 'results of calls'],
  events: [20_000, 'events fed through the projector'],
});
const { contacts, results } = flags;
const RUNS = 5;
const firstDay = '2026-11-01';

const say = (text: string): void => void process.stderr.write(`${text}\n`);

/** Rows made by the server itself, a part at a time: faster than any client's COPY, and one sees how far it is. */
async function fill(database: Database, table: string, rows: number, sql: string): Promise<void> {
  const part = 250_000;
  for (let from = 1; from <= rows; from += part) {
    const to = Math.min(rows, from + part - 1);
    await database.query(sql, [from, to]);
    say(`${table}: ${to} of ${rows}`);
  }
}

async function load(database: Database): Promise<void> {
  await fill(
    database,
    'contacts',
    contacts,
    `INSERT INTO views.contacts (contact_id, campaign_id, parameters, imported_at, dialed, finished, awaits_agent, phones_listed, phones_pending, phones_retry, phones_scheduled, phones_operator, phones_untabulated)
     SELECT 1000000 + n, 1 + n % 20, ARRAY['CPF' || (1000000 + n), 'Cliente ' || n], '2026-11-01'::timestamp, n % 2 = 0, NULL, false, 2, 2, 0, 0, 0, 0
       FROM generate_series($1::int, $2::int) AS n`,
  );
  await fill(
    database,
    'phones',
    2 * contacts,
    `INSERT INTO views.phones SELECT 20000000 + n, 1000001 + n / 2 % ${contacts}, 1 + n / 2 % 20, '119' || (10000000 + n), 1 + n % 2, '2026-11-01'::timestamp,
            CASE WHEN n % 4 < 2 THEN 'fresh' ELSE 'worked' END, CASE WHEN n % 4 < 2 THEN NULL ELSE 8 END, NULL, NULL, NULL
       FROM generate_series($1::int - 1, $2::int - 1) AS n`,
  );
  // In the order in which they happened, each campaign a twentieth, over the 29 days that 5 million take at two a second.
  await fill(
    database,
    'results',
    results,
    `INSERT INTO views.results SELECT '1764000000.' || n, 10000000 + n, 1 + n % 20, 1000001 + n % ${contacts}, 20000000 + n % ${2 * contacts}, '119' || (10000000 + n % ${2 * contacts}), 1, 1,
            (ARRAY[3, 7, 8, 8, 8, 11, 13])[1 + n % 7], '${firstDay}'::timestamp + n * interval '0.5 s', false, '${firstDay}'::timestamp + n * interval '0.5 s',
            '${firstDay}'::timestamp + n * interval '0.5 s', 'ended', false, 'no-answer', NULL, NULL, 0, NULL, NULL
       FROM generate_series($1::int, $2::int) AS n`,
  );
  await database.query('VACUUM ANALYZE views.contacts');
  await database.query('VACUUM ANALYZE views.phones');
  await database.query('VACUUM ANALYZE views.results');
}

interface Timing {
  readonly question: string;
  readonly rows: number;
  readonly medianMs: number;
  readonly limitMs: number;
}

async function time(database: Database, question: string, limitMs: number): Promise<Timing> {
  const times: number[] = [];
  let rows = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const from = performance.now();
    rows = (await database.query(question)).rows.length;
    times.push(performance.now() - from);
  }
  times.sort((a, b) => a - b);
  return { question, rows, medianMs: Math.round((times[Math.floor(RUNS / 2)] ?? 0) * 10) / 10, limitMs };
}

/** What integrators ask: no LIMIT but where the manual's readers would page. */
function questions(): readonly (readonly [string, number])[] {
  const middle = Math.floor(results / 2);
  const phone = `119${10_000_000 + (middle % (2 * contacts))}`;
  const at = (result: number): string => `'${firstDay}'::timestamp + interval '${Math.floor(result / 2)} s'`;
  // A quarter of an hour in the middle of what there is: 1,800 results, 90 of one campaign.
  const quarter = `data >= ${at(middle)} AND data < ${at(middle + 1_800)}`;
  return [
    ['SELECT * FROM campanhas', 50],
    ['SELECT * FROM campanhas WHERE id = 7', 50],
    [`SELECT * FROM resultado_discador WHERE codigo_ligacao = '1764000000.${middle}'`, 50],
    [`SELECT * FROM resultado_discador WHERE telefone = '${phone}'`, 50],
    [`SELECT * FROM resultado_discador WHERE identificador1 = 'CPF1000500'`, 50],
    [`SELECT * FROM resultado_discador WHERE ${quarter}`, 50],
    [`SELECT * FROM resultado_discador WHERE id_campanha = 7 AND ${quarter}`, 50],
    [`SELECT * FROM resultado_discador WHERE id > ${10_000_000 + results - 1_000} ORDER BY id`, 50],
    [`SELECT * FROM resultado_discador WHERE id_campanha = 7 AND id_status = 3 AND data >= ${at(results - 86_400)}`, 50],
    ['SELECT * FROM resultado_discador WHERE id_campanha = 7 ORDER BY data DESC LIMIT 100', 50],
    [`SELECT * FROM resultado_discador_mensal WHERE uniqueid = '1764000000.${middle}'`, 50],
    [`SELECT * FROM resultado_discador_mensal WHERE telefone = '${phone}'`, 50],
    [`SELECT * FROM telefones_campanhas WHERE telefone = '11910000500'`, 50],
    ["SELECT * FROM telefones_campanhas WHERE parametro1 = 'CPF1000500'", 50],
    ["SELECT * FROM telefones_campanhas WHERE campanha_id = 7 AND parametro2 = 'Cliente 506'", 50],
    ['SELECT * FROM telefones_campanhas WHERE campanha_id = 7 ORDER BY id LIMIT 100', 50],
    ['SELECT * FROM telefones_nao_trabalhados WHERE id_campanha = 7 ORDER BY id LIMIT 100', 50],
    ['SELECT id_status, count(*) FROM resultado_discador WHERE id_campanha = 7 GROUP BY id_status', 1_000],
    ['SELECT status, count(*) FROM resultado_discador WHERE id_campanha = 7 GROUP BY status', 1_000],
    [`SELECT id_status, count(*) FROM resultado_discador WHERE id_campanha = 7 AND data >= '${firstDay}'::timestamp + interval '1 day' AND data < '${firstDay}'::timestamp + interval '2 days' GROUP BY id_status`, 1_000],
    [`SELECT count(*) FROM resultado_discador WHERE data >= '${firstDay}'::timestamp + interval '1 day' AND data < '${firstDay}'::timestamp + interval '2 days'`, 1_000],
    ['SELECT count(*) FROM telefones_nao_trabalhados WHERE id_campanha = 7', 1_000],
  ];
}

const folder = await createThrowawayFolder('ritmo-bench-views-');
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
  const { rows: loaded } = await database.query<{ contacts: number; phones: number; results: number }>(
    'SELECT (SELECT count(*) FROM views.contacts) AS contacts, (SELECT count(*) FROM views.phones) AS phones, (SELECT count(*) FROM views.results) AS results',
  );
  say(`loaded in ${loadSeconds} s: ${JSON.stringify(loaded[0])}`);

  // About ten facts a contact. The configuration is there already.
  const facts: readonly StreamedFact[] = randomFacts(1, Math.ceil(flags.events / 10)).slice(sampleDirectory().length);
  await projector.stop();
  await appendFacts(events, facts);
  const feedFrom = performance.now();
  const second = createProjectorApp({ ...context, metrics: new Registry() });
  await second.start();
  await second.caughtUp();
  const eventsPerSecond = Math.round((facts.length / (performance.now() - feedFrom)) * 1_000);
  await second.stop();

  const { rows: kept } = await database.query<{ results: number }>('SELECT count(*) AS results FROM views.results');
  if ((kept[0]?.results ?? 0) < results) throw new Error(`${kept[0]?.results ?? 0} results are left: the projection was made anew in the middle of the run`);
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
