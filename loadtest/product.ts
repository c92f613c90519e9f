import { readFile } from 'node:fs/promises';
import { UserError } from '@ritmo/runtime';
import { freeUdpPortRange } from '@ritmo/testing';
import { ProductProcess } from './product-process.ts';
import type { Profile } from './profile.ts';

/** The product under load: agents, one trunk, one campaign that always wants more. */

export interface ProductOptions {
  readonly folder: string;
  readonly carrier: { readonly host: string; readonly port: number; readonly transport: Profile['transport'] };
  readonly agents: number;
  readonly channels: number;
  readonly callsPerSecond: number;
}

export interface CampaignFigures {
  readonly attempts: number;
  readonly abandoned: number;
  readonly abandonRatePct: number;
  readonly outcomes: Readonly<Record<string, number>>;
}

/** Of the product's process alone: without its PostgreSQL. */
export interface Usage {
  readonly cpuMs: number;
  readonly rssMb: number;
  readonly peakRssMb: number;
}

export const queueNumber = '1140028922';
export const passwordOf = (extension: string): string => `load-${extension}`;
export const extensionOf = (index: number): string => String(2001 + index);

const campaignId = 100;
const readyMs = 90_000;
const linesPerImport = 20_000;
/** Linux counts a process's CPU in these. */
const msPerTick = 10;

export class Product {
  private readonly process: ProductProcess;
  private peakRssMb = 0;
  onExit: (code: number | null) => void = () => undefined;

  private constructor(process: ProductProcess) {
    this.process = process;
    process.child.once('exit', (code) => this.onExit(code));
  }

  get sipPort(): number {
    return this.process.sipPort;
  }

  static async start(options: ProductOptions): Promise<Product> {
    const rtpPorts = await freeUdpPortRange(Math.max(400, options.agents * 8));
    return new Product(await ProductProcess.start(options.folder, configOf(options, rtpPorts)));
  }

  async importContacts(numbers: readonly string[]): Promise<void> {
    for (let from = 0; from < numbers.length; from += linesPerImport) {
      const lines = numbers.slice(from, from + linesPerImport).map((number, index) => `L${from + index};Carga;11;${number};`);
      const result = await this.process.ask<{ imported: number; rejected: readonly { line: number; reason: string }[] }>('POST', `/v1/campaigns/${campaignId}/import?name=load-${from}.txt`, `${lines.join('\r\n')}\r\n`);
      const [first] = result.rejected;
      if (first) throw new UserError(`line ${first.line} of the list was refused: ${first.reason}`);
    }
  }

  async agentsReady(count: number): Promise<void> {
    const deadline = performance.now() + readyMs;
    for (;;) {
      const { agents } = await this.process.ask<{ agents: readonly { registered: boolean; state: string }[] }>('GET', '/v1/live/agents');
      const ready = agents.filter(({ registered, state }) => registered && state === 'free').length;
      if (ready >= count) return;
      if (performance.now() > deadline) throw new UserError(`only ${ready} of ${count} agents registered within ${readyMs / 1000} s`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }

  /** The trunk's limit is the throttle of a run: the campaign always wants more. */
  async setRate(callsPerSecond: number): Promise<void> {
    await this.process.ask('PATCH', '/v1/trunks/1', { callsPerSecond });
  }

  async setActive(active: boolean): Promise<void> {
    await this.process.ask('POST', `/v1/campaigns/${campaignId}/${active ? 'activate' : 'deactivate'}`, {});
  }

  campaign(): Promise<CampaignFigures> {
    return this.process.ask('GET', `/v1/campaigns/${campaignId}/status`);
  }

  async callsInProgress(): Promise<number> {
    return (await this.process.ask<{ calls: readonly unknown[] }>('GET', '/v1/live/calls')).calls.length;
  }

  /** User and system time of the process since it began, its memory now and the most seen. Null where there is no /proc. */
  async usage(): Promise<Usage | null> {
    const pid = this.process.child.pid ?? 0;
    const [stat, status] = await Promise.all(['stat', 'status'].map((name) => readFile(`/proc/${pid}/${name}`, 'utf8').catch(() => '')));
    if (!stat || !status) return null;
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const rssKb = Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    const rssMb = rssKb / 1024;
    this.peakRssMb = Math.max(this.peakRssMb, rssMb);
    return { cpuMs: (Number(fields[11]) + Number(fields[12])) * msPerTick, rssMb, peakRssMb: this.peakRssMb };
  }

  async stop(): Promise<void> {
    this.onExit = () => undefined;
    await this.process.stop();
  }
}

function configOf({ carrier, agents, channels, callsPerSecond }: ProductOptions, rtpPorts: readonly [number, number]): object {
  const people = Array.from({ length: agents }, (_, index) => ({ id: index + 1, name: `Agent ${index + 1}`, extension: extensionOf(index), password: passwordOf(extensionOf(index)) }));
  return {
    server: { listen: '127.0.0.1', httpPort: 0, socketReadPort: 0, socketWritePort: 0, sipPort: 0, postgresPort: 0, rtpPorts, logLevel: 'warn', stopGraceS: 5 },
    // Neither SIPp nor agents without sound send RTP: nobody hangs up for that.
    settings: { mediaTimeoutS: 0 },
    trunks: [{ id: 1, name: 'SIPp', host: carrier.host, port: carrier.port, transport: carrier.transport, channels, callsPerSecond, callerIds: ['1130001000'], optionsIntervalS: 0 }],
    routes: [{ id: 1, name: 'All', trunks: [1], homeAreaCode: '11' }],
    agents: people,
    queues: [{ id: 10, name: 'Load', members: people.map(({ id }) => ({ agentId: id })), numbers: [queueNumber], ringTimeoutS: 5, wrapUpS: 0, missedBeforePause: 0 }],
    callWindows: [{ id: 2, name: 'Always', periods: [{ days: [0, 1, 2, 3, 4, 5, 6], from: '00:00', to: '24:00' }] }],
    campaigns: [{ id: campaignId, name: 'Load', queueId: 10, mode: 'power', ratio: 10, abandonCapPct: 100, callWindowId: 2, parameters: ['Contrato', 'Nome'] }],
  };
}
