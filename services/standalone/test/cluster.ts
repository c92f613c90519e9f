import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createNatsBus, type Bus } from '@ritmo/bus';
import { connectDatabase, startEmbeddedPostgres, type Database } from '@ritmo/database';
import { createPostgresEventStore, type EventStore } from '@ritmo/event-store';
import { freeTcpPort, freeUdpPortRange, waitFor } from '@ritmo/testing';
import { demoConfig, type DemoInstallation } from '../src/demo/demo-config.ts';
import { serviceNames, type ServiceName } from '../src/services.ts';

/** Every service as a process of its own, over a real nats-server and one PostgreSQL. */
export interface Cluster {
  readonly bus: Bus;
  readonly events: EventStore;
  readonly database: Database;
  readonly dataDir: string;
  /** `sip` is the first telephony's. */
  readonly ports: { readonly sip: number; readonly socketWrite: number; readonly http: number };
  /** SIGKILL, and waits until it is dead. `telephony-2` is the second process of telephony. */
  kill(process: ServiceName | 'telephony-2'): Promise<void>;
  /** What the processes wrote, for a failure's message. */
  log(): string;
  stop(): Promise<void>;
}

const places = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
export const natsServer = places.map((folder) => join(folder, 'nats-server')).find((file) => existsSync(file));

const commandLine = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const readyLimitMs = 120_000;
const stopLimitMs = 15_000;

export type ClusterInstallation = Omit<DemoInstallation, 'dataDir' | 'rtpPorts' | 'ports' | 'cluster'>;

/** With two processes of telephony the limits are halved between two trunks to the same carrier. */
export async function startCluster(installation: ClusterInstallation, { telephonies = 1 }: { readonly telephonies?: 1 | 2 } = {}): Promise<Cluster> {
  const folder = await mkdtemp(join(tmpdir(), 'ritmo-cluster-'));
  await chmod(folder, 0o755);
  const dataDir = join(folder, 'data');
  const closing: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })];
  const output: string[] = [];
  const children = new Map<string, ChildProcess>();
  const close = async (): Promise<void> => {
    // The services at once, as on a machine that goes down; then what they stand on.
    await Promise.all([...children].filter(([name]) => name !== 'nats').map(([, child]) => end(child)));
    for (const step of closing.reverse()) await step().catch((error: unknown) => output.push(String(error)));
  };
  const begin = (name: string, command: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): ChildProcess => {
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => output.push(`${name}: ${text.toString()}`));
    children.set(name, child);
    closing.push(() => end(child));
    return child;
  };

  try {
    const natsPort = await freeTcpPort();
    begin('nats', natsServer ?? 'nats-server', ['-a', '127.0.0.1', '-p', String(natsPort)]);
    const natsUrl = `nats://127.0.0.1:${natsPort}`;
    const postgres = await startEmbeddedPostgres({ dataDir: join(folder, 'postgres'), port: 0, superuserPassword: 'cluster-test', database: 'totalipdb' });
    closing.push(() => postgres.stop());
    const bus = await waitFor(() => createNatsBus({ url: natsUrl }), { timeoutMs: 10_000, what: 'nats-server' });
    closing.push(() => bus.close());
    const [sip, socketWrite, socketRead, http] = [await freeTcpPort(), await freeTcpPort(), await freeTcpPort(), await freeTcpPort()];
    const ports = { sipPort: sip, socketWritePort: socketWrite, socketReadPort: socketRead, httpPort: http };
    const { seed, rtpPorts } = demoConfig({ ...installation, dataDir, rtpPorts: await freeUdpPortRange(600), ports });
    if (telephonies === 2) halveTrunks(seed);
    const configFile = join(folder, 'ritmo.yaml');
    // JSON is YAML.
    await writeFile(configFile, JSON.stringify({ server: { ...ports, rtpPorts }, cluster: { natsUrl, databaseUrl: postgres.connectionString }, ...seed }));

    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const env = { ...process.env, RITMO_DATA: dataDir, RITMO_CONFIG: configFile, RITMO_LOG_LEVEL: 'warn', RITMO_STOP_GRACE_S: '2' };
    const start = (service: ServiceName, name: string = service, more: NodeJS.ProcessEnv = {}): Promise<unknown> => {
      const child = begin(name, process.execPath, ['--import', loader, commandLine, 'service', service], { ...env, ...more });
      return waitFor(() => isReady(child, output, name), { timeoutMs: readyLimitMs, everyMs: 50, what: `${name} to be ready` });
    };
    // All at once, as a machine that boots does: those that need another wait for it.
    const second = telephonies === 1 ? [] : [start('telephony', 'telephony-2', { RITMO_SIP_PORT: String(await freeTcpPort()), RITMO_RTP_PORTS: (await freeUdpPortRange(600)).join('-') })];
    await Promise.all([...serviceNames.map((name) => start(name)), ...second]);
    const events = await createPostgresEventStore({ url: postgres.connectionString });
    closing.push(() => events.close());
    const database = connectDatabase({ url: postgres.connectionString });
    closing.push(() => database.close());
    return {
      bus, events, database, dataDir, ports: { sip, socketWrite, http },
      log: () => output.join('').slice(-20_000),
      stop: close,
      async kill(name) {
        const child = children.get(name);
        if (!child) throw new Error(`no process ${name}`);
        const gone = new Promise((resolve) => child.once('exit', resolve));
        child.kill('SIGKILL');
        await gone;
      },
    };
  } catch (error) {
    await close();
    throw new Error(`the cluster did not start:\n${output.join('').slice(-10_000)}`, { cause: error });
  }
}

function halveTrunks(seed: ReturnType<typeof demoConfig>['seed']): void {
  const parts = seed as { trunks: Record<string, unknown>[]; routes: Record<string, unknown>[] };
  const [trunk] = parts.trunks;
  if (!trunk) throw new Error('the demo has no trunk');
  const half = { ...trunk, channels: Number(trunk['channels']) / 2, callsPerSecond: Number(trunk['callsPerSecond']) / 2 };
  parts.trunks = [half, { ...half, id: 2, name: 'Segunda Operadora' }];
  for (const route of parts.routes) route['trunks'] = [1, 2];
}

function isReady(child: ChildProcess, output: readonly string[], name: string): boolean {
  if (child.exitCode !== null) throw new Error(`${name} ended with ${child.exitCode}`);
  return output.some((text) => text.startsWith(`${name}: `) && text.includes(' is ready'));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await gone;
  clearTimeout(timer);
}
