import { createContract } from '@ritmo/contract';
import { migrate, prepareLimitedRole } from '@ritmo/database';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { Counter } from 'prom-client';
import { commandTables } from './command-tables.ts';
import { createCourtesy } from './courtesy.ts';
import { createExecutor } from './executor.ts';
import { endCareless } from './guard.ts';
import { removeExpired } from './retention.ts';
import { createRoleKeeper } from './role-keeper.ts';
import { tellTimeZone } from './time-zone.ts';

export interface DatabaseAppOptions {
  /** Password of the integrators' user. */
  readonly integrationPassword: string;
  /** Default integracao. */
  readonly role?: string;
  /** Most connections of integrators. Default 40. */
  readonly maxConnections?: number;
  /** A statement of an integrator that takes longer is ended. Default 60 000. */
  readonly statementTimeoutMs?: number;
  /** A transaction of an integrator that idles longer is ended. Default 60 000. */
  readonly idleTransactionMs?: number;
  /** A transaction of an integrator that lasts longer is ended, however busy it is. Default 600 000. */
  readonly transactionMs?: number;
  /** Most memory of its own that a session of an integrator may take, MB, where PostgreSQL is on this machine: an INSERT of 60,000 wide rows wants 500. Default 1 024. */
  readonly sessionMemoryMb?: number;
  /** How long an attempt whose answer was lost is left alone before it is looked for among the facts. Default 3 000. */
  readonly settleMs?: number;
}

const guardEveryMs = 2_000;
const courtesyEveryMs = 500;
const retentionEveryMs = 3_600_000;

/** The SQL facade of the manual (1.3): command tables, who carries them out, and the integrators' user. */
export function createDatabaseApp(context: ServiceContext, options: DatabaseAppOptions): ServiceApp {
  const { database, directory, log, metrics } = context;
  const role = options.role ?? 'integracao';
  const limits = {
    role,
    statementTimeoutMs: options.statementTimeoutMs ?? 60_000,
    idleTransactionMs: options.idleTransactionMs ?? 60_000,
    transactionMs: options.transactionMs ?? 600_000,
  };
  const keeper = createRoleKeeper(context, limits, options.integrationPassword);
  const contract = createContract(context);
  const carriedOut = (metrics.getSingleMetric('ritmo_sql_commands_total') ??
    new Counter({ name: 'ritmo_sql_commands_total', help: 'Rows of command tables carried out', labelNames: ['table', 'result'], registers: [metrics] })) as Counter<'table' | 'result'>;
  const executor = createExecutor({ context, contract, settleMs: options.settleMs ?? 3_000, carriedOut });
  const timers: NodeJS.Timeout[] = [];
  let unfollow: () => void = () => undefined;
  /** The integrators' user is ours to alter. */
  let manages = false;

  const keepRole = async (): Promise<void> => {
    await tellTimeZone(context);
    if (manages) await keeper.keep();
  };
  const every = (ms: number, work: () => Promise<void>): void => {
    const timer = setInterval(() => void work().catch((error: unknown) => log.error({ err: error }, 'upkeep of the command tables failed')), ms);
    timer.unref();
    timers.push(timer);
  };

  return {
    name: 'database',
    async start() {
      if (!/^[a-z][a-z0-9_]{0,62}$/.test(role)) throw new Error(`"${role}" cannot be the name of the integrators' user: lower case letters, digits and _ only`);
      const { managed, advice } = await prepareLimitedRole(database, { role, password: options.integrationPassword });
      if (!managed) log.warn({ role, advice }, 'the integrators\' user is not ours to alter: its password and limits are its administrator\'s');
      await migrate(database, {
        owner: 'database',
        folder: new URL('../sql/', import.meta.url),
        variables: {
          role,
          connections: String(options.maxConnections ?? 40),
        },
      });
      manages = managed;
      await keepRole();
      unfollow = directory.onChange((kind) => {
        if (kind === 'settings') void keepRole().catch((error: unknown) => log.error({ err: error }, 'the time zone of the integrators cannot be set'));
      });
      await contract.start({ live: false });
      await executor.start(['importar_discador', ...commandTables.map(({ table }) => table)]);
      every(guardEveryMs, () => endCareless(context, limits));
      every(guardEveryMs, keepRole);
      const courtesy = createCourtesy(context, { role, sessionMemoryMb: options.sessionMemoryMb ?? 1_024 });
      every(courtesyEveryMs, () => courtesy.look());
      every(retentionEveryMs, () => removeExpired(context));
      await removeExpired(context);
    },
    async stop() {
      for (const timer of timers.splice(0)) clearInterval(timer);
      unfollow();
      await executor.stop();
      contract.stop();
    },
  };
}
