/** The voices of the far end, in a thread of their own: where SIP is timed, no packet of sound waits before it. */
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import { RtpTalker, tone } from '@ritmo/testing';

/** Node 20 gives a thread no TypeScript by `--import`: the loader is registered first. */
const boot = "const { workerData } = require('node:worker_threads'); import(workerData.loader).then(({ register }) => { register(); return import(workerData.file); });";

type Order = { readonly id: number } & ({ readonly kind: 'open'; readonly host: string; readonly ssrc: number } | { readonly kind: 'talk'; readonly host: string; readonly port: number } | { readonly kind: 'close' });
interface Answer {
  readonly id: number;
  readonly kind: Order['kind'];
  /** open: the port it is heard at; talk, close: packets heard. */
  readonly value: number;
}

export interface Voice {
  readonly port: number;
  talkTo(host: string, port: number): void;
  /** Stops, and gives the packets of sound it heard. */
  close(): Promise<number>;
}

/** A thread that talks and listens for many. */
export class Voices {
  private readonly worker = new Worker(boot, { eval: true, execArgv: [], workerData: { loader: import.meta.resolve('tsx/esm/api'), file: import.meta.url } });
  private readonly waiting = new Map<string, (value: number) => void>();
  private lastId = 0;

  constructor() {
    this.worker.on('message', ({ id, kind, value }: Answer) => {
      this.waiting.get(`${kind} ${id}`)?.(value);
      this.waiting.delete(`${kind} ${id}`);
    });
    this.worker.on('error', (error) => {
      throw error;
    });
  }

  async open(host: string): Promise<Voice> {
    const id = (this.lastId += 1);
    const ask = (order: Order): Promise<number> => {
      const answered = new Promise<number>((resolve) => this.waiting.set(`${order.kind} ${id}`, resolve));
      this.worker.postMessage(order);
      return answered;
    };
    const port = await ask({ id, kind: 'open', host, ssrc: Math.floor(Math.random() * 2 ** 31) });
    return {
      port,
      talkTo: (peerHost, peerPort) => void ask({ id, kind: 'talk', host: peerHost, port: peerPort }),
      close: () => ask({ id, kind: 'close' }),
    };
  }
}

function serve(port: NonNullable<typeof parentPort>): void {
  const words = tone(440, 'PCMA');
  const talkers = new Map<number, RtpTalker>();
  const carryOut = async (order: Order): Promise<number> => {
    if (order.kind === 'open') {
      const talker = await RtpTalker.open({ host: order.host, words, ssrc: order.ssrc });
      talkers.set(order.id, talker);
      return talker.port;
    }
    const talker = talkers.get(order.id);
    if (order.kind === 'talk') talker?.talkTo(order.host, order.port);
    else {
      talkers.delete(order.id);
      await talker?.close();
    }
    return talker?.audioPacketsHeard ?? 0;
  };
  port.on('message', (order: Order) => {
    void carryOut(order).then((value) => port.postMessage({ id: order.id, kind: order.kind, value } satisfies Answer));
  });
}

if (!isMainThread && parentPort) serve(parentPort);
