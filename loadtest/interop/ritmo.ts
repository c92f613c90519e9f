/** The product as its users run it, in a process of its own, watched by its admin API: the same for every foreign program it talks with. */
import { freeUdpPortRange, waitFor } from '@ritmo/testing';
import { ProductProcess } from '../product-process.ts';

export interface Fact {
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface RitmoOptions {
  readonly folder: string;
  readonly trunk?: { readonly host: string; readonly port: number };
}

export const queueNumber = '1140028922';
export const extensions = ['1001', '1002', '1003'] as const;
export const passwordOf = (extension: string): string => `interop-${extension}`;

const factMs = 30_000;
const page = 1_000;

export class Ritmo {
  readonly rtpPorts: readonly [number, number];
  readonly #process: ProductProcess;

  private constructor(process: ProductProcess, rtpPorts: readonly [number, number]) {
    this.#process = process;
    this.rtpPorts = rtpPorts;
  }

  get sipPort(): number {
    return this.#process.sipPort;
  }

  static async start(options: RitmoOptions): Promise<Ritmo> {
    const rtpPorts = await freeUdpPortRange(200);
    return new Ritmo(await ProductProcess.start(options.folder, configOf(options, rtpPorts)), rtpPorts);
  }

  /** Every fact so far, or those of a type whose data has these values. */
  async facts(type?: string, like: Readonly<Record<string, unknown>> = {}): Promise<Fact[]> {
    const found: Fact[] = [];
    let after: string | undefined;
    for (;;) {
      const query = new URLSearchParams({ limit: String(page), ...(after === undefined ? {} : { after }), ...(type === undefined ? {} : { types: type }) });
      const { events } = await this.ask<{ events: (Fact & { readonly position: string })[] }>('GET', `/v1/events?${query.toString()}`);
      found.push(...events.filter(({ data }) => Object.entries(like).every(([name, value]) => data[name] === value)));
      after = events.at(-1)?.position;
      if (events.length < page) return found;
    }
  }

  /** The newest one, once there are `count` of them. */
  fact(type: string, like: Readonly<Record<string, unknown>> = {}, count = 1): Promise<Fact> {
    return waitFor(async () => (await this.facts(type, like))[count - 1], { what: `${type} ${JSON.stringify(like)}`, timeoutMs: factMs, everyMs: 100 });
  }

  /** Phones that are registered, as the registrar knows them. */
  async registrations(): Promise<readonly unknown[]> {
    const { registrations, bindings } = await this.ask<{ registrations?: unknown[]; bindings?: unknown[] }>('GET', '/v1/live/registrations');
    return bindings ?? registrations ?? [];
  }

  /** Nothing is up any more. */
  async quiet(): Promise<void> {
    await waitFor(async () => (await this.ask<{ calls: readonly unknown[] }>('GET', '/v1/live/calls')).calls.length === 0, { what: 'no call', timeoutMs: factMs });
  }

  ask<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#process.ask(method, path, body);
  }

  stop(): Promise<void> {
    return this.#process.stop();
  }
}

function configOf({ trunk }: RitmoOptions, rtpPorts: readonly [number, number]): object {
  const people = extensions.map((extension, index) => ({ id: index + 1, name: `Agent ${index + 1}`, extension, password: passwordOf(extension) }));
  return {
    server: { listen: '127.0.0.1', httpPort: 0, socketReadPort: 0, socketWritePort: 0, sipPort: 0, postgresPort: 0, rtpPorts, logLevel: 'warn', stopGraceS: 5 },
    trunks: [{ id: 1, name: 'Carrier', host: trunk?.host ?? '127.0.0.1', port: trunk?.port ?? 9, channels: 10, callsPerSecond: 10, callerIds: ['1130001000'], optionsIntervalS: 0 }],
    routes: [{ id: 1, name: 'All', trunks: [1], homeAreaCode: '11' }],
    agents: people,
    queues: [{ id: 10, name: 'Sales', members: [{ agentId: 1 }], numbers: [queueNumber], ringTimeoutS: 20, wrapUpS: 0, missedBeforePause: 0 }],
    callWindows: [{ id: 2, name: 'Always', periods: [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }] }],
    campaigns: [{ id: 100, name: 'Interop', queueId: 10, mode: 'progressive', callWindowId: 2, active: false, parameters: ['Contrato', 'Nome'] }],
  };
}
