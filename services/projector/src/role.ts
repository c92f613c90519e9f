import type { Database } from '@ritmo/database';

const ATTEMPTS = 5;

/** Roles belong to the whole server: another database of it may write the same row at this moment, so it is tried again. */
export async function setIntegrationPassword(database: Database, password: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      // A DO block takes no parameters: the literal is made by the server, from a parameter.
      const { rows } = await database.query<{ sql: string }>("SELECT format('ALTER ROLE integracao PASSWORD %L', $1::text) AS sql", [password]);
      await database.query(rows[0]?.sql ?? '');
      return;
    } catch (error) {
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}
