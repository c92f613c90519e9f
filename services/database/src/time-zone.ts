import { settingsOf } from '@ritmo/contract';
import type { ServiceContext } from '@ritmo/service-kit';

/** Drivers (JDBC for one) set the time zone of their session: the columns that the system fills are local to the installation all the same. */
export async function tellTimeZone({ database, directory }: ServiceContext): Promise<void> {
  await database.query('UPDATE database.clock SET time_zone = $1 WHERE time_zone <> $1', [settingsOf(directory).timeZone]);
}
