import { connectDatabase, prepareLimitedRole } from '@ritmo/database';
import pg from 'pg';
import { expect, it } from 'vitest';
import { app, onAProjector, rowsOf, stored, test } from './projector-rig.test-support.ts';
import { importedContact, SAMPLE_START_MS } from './sample-facts.ts';
import { prepareSchema } from './schema.ts';

onAProjector();

/** An integrator who began a transaction, read a view and went for lunch. */
async function leaveTransactionOpen(): Promise<{ readonly url: string; readonly ended: Promise<unknown> }> {
  await prepareLimitedRole(test.database, { role: 'integracao', password: 'segredo' });
  const url = test.url.replace(/\/\/[^@]+@/, '//integracao:segredo@');
  const careless = new pg.Client({ connectionString: url });
  careless.on('error', () => undefined);
  const ended = new Promise((resolve) => careless.once('end', resolve));
  await careless.connect();
  await careless.query('BEGIN');
  await careless.query('SELECT * FROM telefones_campanhas');
  return { url, ended };
}

it('a start with other views is not held up by an integrator who left a transaction open', async () => {
  const { ended } = await leaveTransactionOpen();
  await test.database.query("UPDATE projector.installed_views SET checksum = 'of another version'");
  expect(await prepareSchema(test.database)).toEqual({ outdated: false });
  await ended;
  expect((await rowsOf('SELECT checksum FROM projector.installed_views'))[0]?.['checksum']).not.toBe('of another version');
}, 60_000);

it('a rebuild is not held up by an integrator who left a transaction open, and lets a query that runs finish', async () => {
  await stored(importedContact(1, 1, 1, SAMPLE_START_MS));
  const { url, ended } = await leaveTransactionOpen();
  const busy = connectDatabase({ url, maxConnections: 1 });
  // Some work on the old tables while they are about to go.
  const count = busy.query<{ n: number }>('SELECT count(*)::int AS n FROM telefones_campanhas t, generate_series(1, 2000000) g');
  const [report, counted] = await Promise.all([app.rebuildViews(), count]);
  expect(report.same).toBe(true);
  expect(counted.rows).toEqual([{ n: 2_000_000 }]);
  await ended;
  expect(await rowsOf('SELECT id FROM telefones_campanhas')).toEqual([{ id: 10 }]);
  await busy.close();
}, 60_000);
