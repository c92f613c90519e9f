/** Folders and ports that no other test on the machine uses. */
import { createSocket } from 'node:dgram';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface TempDir extends AsyncDisposable {
  readonly path: string;
  remove(): Promise<void>;
}

export async function createTempDir(prefix = 'ritmo-'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), prefix));
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true });
  return { path, remove, [Symbol.asyncDispose]: remove };
}

/** Below the ports that Linux gives to outgoing connections. */
const LOWEST_PORT = 10_000;
const HIGHEST_PORT = 32_000;
const TRIES = 200;

/**
 * A port that was free for TCP and UDP a moment ago, for programs that must come back on the same one. Below the ports of outgoing
 * connections: one of those could take it while the program is down. Prefer port 0 where the program tells which one it took.
 */
export async function freeTcpPort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const port = LOWEST_PORT + Math.floor(Math.random() * (HIGHEST_PORT - LOWEST_PORT));
    if ((await isFree(port, host)) && (await canListen(port, host))) return port;
  }
  throw new Error(`no free TCP port on ${host}`);
}

function canListen(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}

/** A range of UDP ports, all free a moment ago, at a random place so that tests that run at once rarely meet. */
export async function freeUdpPortRange(count: number, host = '127.0.0.1'): Promise<readonly [number, number]> {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const from = LOWEST_PORT + 2 * Math.floor((Math.random() * (HIGHEST_PORT - LOWEST_PORT - count)) / 2);
    if (await areFree(from, count, host)) return [from, from + count - 1];
  }
  throw new Error(`no ${count} free UDP ports in a row on ${host}`);
}

async function areFree(from: number, count: number, host: string): Promise<boolean> {
  // A sample is enough: users of a range pass over single taken ports.
  const step = Math.max(1, Math.floor(count / 16));
  for (let port = from; port < from + count; port += step) {
    if (!(await isFree(port, host))) return false;
  }
  return true;
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.once('error', () => socket.close(() => resolve(false)));
    socket.bind({ port, address: host, exclusive: true }, () => socket.close(() => resolve(true)));
  });
}
