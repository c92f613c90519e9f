import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';

export interface FrameEvents {
  frame(frame: string): void;
  /** The client is gone. */
  closed(): void;
}

/** The administrative port of the double: one client at a time, whose frames are `length#…` as drachtio-srf 5 reads and writes them. */
export class Frames {
  port = 0;
  /** How long after its coming a client is read: a busy server takes its time. */
  readsAfterMs = 0;
  private readonly events: FrameEvents;
  private readonly server: Server = createServer((socket) => this.accept(socket));
  private client: Socket | undefined;

  constructor(events: FrameEvents) {
    this.events = events;
  }

  async listen(): Promise<void> {
    await new Promise<void>((done) => this.server.listen(this.port, '127.0.0.1', done));
    this.port = (this.server.address() as AddressInfo).port;
  }

  /** Nobody is let in any more, and who is in is thrown out. */
  async close(): Promise<void> {
    this.client?.destroy();
    await new Promise<void>((done) => this.server.close(() => done()));
  }

  get connected(): boolean {
    return this.client?.destroyed === false;
  }

  raw(text: string): void {
    this.client?.write(text);
  }

  write(text: string): void {
    const frame = `${randomUUID()}|${text}`;
    this.raw(`${Buffer.byteLength(frame, 'utf8')}#${frame}`);
  }

  private accept(socket: Socket): void {
    this.client = socket;
    socket.on('close', () => this.events.closed());
    socket.on('error', () => socket.destroy());
    let pending = Buffer.alloc(0);
    const read = (): void => {
      for (let hash = pending.indexOf('#'); hash > 0; hash = pending.indexOf('#')) {
        const end = hash + 1 + Number(pending.toString('utf8', 0, hash));
        if (pending.length < end) return;
        const frame = pending.toString('utf8', hash + 1, end);
        pending = pending.subarray(end);
        // Who it is is asked at once; what it wants is read when there is time.
        if (this.readsAfterMs > 0 && !frame.includes('|authenticate|')) setTimeout(() => this.events.frame(frame), this.readsAfterMs);
        else this.events.frame(frame);
      }
    };
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      read();
    });
  }
}
