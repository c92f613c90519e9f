import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { Logger } from 'pino';

export interface ReadersOptions {
  readonly host: string;
  readonly port: number;
  readonly allowed: (address: string) => boolean;
  /** A reader that has this much unread is cut. */
  readonly bufferLimitBytes: number;
  readonly maxReaders: number;
  readonly log: Logger;
  readonly onCount?: (readers: number) => void;
  readonly onCut?: () => void;
}

export interface Readers {
  listen(): Promise<void>;
  write(line: string): void;
  port(): number;
  close(): Promise<void>;
}

/** With many readers, lines are gathered this long at most, so that one write carries several. */
const gatherAtMostMs = 20;
/** One ms of gathering for so many readers: few readers wait for nothing. */
const readersPerMs = 50;

/** Port 25000: every reader gets every line from the moment it connects; a slow one is cut and slows nobody. */
export function createReaders(options: ReadersOptions): Readers {
  const { log } = options;
  const readers = new Set<Socket>();
  let gathered: string[] = [];
  let scheduled = false;
  let server: Server | undefined;

  function flush(): void {
    scheduled = false;
    const chunk = Buffer.from(gathered.join(''), 'utf8');
    gathered = [];
    for (const socket of readers) {
      if (socket.writableLength > options.bufferLimitBytes) {
        log.warn({ caller: socket.remoteAddress, unread: socket.writableLength }, 'a reader that does not read is cut');
        drop(socket);
        options.onCut?.();
        socket.resetAndDestroy();
      } else socket.write(chunk);
    }
  }
  function drop(socket: Socket): void {
    if (readers.delete(socket)) options.onCount?.(readers.size);
  }
  function accept(socket: Socket): void {
    socket.on('error', () => drop(socket));
    const address = socket.remoteAddress ?? '';
    if (!options.allowed(address) || readers.size >= options.maxReaders) {
      log.warn({ caller: address, readers: readers.size }, 'reader refused');
      socket.destroy();
      return;
    }
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    readers.add(socket);
    options.onCount?.(readers.size);
    socket.on('close', () => drop(socket));
    // What a reader writes means nothing here.
    socket.resume();
  }

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server = createServer(accept);
        server.once('error', reject);
        server.listen({ host: options.host, port: options.port, backlog: 1_024 }, () => resolve());
      }),
    write(text) {
      if (readers.size === 0) return;
      gathered.push(text);
      if (scheduled) return;
      scheduled = true;
      const delayMs = Math.min(gatherAtMostMs, Math.floor(readers.size / readersPerMs));
      if (delayMs === 0) setImmediate(flush);
      else setTimeout(flush, delayMs);
    },
    port: () => (server?.address() as AddressInfo | null)?.port ?? 0,
    async close() {
      if (scheduled) flush();
      const closing = server;
      server = undefined;
      const closed = new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())));
      for (const socket of readers) socket.end();
      const hurry = setTimeout(() => readers.forEach((socket) => socket.destroy()), 500);
      await closed;
      clearTimeout(hurry);
    },
  };
}
