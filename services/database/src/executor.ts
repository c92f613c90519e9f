import type { Contract } from '@ritmo/contract';
import type { Listening } from '@ritmo/database';
import type { ServiceContext } from '@ritmo/service-kit';
import type { Counter } from 'prom-client';
import { commandTables } from './command-tables.ts';
import { carryOutImports } from './imports.ts';
import { comeAlive, type Life } from './life.ts';
import { carryOutSingles } from './single-commands.ts';

/** Behind the notifications: what they missed is found within this. */
const sweepEveryMs = 900;

export interface Executor {
  start(tables: readonly string[]): Promise<void>;
  /** Finishes what it began. */
  stop(): Promise<void>;
}

export function createExecutor(parts: {
  readonly context: ServiceContext;
  readonly contract: Contract;
  readonly settleMs: number;
  readonly carriedOut: Counter<'table' | 'result'>;
}): Executor {
  const { context } = parts;
  const { database, log } = context;
  const byName = new Map(commandTables.map((table) => [table.table, table]));
  const running = new Map<string, Promise<void>>();
  const again = new Set<string>();
  let alive: Life | undefined;
  let listening: Listening | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopping = false;

  async function live(): Promise<void> {
    alive = await comeAlive(database, (error) => {
      alive = undefined;
      log.error({ err: error }, 'the connection that shows that this executor lives is lost; taking another');
    });
  }

  const carryOut = (table: string): Promise<boolean> => {
    const rest = { ...parts, executor: () => alive?.number ?? -1 };
    const single = byName.get(table);
    return single === undefined ? carryOutImports(rest) : carryOutSingles(rest, single);
  };

  async function drain(table: string): Promise<void> {
    do {
      again.delete(table);
      while (!stopping && alive !== undefined && (await carryOut(table)));
    } while (again.has(table) && !stopping && alive !== undefined);
  }

  function kick(table: string): void {
    if (stopping) return;
    if (running.has(table)) return void again.add(table);
    const run = drain(table)
      .catch((error: unknown) => log.error({ err: error, table }, 'command table'))
      .finally(() => running.delete(table));
    running.set(table, run);
  }

  async function sweep(): Promise<void> {
    if (alive === undefined) await live();
    const { rows } = await database.query<{ table_name: string }>('SELECT DISTINCT table_name FROM database.pending WHERE retry_at <= now()');
    for (const { table_name } of rows) kick(table_name);
  }

  return {
    async start(tables) {
      await live();
      const known = new Set(tables);
      listening = await database.listen('ritmo_commands', (table) => {
        if (table === undefined) for (const each of known) kick(each);
        else if (known.has(table)) kick(table);
      });
      timer = setInterval(() => void sweep().catch((error: unknown) => log.error({ err: error }, 'sweep of the command tables')), sweepEveryMs);
      timer.unref();
    },
    async stop() {
      stopping = true;
      clearInterval(timer);
      await listening?.stop();
      await Promise.all(running.values());
      await alive?.end();
    },
  };
}
