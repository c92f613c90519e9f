/** Ritmo in this process with a carrier and the agents' phones around it: an installation of the demo's that each test changes to its needs. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@ritmo/runtime';
import type { Clock } from '@ritmo/service-kit';
import { freeUdpPortRange, startAgents, startCarrier, waitFor, type AgentsOptions, type CarrierOptions, type SimulatedAgents, type SimulatedCarrier } from '@ritmo/testing';
import { startRitmo, type RunningRitmo } from '../src/compose.ts';
import { agentPassword, demoConfig, type DemoInstallation } from '../src/demo/demo-config.ts';
import { agentsReady } from '../src/demo/scenario.ts';
import { readLines, sendCommand } from './socket-clients.ts';

/** The demo's seed, kind by kind. */
export type Seed = Readonly<Record<string, Record<string, unknown>[]>>;

export interface WholeSystemOptions {
  /** In the name of its folder. */
  readonly name: string;
  /** How many agents the demo's seed has. */
  readonly agents: number;
  readonly carrier: CarrierOptions;
  readonly mode?: NonNullable<DemoInstallation['mode']>;
  /** What differs from the demo's seed. */
  readonly seed?: (demo: Seed) => object;
  readonly integrationPassword?: string;
  /** Phones that register at once. */
  readonly phones: Omit<AgentsOptions, 'registrar' | 'accounts'> & { readonly extensions: readonly string[] };
  readonly apiKey?: string;
  readonly clock?: Clock;
}

const channelLimit = 5;
const cpsLimit = 5;

type Look<T> = () => Promise<T | undefined | false> | T | undefined | false;

export class WholeSystem {
  readonly ritmo: RunningRitmo;
  readonly carrier: SimulatedCarrier;
  readonly agents: SimulatedAgents;
  private readonly apiKey: string | undefined;
  private readonly closing: (() => unknown)[];

  private constructor(parts: Pick<WholeSystem, 'ritmo' | 'carrier' | 'agents'>, closing: (() => unknown)[], apiKey: string | undefined) {
    this.ritmo = parts.ritmo;
    this.carrier = parts.carrier;
    this.agents = parts.agents;
    this.closing = closing;
    this.apiKey = apiKey;
  }

  static async start(options: WholeSystemOptions): Promise<WholeSystem> {
    const closing: (() => unknown)[] = [];
    try {
      const dataDir = await mkdtemp(join(tmpdir(), `ritmo-${options.name}-`));
      // PostgreSQL's own user must get in.
      await chmod(dataDir, 0o755);
      closing.push(() => rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }));
      const carrier = await startCarrier({ channelLimit, cpsLimit, ...options.carrier });
      closing.push(() => carrier.stop());
      const { agents: agentCount, mode, seed = () => ({}), integrationPassword, apiKey } = options;
      const config = demoConfig({ dataDir, agents: agentCount, carrier, channelLimit, cpsLimit, ...(mode === undefined ? {} : { mode }), rtpPorts: await freeUdpPortRange(200) });
      const demo = config.seed as Seed;
      const ritmo = await startRitmo(
        {
          ...config,
          ...(integrationPassword === undefined ? {} : { integrationPassword }),
          seed: { ...demo, ...(apiKey === undefined ? {} : { settings: { apiKey } }), ...seed(demo) },
        },
        { log: createLogger({ level: 'silent', node: options.name }), ...(options.clock === undefined ? {} : { clock: options.clock }) },
      );
      closing.push(() => ritmo.stop());
      const { extensions, ...phones } = options.phones;
      const agents = await startAgents({
        ...phones, registrar: { host: '127.0.0.1', port: ritmo.ports.sip ?? 0 }, accounts: extensions.map((extension) => ({ extension, password: agentPassword(extension) })),
      });
      closing.push(() => agents.stop());
      return new WholeSystem({ ritmo, carrier, agents }, closing, apiKey);
    } catch (error) {
      for (const close of closing.reverse()) await close();
      throw error;
    }
  }

  /** Before everything that was begun before it. */
  closeFirst(close: () => unknown): void {
    this.closing.push(close);
  }

  async stop(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close();
  }

  /** So many agents are free. */
  ready(agents: number): Promise<unknown> {
    return agentsReady(this.ritmo.foundations.context.bus, agents);
  }

  url(call: string): string {
    return `http://127.0.0.1:${this.ritmo.ports.http}/api/${call}${this.apiKey === undefined ? '' : `${call.includes('?') ? '&' : '?'}chave=${this.apiKey}`}`;
  }

  async api(call: string): Promise<string> {
    return (await fetch(this.url(call))).text();
  }

  command(text: string): Promise<string> {
    return sendCommand(this.ritmo.ports.socketWrite ?? 0, text);
  }

  /** Every line of the reading port from now on, as it comes. */
  lines(): readonly string[] {
    const lines: string[] = [];
    const reader = readLines(this.ritmo.ports.socketRead ?? 0, (line) => lines.push(line));
    this.closeFirst(() => reader.destroy());
    return lines;
  }

  async rows<Row>(sql: string): Promise<readonly Row[]> {
    return (await this.ritmo.foundations.context.database.query<Row>(sql)).rows;
  }
}

export function until<T>(what: string, look: Look<T>, timeoutMs = 60_000): Promise<T> {
  return waitFor(look as () => Promise<T>, { timeoutMs, everyMs: 50, what });
}
