import { createLogger, exitOnUncaught, explainFatal, stopOnSignals } from '@ritmo/runtime';
import { startRitmo, type Ports, type RunningRitmo } from '../compose.ts';
import { loadConfig, type RitmoConfig } from '../config.ts';
import { tellAddress } from './client.ts';

/** Ports and the settings that change them, for the message when one is taken. */
function portSettings(config: RitmoConfig): Readonly<Record<number, string>> {
  return {
    [config.httpPort]: 'RITMO_HTTP_PORT',
    [config.socketReadPort]: 'RITMO_SOCKET_READ_PORT',
    [config.socketWritePort]: 'RITMO_SOCKET_WRITE_PORT',
    [config.sipPort]: 'RITMO_SIP_PORT',
    [config.postgresPort]: 'RITMO_PG_PORT',
    ...(config.tls === undefined ? {} : { [config.tls.port]: 'server.tls.port' }),
  };
}

/** `npm start`: runs until a signal, or until something it cannot live without is gone. */
export async function start(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  const config = await loadConfig(env);
  const log = createLogger({ level: config.logLevel, node: 'standalone' });
  const die = (error: unknown): never => {
    log.fatal({ err: error }, 'cannot go on');
    process.stderr.write(`ritmo: ${explainFatal(error, portSettings(config))}\n`);
    process.exit(1);
  };
  exitOnUncaught((line, error) => {
    log.fatal({ err: error }, line);
    process.stderr.write(`ritmo: ${line}\n`);
  });
  try {
    const running = await startRitmo(config, { log, onFatal: die });
    const inProgress = (): string => {
      const calls = running.apps.telephony?.occupied().calls ?? 0;
      return calls === 0 ? '' : `${calls} calls`;
    };
    stopOnSignals({ log, graceMs: config.stopGraceS * 1000, stop: (graceMs) => running.stop({ graceMs }), inProgress });
    warnOfLoopback(running, config.listen);
    warnOfTls(running, config);
    const { integrationPassword, adminKey, dataDir } = running.foundations;
    if (integrationPassword.origin === 'made') log.info(`the password of the database user integracao is in ${integrationPassword.file}`);
    if (adminKey.origin === 'made') log.info(`the key of the admin API is in ${adminKey.file}`);
    if (running.ports.http !== null) await tellAddress(dataDir, config.listen, running.ports.http);
    process.stdout.write(`${readyLine(config.listen, running.ports, dataDir)}\n`);
  } catch (error) {
    process.stderr.write(`ritmo: ${explainFatal(error, portSettings(config))}\n`);
    process.exit(1);
  }
}

/** A socket on loopback cannot reach a carrier elsewhere: the trunk would be down for a reason that nobody sees. */
function warnOfLoopback({ foundations }: RunningRitmo, listen: string): void {
  const isLoopback = (host: string): boolean => host === 'localhost' || host.startsWith('127.');
  if (!isLoopback(listen)) return;
  const far = foundations.context.directory.all('trunk').filter((trunk) => trunk.enabled && !isLoopback(trunk.host));
  if (far.length > 0) foundations.log.warn(`trunks ${far.map(({ name }) => name).join(', ')} cannot be reached from ${listen}: set RITMO_LISTEN to an address of this machine`);
}

/** Calls over such a trunk fail one by one with a reason that only the log has: said once, before the first. */
function warnOfTls({ foundations }: RunningRitmo, config: RitmoConfig): void {
  if (config.tls !== undefined || config.cluster.drachtio !== undefined) return;
  const secure = foundations.context.directory.all('trunk').filter((trunk) => trunk.enabled && trunk.transport === 'tls');
  if (secure.length > 0) foundations.log.warn(`trunks ${secure.map(({ name }) => name).join(', ')} want TLS, and no certificate is configured: set server.tls (key, cert)`);
}

function readyLine(listen: string, ports: Ports, dataDir: string): string {
  const parts = [
    `HTTP ${ports.http}`,
    `sockets ${ports.socketRead} (read) and ${ports.socketWrite} (write)`,
    `SIP ${ports.sip} (UDP and TCP)${ports.sipTls === null ? '' : `, ${ports.sipTls} (TLS)`}`,
    ports.postgres === null ? 'PostgreSQL elsewhere' : `PostgreSQL ${ports.postgres}`,
  ];
  return `ritmo is ready on ${listen}: ${parts.join(', ')}; data in ${dataDir}`;
}
