/** The product as its users run it, in a process of its own, watched by its admin API: the same for every foreign program it talks with. */
import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { freeUdpPortRange, waitFor } from '@ritmo/testing';

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

const adminKey = 'interop-of-this-machine';
const readyMs = 120_000;
const stopMs = 20_000;
const factMs = 30_000;
const page = 1_000;

export class Ritmo {
  readonly sipPort: number;
  readonly recordingsDir: string;
  readonly rtpPorts: readonly [number, number];
  readonly #base: string;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, folder: string, ports: { readonly http: number; readonly sip: number; readonly rtp: readonly [number, number] }) {
    this.#child = child;
    this.sipPort = ports.sip;
    this.rtpPorts = ports.rtp;
    this.recordingsDir = join(folder, 'data', 'recordings');
    this.#base = `http://127.0.0.1:${ports.http}`;
  }

  static async start(options: RitmoOptions): Promise<Ritmo> {
    const { folder } = options;
    await mkdir(join(folder, 'data'), { recursive: true });
    const configFile = join(folder, 'ritmo.yaml');
    const rtp = await freeUdpPortRange(200);
    await writeFile(configFile, JSON.stringify(configOf(options, rtp), null, 1));
    const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
    const main = fileURLToPath(new URL('../../services/standalone/src/cli/main.ts', import.meta.url));
    const child = spawn(process.execPath, ['--import', loader, main, 'start'], {
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? folder, RITMO_CONFIG: configFile, RITMO_DATA: join(folder, 'data'), RITMO_ADMIN_KEY: adminKey },
    });
    const log = createWriteStream(join(folder, 'ritmo.log'));
    child.stderr.pipe(log);
    return new Ritmo(child, folder, { ...(await readyPorts(child, log)), rtp });
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

  /** Nothing is up any more. */
  async quiet(): Promise<void> {
    await waitFor(async () => (await this.ask<{ calls: readonly unknown[] }>('GET', '/v1/live/calls')).calls.length === 0, { what: 'no call', timeoutMs: factMs });
  }

  async ask<T>(method: string, path: string, body?: object): Promise<T> {
    const response = await fetch(`${this.#base}${path}`, {
      method,
      headers: { authorization: `Bearer ${adminKey}`, ...(body === undefined ? {} : { 'content-type': 'application/json' }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text.slice(0, 300)}`);
    return (text === '' ? undefined : JSON.parse(text)) as T;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMs);
    await gone;
    clearTimeout(timer);
  }
}

function readyPorts(child: ChildProcess, log: NodeJS.WritableStream): Promise<{ http: number; sip: number }> {
  return new Promise((resolve, reject) => {
    let text = '';
    const timer = setTimeout(() => reject(new Error(`no ready line within ${readyMs / 1000} s: ${text.slice(-500)}`)), readyMs);
    child.stdout?.on('data', (chunk: Buffer) => {
      log.write(chunk);
      const match = /ritmo is ready .*?HTTP (\d+).*?SIP (\d+)/.exec((text = (text + chunk.toString()).slice(-20_000)));
      if (!match) return;
      clearTimeout(timer);
      resolve({ http: Number(match[1]), sip: Number(match[2]) });
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`it ended with ${code}: ${text.slice(-500)}`));
    });
  });
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
