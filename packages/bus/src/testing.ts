/** For tests only: a real nats-server on loopback. */
import { spawn, spawnSync } from 'node:child_process';

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  stop(): Promise<void>;
}

const PATHS = ['nats-server', '/usr/sbin/nats-server', '/usr/local/bin/nats-server'];

/** The reason why no server can be started here, or undefined. */
export function natsServerMissing(): string | undefined {
  if (binary() !== undefined) return undefined;
  return 'nats-server is not installed; on Debian: apt-get install -y nats-server';
}

function binary(): string | undefined {
  return PATHS.find((path) => spawnSync(path, ['--version']).status === 0);
}

/** Starts a server on a free port of loopback, or on the one given. It keeps nothing on disk. */
export async function startNatsServer(port = -1): Promise<NatsServer> {
  const path = binary();
  if (path === undefined) throw new Error(natsServerMissing());
  const child = spawn(path, ['-a', '127.0.0.1', '-p', String(port)], { stdio: ['ignore', 'ignore', 'pipe'] });
  const killWithUs = (): void => void child.kill('SIGKILL');
  process.once('exit', killWithUs);
  const chosen = await new Promise<number>((resolve, reject) => {
    let log = '';
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`nats-server ended with ${code}: ${log}`)));
    child.stderr.on('data', (chunk: Buffer) => {
      log += chunk.toString();
      const listening = /client connections on 127\.0\.0\.1:(\d+)/.exec(log);
      if (listening !== null && log.includes('Server is ready')) resolve(Number(listening[1]));
    });
  });
  return {
    url: `nats://127.0.0.1:${chosen}`,
    port: chosen,
    stop() {
      process.off('exit', killWithUs);
      if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
      return new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      });
    },
  };
}
