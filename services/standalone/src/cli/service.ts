import { createLogger, exitOnUncaught, explainFatal, stopOnSignals, UserError } from '@ritmo/runtime';
import { startServices } from '../compose.ts';
import { loadConfig } from '../config.ts';
import { serviceNames, type ServiceName } from '../services.ts';

const isService = (name: string): name is ServiceName => (serviceNames as readonly string[]).includes(name);

/** `npm run service -- dialer`: one service as a process of its own. It meets the others over NATS and one database. */
export async function service(names: readonly string[], env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const only = names.map((name) => {
    if (!isService(name)) throw new UserError(`there is no service ${name}: give one of ${serviceNames.join(', ')}`);
    return name;
  });
  if (only.length === 0) throw new UserError(`which service? Give one of ${serviceNames.join(', ')}`);
  const config = await loadConfig(env);
  if (config.cluster.natsUrl === undefined) throw new UserError('a service by itself meets the others over NATS: set NATS_URL');
  if (config.cluster.databaseUrl === undefined) throw new UserError('a service by itself needs a PostgreSQL that all share: set RITMO_DATABASE_URL');
  const node = env['RITMO_NODE'] ?? `${only.join('+')}-${process.pid}`;
  const log = createLogger({ level: config.logLevel, node });
  const die = (error: unknown): never => {
    process.stderr.write(`ritmo ${node}: ${explainFatal(error)}\n`);
    process.exit(1);
  };
  exitOnUncaught((line, error) => log.fatal({ err: error }, line));
  try {
    const running = await startServices(config, { node, log, only, onFatal: die });
    stopOnSignals({ log, graceMs: config.stopGraceS * 1000, stop: (graceMs) => running.stop({ graceMs }) });
    process.stdout.write(`ritmo ${node} is ready\n`);
  } catch (error) {
    die(error);
  }
}
