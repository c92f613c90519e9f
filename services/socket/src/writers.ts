import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { answerText, valuesOf, type Contract, type Outcome } from '@ritmo/contract';
import type { Logger } from 'pino';
import { ended, parseCommand, withoutTelnet } from './command.ts';

export interface WritersOptions {
  readonly host: string;
  readonly port: number;
  readonly allowed: (address: string) => boolean;
  readonly contract: Contract;
  readonly log: Logger;
  /** Without a command for this long, a connection is answered and closed. */
  readonly commandTimeoutMs: number;
  readonly maxConnections: number;
}

export interface Writers {
  listen(): Promise<void>;
  port(): number;
  close(): Promise<void>;
}

const longestCommandBytes = 8 * 1024;
/** Quiet after what may be a whole command without a line end: old integrations send none. */
const quietMs = 200;

/** Port 27000: one command, one answer line, close (1.2.2). */
export function createWriters(options: WritersOptions): Writers {
  const { contract, log } = options;
  const sockets = new Set<Socket>();
  let server: Server | undefined;

  async function carryOut(text: string, address: string): Promise<{ readonly name: string; readonly answer: string }> {
    const command = parseCommand(text);
    const name = command?.row.socket.command ?? 'unknown';
    if (!options.allowed(address)) return { name, answer: answerText('1.2.2', 'address-refused') };
    if (command === undefined) return { name, answer: answerText('1.2.2', 'parameters-missing') };
    const { row, fields } = command;
    const values = valuesOf(Object.fromEntries(row.socket.fields.map((field, index) => [field, fields[index]])));
    try {
      const outcome: Outcome = await row.run(values, { facade: 'socket', by: { kind: 'socket', id: address } }, contract);
      if (outcome.kind !== 'answer') throw new Error(`${row.name} has no answer line`);
      const section = typeof row.socket.section === 'function' ? row.socket.section(fields.length) : row.socket.section;
      return { name, answer: answerText(section, outcome.id, outcome.values) };
    } catch (error) {
      log.error({ err: error, command: name }, 'a command failed');
      return { name, answer: answerText('1.2.2', 'unavailable') };
    }
  }

  function accept(socket: Socket): void {
    const address = socket.remoteAddress ?? '';
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    let text = '';
    let bytes = 0;
    let answered = false;
    let quiet: NodeJS.Timeout | undefined;

    const answer = async (): Promise<void> => {
      if (answered) return;
      answered = true;
      clearTimeout(quiet);
      clearTimeout(patience);
      const beganMs = performance.now();
      const { name, answer: told } = await carryOut(text, address);
      log.info({ caller: address, command: name, answer: told, ms: Math.round(performance.now() - beganMs) }, 'socket');
      // What comes after the command is read and thrown away, so that the answer is not lost to a reset.
      socket.end(`${told}\r\n`);
      setTimeout(() => socket.destroy(), 2_000).unref();
    };
    const patience = setTimeout(() => {
      text = '';
      void answer();
    }, options.commandTimeoutMs);
    socket.on('close', () => {
      sockets.delete(socket);
      clearTimeout(quiet);
      clearTimeout(patience);
    });
    const decoder = new TextDecoder('utf-8', { fatal: true });
    const received: Buffer[] = [];
    socket.on('data', (chunk) => {
      if (answered) return;
      bytes += chunk.length;
      received.push(chunk);
      if (bytes > longestCommandBytes) {
        text = '';
        return void answer();
      }
      const whole = withoutTelnet(Buffer.concat(received));
      try {
        text = decoder.decode(whole);
      } catch {
        text = whole.toString('latin1');
      }
      clearTimeout(quiet);
      const state = ended(text);
      if (state === 'yes') void answer();
      else if (state === 'perhaps') quiet = setTimeout(() => void answer(), quietMs);
    });
    socket.on('end', () => {
      if (text === '' && !answered) socket.destroy();
      else void answer();
    });
  }

  return {
    listen: () =>
      new Promise((resolve, reject) => {
        server = createServer({ allowHalfOpen: true, noDelay: true }, accept);
        server.maxConnections = options.maxConnections;
        server.once('error', reject);
        server.listen({ host: options.host, port: options.port, backlog: 512 }, () => resolve());
      }),
    port: () => (server?.address() as AddressInfo | null)?.port ?? 0,
    async close() {
      const closing = server;
      server = undefined;
      const closed = new Promise<void>((resolve) => (closing === undefined ? resolve() : closing.close(() => resolve())));
      const hurry = setTimeout(() => sockets.forEach((socket) => socket.destroy()), 500);
      await closed;
      clearTimeout(hurry);
    },
  };
}
