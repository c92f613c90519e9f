import { settingsOf } from '@ritmo/contract';
import { prepareLimitedRole, type SqlSession } from '@ritmo/database';
import type { ServiceContext } from '@ritmo/service-kit';
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { GuardLimits } from './guard.ts';

export interface RoleKeeper {
  /** What the user's sessions begin with, and its password, are what they should be; when they are not, they become so. */
  keep(): Promise<void>;
}

/** Whoever alters a role takes this lock, since PostgreSQL refuses two at once. */
const roleLock = 7_246_011;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/**
 * Every role may alter its own settings and its own password, for all who use it and for good (ALTER ROLE), and no REVOKE takes
 * that away. So both are looked at again and again.
 */
export function createRoleKeeper({ database, directory, log }: ServiceContext, limits: GuardLimits, password: string): RoleKeeper {
  const { role } = limits;
  let isFirst = true;
  let goodVerifier: string | undefined;

  const wanted = (version: number, isSuperuser: boolean): Readonly<Record<string, string>> => ({
    statement_timeout: `${limits.statementTimeoutMs}ms`,
    idle_in_transaction_session_timeout: `${limits.idleTransactionMs}ms`,
    ...(version >= 170_000 ? { transaction_timeout: `${limits.transactionMs}ms` } : {}),
    lock_timeout: '10s',
    max_parallel_workers_per_gather: '0',
    work_mem: '4MB',
    search_path: 'public',
    // Times that the server fills in by itself are local to the installation.
    timezone: settingsOf(directory).timeZone,
    // A superuser's to set; a session cannot raise it.
    ...(isSuperuser ? { temp_file_limit: '1GB' } : {}),
  });

  async function keepSettings(session: SqlSession, isSuperuser: boolean): Promise<boolean> {
    const { rows } = await session.query<{ version: number; found: string[] | null; elsewhere: string[] | null }>(
      `SELECT current_setting('server_version_num')::int AS version,
              (SELECT s.setconfig FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole WHERE r.rolname = $1 AND s.setdatabase = 0) AS found,
              (SELECT array_agg(quote_ident(d.datname)) FROM pg_db_role_setting s JOIN pg_roles r ON r.oid = s.setrole JOIN pg_database d ON d.oid = s.setdatabase
                WHERE r.rolname = $1) AS elsewhere`,
      [role],
    );
    const { version = 0, found = null, elsewhere = null } = rows[0] ?? {};
    const settings = wanted(version, isSuperuser);
    const has = new Map((found ?? []).map((each) => [each.slice(0, each.indexOf('=')).toLowerCase(), each.slice(each.indexOf('=') + 1)]));
    // Where we may not set it, it is the administrator's.
    if (!isSuperuser) has.delete('temp_file_limit');
    if (elsewhere === null && has.size === Object.keys(settings).length && Object.entries(settings).every(([name, value]) => has.get(name) === value)) return false;
    await session.query(`ALTER ROLE ${role} RESET ALL`);
    for (const name of elsewhere ?? []) await session.query(`ALTER ROLE ${role} IN DATABASE ${name} RESET ALL`);
    for (const [name, value] of Object.entries(settings)) await session.query(`ALTER ROLE ${role} SET ${name} = ${literal(value)}`);
    return true;
  }

  /** A password that is not plain ASCII is prepared before it is hashed (RFC 4013): that one is not judged. */
  async function keepPassword(): Promise<boolean> {
    if (!/^[\x20-\x7e]+$/.test(password)) return false;
    const { rows } = await database.query<{ verifier: string | null }>('SELECT rolpassword AS verifier FROM pg_authid WHERE rolname = $1', [role]);
    const verifier = rows[0]?.verifier ?? '';
    if (verifier === goodVerifier) return false;
    if (isVerifierOf(verifier, password)) {
      goodVerifier = verifier;
      return false;
    }
    await prepareLimitedRole(database, { role, password });
    return true;
  }

  return {
    async keep() {
      const { rows } = await database.query<{ super: boolean }>('SELECT rolsuper AS super FROM pg_roles WHERE rolname = current_user');
      const isSuperuser = rows[0]?.super === true;
      const settings = await database.tx(async (session) => {
        await session.query('SELECT pg_advisory_xact_lock($1)', [roleLock]);
        return keepSettings(session, isSuperuser);
      });
      const changed = [...(settings ? ['settings'] : []), ...(isSuperuser && (await keepPassword()) ? ['password'] : [])];
      if (changed.length > 0 && !isFirst) log.warn({ role, changed }, "the integrators' user had been altered and is as it was again");
      isFirst = false;
    },
  };
}

/** Whether a verifier that PostgreSQL keeps is of this password (RFC 5802, 3). */
export function isVerifierOf(verifier: string, password: string): boolean {
  const [, iterations, salt, storedKey] = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):/.exec(verifier) ?? [];
  if (iterations === undefined || salt === undefined) return false;
  const salted = pbkdf2Sync(password, Buffer.from(salt, 'base64'), Number(iterations), 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  return createHash('sha256').update(clientKey).digest('base64') === storedKey;
}
