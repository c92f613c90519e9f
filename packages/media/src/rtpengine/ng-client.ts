/** The ng control protocol over UDP: `<cookie> <bencoded dictionary>` each way. The same cookie again gets the same answer. */
import { createSocket, type Socket } from 'node:dgram';
import { randomBytes } from 'node:crypto';
import { bdecode, bencode, type BencodeValue } from './bencode.ts';

export interface NgAddress {
  readonly host: string;
  readonly port: number;
}

export type NgReply = Readonly<Record<string, BencodeValue>>;

/** rtpengine answered with an error. */
export class NgRefusedError extends Error {
  readonly command: string;
  constructor(command: string, reason: string) {
    super(`rtpengine refused ${command}: ${reason}`);
    this.name = 'NgRefusedError';
    this.command = command;
  }
}

/** rtpengine did not answer. */
export class NgTimeoutError extends Error {
  readonly command: string;
  constructor(command: string, address: NgAddress) {
    super(`rtpengine at ${address.host}:${address.port} does not answer ${command}`);
    this.name = 'NgTimeoutError';
    this.command = command;
  }
}

const RETRY_AFTER_MS = 500;
const TRIES = 4;

export class NgClient {
  private readonly address: NgAddress;
  private readonly retryAfterMs: number;
  private readonly prefix = randomBytes(6).toString('hex');
  private readonly waiting = new Map<string, (reply: NgReply) => void>();
  private socket: Socket | undefined;
  private lastCookie = 0;

  constructor(address: NgAddress, retryAfterMs = RETRY_AFTER_MS) {
    this.address = address;
    this.retryAfterMs = retryAfterMs;
  }

  async open(): Promise<void> {
    const socket = createSocket('udp4');
    socket.on('message', (packet) => this.onMessage(packet));
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.bind(0, () => {
        socket.off('error', reject);
        socket.on('error', () => undefined);
        resolve();
      });
    });
    this.socket = socket;
  }

  close(): Promise<void> {
    const { socket } = this;
    this.socket = undefined;
    return new Promise((resolve) => (socket ? socket.close(() => resolve()) : resolve()));
  }

  async ask(command: string, fields: Readonly<Record<string, BencodeValue>> = {}): Promise<NgReply> {
    this.lastCookie += 1;
    const cookie = `${this.prefix}_${this.lastCookie}`;
    const packet = Buffer.from(`${cookie} ${bencode({ command, ...fields })}`);
    try {
      for (let attempt = 0; attempt < TRIES; attempt += 1) {
        const reply = await this.once(cookie, packet, this.retryAfterMs * 2 ** attempt);
        if (!reply) continue;
        if (reply['result'] === 'error') throw new NgRefusedError(command, String(reply['error-reason'] ?? 'no reason'));
        return reply;
      }
    } finally {
      this.waiting.delete(cookie);
    }
    throw new NgTimeoutError(command, this.address);
  }

  private once(cookie: string, packet: Buffer, waitMs: number): Promise<NgReply | undefined> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(undefined), waitMs);
      this.waiting.set(cookie, (reply) => {
        clearTimeout(timer);
        resolve(reply);
      });
      this.socket?.send(packet, this.address.port, this.address.host);
    });
  }

  private onMessage(packet: Buffer): void {
    const space = packet.indexOf(0x20);
    const resolve = this.waiting.get(packet.toString('latin1', 0, Math.max(0, space)));
    if (!resolve) return;
    try {
      const reply = bdecode(packet.subarray(space + 1));
      if (typeof reply === 'object' && !Array.isArray(reply)) resolve(reply as NgReply);
    } catch {
      // Not ours to answer; the retry asks again.
    }
  }
}
