import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MigrationChangedError, MigrationFailedError } from './errors.ts';
import type { Database } from './port.ts';

/** Migrations of all owners wait for each other, whichever process runs them. */
const MIGRATION_LOCK_KEY = 7_246_002;
/** First line of a file that is applied again whenever its text changes: views, functions, grants. It must be idempotent. */
const REPEATABLE = '-- repeatable';

export interface MigrateOptions {
  /** The service that owns the objects. */
  readonly owner: string;
  /** Folder of `*.sql`, applied in the order of their names. */
  readonly folder: string | URL;
  /** `:name:` in a file becomes the value, as it is. Names are lower case. For identifiers and literals quoted by the caller. */
  readonly variables?: Readonly<Record<string, string>>;
}

export interface MigrateResult {
  /** Files applied now, in order. */
  readonly applied: readonly string[];
}

/**
 * Applies what is not yet applied, all of it or nothing. A file whose first line is `-- repeatable` is applied again when its
 * text or a variable changes; any other file is applied once and must not change (MigrationChangedError).
 */
export async function migrate(database: Database, options: MigrateOptions): Promise<MigrateResult> {
  const folder = typeof options.folder === 'string' ? options.folder : fileURLToPath(options.folder);
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort();
  const files = await Promise.all(names.map(async (name) => ({ name, text: await readFile(join(folder, name), 'utf8') })));
  return database.tx(async (session) => {
    await session.query('SELECT pg_advisory_xact_lock($1)', [MIGRATION_LOCK_KEY]);
    await session.query('CREATE SCHEMA IF NOT EXISTS ritmo');
    await session.query(
      `CREATE TABLE IF NOT EXISTS ritmo.migrations (
         owner text NOT NULL, file text NOT NULL, checksum text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now(),
         PRIMARY KEY (owner, file))`,
    );
    const known = new Map(
      (
        await session.query<{ file: string; checksum: string }>('SELECT file, checksum FROM ritmo.migrations WHERE owner = $1', [
          options.owner,
        ])
      ).rows.map((row) => [row.file, row.checksum]),
    );
    const applied: string[] = [];
    for (const file of files) {
      const repeatable = file.text.startsWith(REPEATABLE);
      const text = withVariables(file.text, options.variables ?? {});
      // The text as written for a file applied once: a variable that changes later does not make it another migration.
      const checksum = createHash('sha256').update(repeatable ? text : file.text).digest('hex');
      const before = known.get(file.name);
      if (before === checksum) continue;
      if (before !== undefined && !repeatable) throw new MigrationChangedError(options.owner, file.name);
      try {
        await session.query(text);
      } catch (error) {
        throw new MigrationFailedError(options.owner, file.name, error);
      }
      await session.query(
        `INSERT INTO ritmo.migrations (owner, file, checksum) VALUES ($1, $2, $3)
         ON CONFLICT (owner, file) DO UPDATE SET checksum = EXCLUDED.checksum, applied_at = now()`,
        [options.owner, file.name, checksum],
      );
      applied.push(file.name);
    }
    return { applied };
  });
}

/** Replaces `:name:` by its value. An unknown name stays as it is and the server says so. */
export function withVariables(text: string, variables: Readonly<Record<string, string>>): string {
  return text.replace(/:([a-z][a-z0-9_]*):/g, (whole, name: string) => variables[name] ?? whole);
}
