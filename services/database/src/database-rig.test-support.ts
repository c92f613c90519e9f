/** For tests: the SQL facade on a database and a stage of its own, with a user of integrators that no other test knows. */
import { createStage, type Stage } from '@ritmo/contract/testing';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import type { ServiceApp } from '@ritmo/service-kit';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { createDatabaseApp, type DatabaseAppOptions } from './app.ts';

export let db: TestDatabase;
export let stage: Stage;
export const role = `integracao_${randomBytes(4).toString('hex')}`;
export const password = 'segredo';

/** A session of an integrator, as a driver opens it. */
export async function connect(given: { readonly password?: string } = {}): Promise<pg.Client> {
  const url = new URL(db.url);
  url.username = role;
  url.password = given.password ?? password;
  const session = new pg.Client({ connectionString: url.toString() });
  session.on('error', () => undefined);
  await session.connect();
  return session;
}

/** One facade for all tests of the file. */
export function onADatabase(options: Omit<DatabaseAppOptions, 'integrationPassword' | 'role'> = {}): void {
  let app: ServiceApp;
  beforeAll(async () => {
    db = await startTestDatabase();
    stage = await createStage({ database: db.database });
    stage.put('settings', { id: 1 });
    app = createDatabaseApp(stage.context, { integrationPassword: password, role, ...options });
    await app.start();
  });
  afterAll(async () => {
    await app.stop();
    await stage.close();
    await db.database.query(`DROP OWNED BY ${role}`);
    await db.database.query(`DROP ROLE ${role}`);
    await db.close();
  });
}
