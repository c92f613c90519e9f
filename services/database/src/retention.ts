import { settingsOf } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';
import { commandTables } from './command-tables.ts';
import { localTimestamp } from './single-commands.ts';

const importRetentionDays = 35;
const dayMs = 86_400_000;

/** Removes what is older than the manual keeps it, by the local time of the installation. Rows still to be carried out stay. */
export async function removeExpired(context: ServiceContext): Promise<void> {
  const { database, directory, clock } = context;
  const before = (days: number): string => localTimestamp(clock.nowMs() - days * dayMs, settingsOf(directory).timeZone);
  for (const { table, retention } of commandTables) {
    if (retention === undefined) continue;
    await database.query(
      `DELETE FROM public.${table} AS t WHERE t.${retention.column} < $1::timestamp
          AND NOT EXISTS (SELECT 1 FROM database.pending p WHERE p.table_name = $2 AND p.row_id = t.id)`,
      [before(retention.days), table],
    );
  }
  await database.query('DELETE FROM public.importar_discador WHERE criado_em < $1::timestamp', [before(importRetentionDays)]);
  await database.query(
    `WITH old AS (DELETE FROM database.rejected WHERE rejected_at < to_timestamp($1::float8 / 1000) RETURNING row_id)
     DELETE FROM public.importar_discador USING old WHERE id = old.row_id AND criado_em IS NULL`,
    [clock.nowMs() - importRetentionDays * dayMs],
  );
}
