/** For tests: the SQL facade on a database and a stage of its own, with a user of integrators that no other test knows. */
import { createStage, eventually, type Stage } from '@ritmo/contract/testing';
import { startTestDatabase, type TestDatabase } from '@ritmo/database/testing';
import type { ServiceApp } from '@ritmo/service-kit';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { createDatabaseApp, type DatabaseAppOptions } from './app.ts';

export let db: TestDatabase;
export let stage: Stage;
export const role = `integracao_${randomBytes(4).toString('hex')}`;
export let password = 'segredo';

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

/** Everything that was inserted has been carried out. */
export async function settled(): Promise<void> {
  await eventually(async () => (await db.database.query('SELECT 1 FROM database.pending')).rowCount === 0);
}

export interface Facade {
  /** A session that lasts as long as the file, where one was wanted. */
  readonly integrator: pg.Client;
  /** One more on the same database, as another process has it. */
  another(): ServiceApp;
  /** Stopped, and in its place another one: as after a crash. */
  replaced(meanwhile: () => Promise<unknown>): Promise<void>;
}

export interface FacadeOptions extends Omit<DatabaseAppOptions, 'integrationPassword' | 'role'> {
  readonly password?: string;
  /** Default false. */
  readonly session?: boolean;
  /** Configuration beside the settings. */
  readonly prepare?: (stage: Stage) => void;
}

/** One facade for all tests of the file. */
export function onADatabase({ password: given, session = false, prepare, ...options }: FacadeOptions = {}): Facade {
  let app: ServiceApp;
  let integrator: pg.Client | undefined;
  const another = (): ServiceApp => createDatabaseApp(stage.context, { integrationPassword: password, role, ...options });
  beforeAll(async () => {
    password = given ?? password;
    db = await startTestDatabase();
    stage = await createStage({ database: db.database });
    stage.put('settings', { id: 1 });
    prepare?.(stage);
    app = another();
    await app.start();
    if (session) integrator = await connect();
  });
  afterAll(async () => {
    await integrator?.end();
    await app.stop();
    await stage.close();
    await db.database.query(`DROP OWNED BY ${role}`);
    await db.database.query(`DROP ROLE ${role}`);
    await db.close();
  });
  return {
    get integrator() {
      if (integrator === undefined) throw new Error('no session was wanted');
      return integrator;
    },
    another,
    async replaced(meanwhile) {
      await app.stop();
      await meanwhile();
      app = another();
      await app.start();
    },
  };
}
