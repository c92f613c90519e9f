import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { prepareLimitedRole, withVariables, type Database, type SqlSession } from '@ritmo/database';
import { RULES_VERSION } from './apply.ts';
import { withRightOfWay } from './right-of-way.ts';

export const LIVE_SCHEMA = 'views';
/** Held for the length of each batch and of the swap: whoever has it alone decides what the tables are. */
export const BATCH_LOCK_KEY = 7_246_020;

/** The user's name in the manual (1.3). */
const integrators = 'integracao';

interface SqlFile {
  readonly name: string;
  readonly text: string;
}

async function filesOf(folder: 'tables' | 'views'): Promise<readonly SqlFile[]> {
  const path = fileURLToPath(new URL(`../sql/${folder}/`, import.meta.url));
  const names = (await readdir(path)).filter((name) => name.endsWith('.sql')).sort();
  return Promise.all(names.map(async (name) => ({ name, text: await readFile(join(path, name), 'utf8') })));
}

const checksumOf = (files: readonly SqlFile[]): string =>
  createHash('sha256').update(files.map((file) => `${file.name}\n${file.text}`).join('\n')).digest('hex').slice(0, 16);

/** Names the projection: other tables or other rules are another one. */
export async function projectionName(): Promise<string> {
  return `${RULES_VERSION}-${checksumOf(await filesOf('tables'))}`;
}

/** `public.<view>` of a view's file. */
const viewName = (file: SqlFile): string => /CREATE VIEW public\.(\w+)/.exec(file.text)?.[1] ?? '';

export async function viewNames(): Promise<readonly string[]> {
  return (await filesOf('views')).map(viewName);
}

/** Empty tables and a checkpoint before the first event. */
export async function createTables(session: SqlSession, schema: string): Promise<void> {
  await session.query(`CREATE SCHEMA ${schema}`);
  for (const file of await filesOf('tables')) await session.query(withVariables(file.text, { schema }));
  await session.query(`INSERT INTO ${schema}.checkpoint (projection, generation) VALUES ($1, gen_random_uuid()::text)`, [await projectionName()]);
}

/** Makes the integrators' views, new, on the live tables, with the right to read them. */
export async function installViews(session: SqlSession): Promise<void> {
  const role = await integratorsOf(session);
  const files = await filesOf('views');
  for (const file of [...files].reverse()) await session.query(`DROP VIEW IF EXISTS public.${viewName(file)}`);
  for (const file of files) {
    await session.query(withVariables(file.text, { schema: LIVE_SCHEMA }));
    await session.query(`GRANT SELECT ON public.${viewName(file)} TO ${role}`);
  }
  await session.query('UPDATE projector.installed_views SET checksum = $1', [checksumOf(files)]);
}

/** Who may read the views: told at the start of the service, kept for whoever rebuilds them. */
async function integratorsOf(session: SqlSession): Promise<string> {
  const { rows } = await session.query<{ role: string }>('SELECT quote_ident(role) AS role FROM projector.installed_views');
  return rows[0]?.role ?? integrators;
}

/** Answers false when the views that are there were made for another user. */
async function nameIntegrators(session: SqlSession, role: string): Promise<boolean> {
  await session.query('CREATE SCHEMA IF NOT EXISTS projector');
  await session.query('CREATE TABLE IF NOT EXISTS projector.installed_views (one boolean PRIMARY KEY DEFAULT true CHECK (one), checksum text NOT NULL)');
  await session.query(`ALTER TABLE projector.installed_views ADD COLUMN IF NOT EXISTS role text NOT NULL DEFAULT '${integrators}'`);
  await session.query("INSERT INTO projector.installed_views (checksum, role) VALUES ('', $1) ON CONFLICT (one) DO NOTHING", [role]);
  const { rowCount } = await session.query('UPDATE projector.installed_views SET role = $1 WHERE role <> $1', [role]);
  return rowCount === 0;
}

async function viewsAreCurrent(session: SqlSession): Promise<boolean> {
  const installed = await session.query<{ checksum: string }>('SELECT checksum FROM projector.installed_views');
  return installed.rows[0]?.checksum === checksumOf(await filesOf('views'));
}

export interface SchemaState {
  /** True when the tables were made by another version and must be rebuilt. */
  readonly outdated: boolean;
}

/** Tables and views as this version has them, readable by a role that is there. Tables of another version are left for the rebuild. */
export async function prepareSchema(database: Database, role = integrators): Promise<SchemaState> {
  await prepareLimitedRole(database, { role });
  return database.tx(async (session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [BATCH_LOCK_KEY]);
    const { rows } = await session.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [`${LIVE_SCHEMA}.checkpoint`]);
    if (rows[0]?.there !== true) await createTables(session, LIVE_SCHEMA);
    const sameRole = await nameIntegrators(session, role);
    const { rows: made } = await session.query<{ projection: string }>(`SELECT projection FROM ${LIVE_SCHEMA}.checkpoint`);
    const outdated = made[0]?.projection !== (await projectionName());
    // New views may need columns that old tables lack: they come with the rebuild.
    if (!outdated && !(sameRole && (await viewsAreCurrent(session)))) await withRightOfWay(database, session, () => installViews(session));
    return { outdated };
  });
}
