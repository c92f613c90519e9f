import { RoleRightsError } from './errors.ts';
import type { Database } from './port.ts';

/** Roles belong to the whole server: whoever alters one takes this lock, since PostgreSQL refuses two at once. */
const ROLE_LOCK_KEY = 7_246_011;
const ATTEMPTS = 5;

export interface LimitedRole {
  /** False: we may not alter the role. What it may and may not do is its administrator's to set, and `advice` says how. */
  readonly managed: boolean;
  /** Statements for an administrator; empty when nothing is left to do. */
  readonly advice: readonly string[];
}

interface Rights {
  readonly me: string;
  readonly super: boolean;
  readonly creates: boolean;
  readonly there: boolean;
  readonly administers: boolean;
  readonly member: boolean;
}

/**
 * Makes a role that others log in with, when it is missing, and sets its password. On a PostgreSQL where we are no superuser:
 * CREATEROLE is enough; without it an administrator makes the role, and RoleRightsError says what to run.
 */
export async function prepareLimitedRole(database: Database, options: { readonly role: string; readonly password?: string }): Promise<LimitedRole> {
  const { role, password } = options;
  const before = await rightsOn(database, role);
  if (!before.there) {
    if (!before.super && !before.creates) throw new RoleRightsError(role, before.me, [...makeRole(role), `GRANT ${quoted(role)} TO ${quoted(before.me)};`]);
    await createRole(database, role);
  }
  const rights = before.there ? before : await rightsOn(database, role);
  // A member sees what the role's sessions do and may end them. A superuser may anyway.
  if (rights.administers && !rights.super && !rights.member) await database.query(`GRANT ${quoted(role)} TO CURRENT_USER`);
  if (rights.administers) {
    if (password !== undefined) await setPassword(database, role, password);
    return { managed: true, advice: [] };
  }
  const advice = [`ALTER ROLE ${quoted(role)} LOGIN PASSWORD '…';`, ...(rights.member ? [] : [`GRANT ${quoted(role)} TO ${quoted(rights.me)};`])];
  return { managed: false, advice: password === undefined ? advice.slice(1) : advice };
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const makeRole = (role: string): string[] => [`CREATE ROLE ${quoted(role)} LOGIN PASSWORD '…';`];

async function rightsOn(database: Database, role: string): Promise<Rights> {
  const { rows } = await database.query<Rights>(
    `SELECT current_user::text AS me, r.rolsuper AS super, r.rolcreaterole AS creates, o.oid IS NOT NULL AS there,
            r.rolsuper OR COALESCE(r.rolcreaterole AND (current_setting('server_version_num')::int < 160000 OR pg_has_role(o.oid, 'MEMBER WITH ADMIN OPTION')), false) AS administers,
            COALESCE(pg_has_role(o.oid, 'USAGE'), false) AS member
       FROM pg_roles r LEFT JOIN pg_roles o ON o.rolname = $1
      WHERE r.rolname = current_user`,
    [role],
  );
  const rights = rows[0];
  if (rights === undefined) throw new Error('the database does not know its own user');
  return rights;
}

/** Another database of the server may make the same role at this moment. */
async function createRole(database: Database, role: string): Promise<void> {
  await database.query(
    `DO $$ BEGIN CREATE ROLE ${quoted(role)} LOGIN;
     EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$`,
  );
}

async function setPassword(database: Database, role: string, password: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await database.tx(async (session) => {
        await session.query('SELECT pg_advisory_xact_lock($1)', [ROLE_LOCK_KEY]);
        // ALTER ROLE takes no parameters: the literal is made by the server, from one.
        const { rows } = await session.query<{ sql: string }>("SELECT format('ALTER ROLE %I PASSWORD %L', $1::text, $2::text) AS sql", [role, password]);
        await session.query(rows[0]?.sql ?? '');
      });
      return;
    } catch (error) {
      // The lock is one database's; another database of the server may write the same row at this moment.
      if (attempt >= ATTEMPTS) throw error;
    }
  }
}
