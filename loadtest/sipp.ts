import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { readFile, writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import { UserError } from '@ritmo/runtime';
import { freeTcpPort, freeUdpPortRange } from '@ritmo/testing';
import type { Profile } from './profile.ts';
import { WireLog, type WireRecord } from './wire-log.ts';

export const sippMissing = (): string | undefined => (spawnSync('sipp', ['-v']).error === undefined ? undefined : 'sipp is not installed (apt-get install sip-tester)');

export interface SippOptions {
  readonly folder: string;
  readonly name: string;
  readonly scenario: string;
  readonly csv: string;
  readonly host: string;
  readonly transport: Profile['transport'];
  readonly lossPct: number;
  /** Calls this address; without it, it is called. */
  readonly target?: { readonly host: string; readonly port: number; readonly maxCalls: number; readonly maxChannels: number };
}

/** SIPp itself stays until the last of its calls is forgotten. */
const stopGraceMs = 1_000;
/** SIPp takes note of a signal once a round. */
const signalStepMs = 300;
const loopback = '127.0.0.1';
const mediaPorts = 4;
/** SIPp's pause until it has bound its socket, and its steps. */
const bindTries = 500;
const bindStepMs = 10;
const startTries = 3;

/** One SIPp process: the witness of a run. */
export class Sipp {
  readonly port: number;
  private readonly child: ChildProcess;
  private readonly log: WireLog;
  private readonly folder: string;
  private readonly name: string;
  readonly controlPort: number;
  private readonly control = createSocket('udp4');
  private stderr = '';
  private rate = 0;
  private stopping: Promise<void> | undefined;
  /** Null while it runs. */
  exitCode: number | null = null;
  readonly exited: Promise<number | null>;

  private constructor(child: ChildProcess, port: number, controlPort: number, options: SippOptions) {
    this.child = child;
    this.port = port;
    this.controlPort = controlPort;
    this.folder = options.folder;
    this.name = options.name;
    this.log = new WireLog(join(options.folder, `${options.name}.messages`));
    child.stderr?.on('data', (chunk: Buffer) => (this.stderr = (this.stderr + chunk.toString()).slice(-4000)));
    this.exited = new Promise((resolve) =>
      child.once('close', (code) => {
        this.exitCode = code ?? 255;
        resolve(code);
      }),
    );
  }

  /** Ports that were free may be taken by the time SIPp binds them: then others are tried. */
  static async start(options: SippOptions): Promise<Sipp> {
    const missing = sippMissing();
    if (missing !== undefined) throw new UserError(missing);
    await writeFile(join(options.folder, `${options.name}.xml`), options.scenario);
    await writeFile(join(options.folder, `${options.name}.csv`), options.csv, { mode: 0o600 });
    for (let attempt = 1; ; attempt += 1) {
      const sipp = await Sipp.spawn(options);
      try {
        if (options.target === undefined) await sipp.listening(sipp.port, options.transport);
        else await sipp.listening(sipp.controlPort, 'udp');
        return sipp;
      } catch (error) {
        await sipp.stop();
        if (attempt === startTries || !(error as Error).message.includes('Address already in use')) throw error;
      }
    }
  }

  private static async spawn(options: SippOptions): Promise<Sipp> {
    const { folder, name, host, target } = options;
    const port = await freeTcpPort(host);
    const controlPort = await freeTcpPort();
    const [mediaPort] = await freeUdpPortRange(mediaPorts, host);
    const args = [
      ...(target === undefined ? [] : [`${target.host}:${target.port}`, '-m', String(target.maxCalls), '-l', String(target.maxChannels), '-r', '0']),
      '-sf', `${name}.xml`, '-inf', `${name}.csv`, '-i', host, '-p', String(port), '-mp', String(mediaPort),
      // Who reaches the control port sets the rate: without -ci it is open to the network.
      '-ci', loopback, '-cp', String(controlPort),
      // One socket (u1, t1) for all calls; without -nostdin it reads the terminal; without the aliases of 3.6 -lost counts both ways.
      '-t', options.transport === 'tcp' ? 't1' : 'u1', '-nostdin', '-trace_shortmsg', '-shortmessage_file', `${name}.messages`, '-trace_err', '-error_file', `${name}.errors`,
      ...(options.lossPct > 0 ? ['-lost', String(options.lossPct)] : []),
    ];
    // In a group of its own: Ctrl-C in a terminal would end it with its calls still up.
    const child = spawn('sipp', args, { detached: true, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', TERM: 'dumb' } });
    return new Sipp(child, port, controlPort, options);
  }

  /** The kernel's own table shows when the port is bound: 07 is an unconnected UDP socket, 0A a TCP socket that listens. */
  private async listening(port: number, transport: Profile['transport']): Promise<void> {
    const [file, state] = transport === 'tcp' ? ['/proc/net/tcp', '0A'] : ['/proc/net/udp', '07'];
    const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
    for (let attempt = 0; attempt < bindTries; attempt += 1) {
      if (this.exitCode !== null) throw await this.failure();
      const rows = (await readFile(file, 'utf8')).split('\n').map((row) => row.trim().split(/\s+/));
      if (rows.some((row) => row[1]?.endsWith(suffix) === true && row[3] === state)) return;
      await new Promise((resolve) => setTimeout(resolve, bindStepMs));
    }
    throw new UserError(`sipp does not listen on ${port}`);
  }

  async failure(): Promise<Error> {
    const log = await readFile(join(this.folder, `${this.name}.errors`), 'utf8').catch(() => '');
    return new UserError(`sipp ended with ${this.exitCode}: ${(this.stderr.trim() === '' ? log : this.stderr).trim().slice(0, 600)}`);
  }

  /** New calls a second, of one that calls. SIPp begins its second anew each time it is told, so it is told of changes alone. */
  setRate(rate: number): void {
    if (this.exitCode !== null || rate === this.rate) return;
    this.rate = rate;
    this.control.send(`cset rate ${rate.toFixed(3)}\n`, this.controlPort, loopback, () => undefined);
  }

  read(onRecord: (record: WireRecord) => void): Promise<void> {
    return this.log.read(onRecord);
  }

  /**
   * Begins no more calls and hangs up those that are up (BYE, CANCEL): what SIGUSR1 asks for, once and again. SIPp 3.6 does the second only until
   * it has begun all the calls of its cap: after that they end by themselves, and are to be waited for.
   */
  async hangUp(): Promise<void> {
    for (let time = 0; time < 2 && this.exitCode === null; time += 1) {
      this.child.kill('SIGUSR1');
      await new Promise((resolve) => setTimeout(resolve, signalStepMs));
    }
  }

  /** What has not ended by now is left as it is. */
  stop(): Promise<void> {
    this.stopping ??= this.end();
    return this.stopping;
  }

  private async end(): Promise<void> {
    await this.hangUp();
    if (this.exitCode === null) {
      const timer = setTimeout(() => this.child.kill('SIGKILL'), stopGraceMs);
      await this.exited;
      clearTimeout(timer);
    }
    this.control.close();
  }

  /** After the last `read`. */
  close(): Promise<void> {
    return this.log.close();
  }
}

/** The address of this machine that packets to a host leave from. */
export function localAddressFor(host: string, port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4');
    socket.once('error', reject);
    socket.connect(port, host, () => {
      const { address } = socket.address();
      socket.close(() => resolve(address));
    });
  });
}
