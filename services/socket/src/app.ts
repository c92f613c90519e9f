import { createAddressRules, createContract, settingsOf } from '@ritmo/contract';
import type { ServiceApp, ServiceContext } from '@ritmo/service-kit';
import { Counter, Gauge } from 'prom-client';
import { createLineSource } from './lines.ts';
import { createReaders } from './readers.ts';
import { createWriters } from './writers.ts';

export interface SocketOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0 takes any free port. */
  readonly readPort: number;
  readonly writePort: number;
  /** Default 1 MiB: a reader with this much unread is cut. */
  readonly bufferLimitBytes?: number;
  /** Default 30 000. */
  readonly commandTimeoutMs?: number;
}

export interface SocketApp extends ServiceApp {
  readPort(): number;
  writePort(): number;
}

const maxReaders = 5_000;
const maxWriters = 1_000;

/** The socket facade of the manual (1.2): lines out on one port, commands in on the other. */
export function createSocketApp(context: ServiceContext, options: SocketOptions): SocketApp {
  const { directory, log, metrics, bus, events } = context;
  const host = options.host ?? '127.0.0.1';
  const contract = createContract(context);
  const rules = () => ({
    read: createAddressRules(settingsOf(directory).socketReadAllow, 'everyone'),
    write: createAddressRules(settingsOf(directory).socketWriteAllow, 'loopback'),
  });
  let allowed = rules();
  let unfollow: () => void = () => undefined;

  const readersNow = (metrics.getSingleMetric('ritmo_socket_readers') ??
    new Gauge({ name: 'ritmo_socket_readers', help: 'Readers connected to the reading port', registers: [metrics] })) as Gauge;
  const readersCut = (metrics.getSingleMetric('ritmo_socket_readers_cut_total') ??
    new Counter({ name: 'ritmo_socket_readers_cut_total', help: 'Readers cut because they did not read', registers: [metrics] })) as Counter;

  const source = createLineSource({ bus, events, directory, cards: contract.cards, live: contract.live, log });
  const readers = createReaders({
    host,
    port: options.readPort,
    allowed: (address) => allowed.read(address),
    bufferLimitBytes: options.bufferLimitBytes ?? 1024 * 1024,
    maxReaders,
    log,
    onCount: (count) => readersNow.set(count),
    onCut: () => readersCut.inc(),
  });
  const writers = createWriters({
    host,
    port: options.writePort,
    allowed: (address) => allowed.write(address),
    contract,
    log,
    commandTimeoutMs: options.commandTimeoutMs ?? 30_000,
    maxConnections: maxWriters,
  });

  return {
    name: 'socket',
    readPort: () => readers.port(),
    writePort: () => writers.port(),
    async start() {
      allowed = rules();
      unfollow = directory.onChange((kind) => {
        if (kind === 'settings') allowed = rules();
      });
      await contract.start({ live: true });
      source.start((text) => readers.write(text));
      await readers.listen();
      await writers.listen();
    },
    async stop() {
      unfollow();
      source.stop();
      await Promise.all([readers.close(), writers.close()]);
      contract.stop();
    },
  };
}
