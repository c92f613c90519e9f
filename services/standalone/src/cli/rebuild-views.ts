import { connectDatabase } from '@ritmo/database';
import { createLogger } from '@ritmo/runtime';
import { rebuildViews } from '@ritmo/svc-projector';
import { loadConfig } from '../config.ts';
import { locateDatabase, openEventStore } from '../foundations.ts';
import { table } from './table.ts';

/**
 * `ritmo rebuild-views`: makes the views anew from the events beside the live ones, compares both at the same position, and
 * puts the new ones in their place. The installation goes on meanwhile. Exit code 1 when they differ.
 */
export async function rebuild(json: boolean, env: Readonly<Record<string, string | undefined>>): Promise<number> {
  const config = await loadConfig(env);
  const log = createLogger({ level: 'warn', node: 'rebuild-views' });
  const url = await locateDatabase(config);
  const say = (message: string): void => void process.stderr.write(json ? '' : `${message}\n`);
  const database = connectDatabase({ url, applicationName: 'rebuild-views', log: (message) => log.warn(message) });
  const events = await openEventStore(config, url, (message) => log.debug(message));
  try {
    const report = await rebuildViews({ database, events, log: say });
    if (json) process.stdout.write(`${JSON.stringify({ ...report, position: report.position?.toString() ?? null })}\n`);
    else {
      const tables = table(report.tables, [
        { title: 'table', of: (row) => row.table },
        { title: 'rows before', of: (row) => row.rowsBefore, right: true },
        { title: 'rows after', of: (row) => row.rowsAfter, right: true },
        { title: 'same', of: (row) => (row.same ? 'yes' : 'NO') },
      ]);
      const verdict = report.same === undefined ? 'the tables before were made by another version' : report.same ? 'the views came out the same' : 'THE VIEWS DIFFER';
      process.stdout.write(`${tables}\n\n${report.events} events: ${verdict}\n`);
    }
    return report.same === false ? 1 : 0;
  } finally {
    await events.close();
    await database.close();
  }
}
