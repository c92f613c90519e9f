/** A baresip phone with an account on the product: told what to do over its control socket (ctrl_tcp), its sound a tone, what it hears a file. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { freeTcpPort, freeUdpPortRange, waitFor } from '@ritmo/testing';
import type { PhoneAccount } from './phones.ts';

export interface BaresipOptions extends PhoneAccount {
  /** Of the tone it speaks. */
  readonly hz: number;
}

/** An event or an answer, as ctrl_tcp sends it. */
export interface BaresipMessage {
  readonly event?: boolean;
  readonly type?: string;
  readonly response?: boolean;
  readonly ok?: boolean;
  readonly data?: string;
  readonly param?: string;
  readonly peeruri?: string;
}

const moduleFolders = ['/usr/lib/baresip/modules', '/usr/lib/x86_64-linux-gnu/baresip/modules', '/usr/lib/aarch64-linux-gnu/baresip/modules'];
const eventMs = 30_000;

export class Baresip {
  readonly messages: BaresipMessage[] = [];
  readonly #child: ChildProcess;
  readonly #socket: Socket;
  #output: string;

  private constructor(child: ChildProcess, socket: Socket, output: string) {
    this.#child = child;
    this.#socket = socket;
    this.#output = output;
    const hear = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    let waiting = Buffer.alloc(0);
    socket.on('data', (chunk: Buffer) => {
      waiting = Buffer.concat([waiting, chunk]);
      for (;;) {
        // Netstrings: length, colon, text, comma.
        const colon = waiting.indexOf(':');
        const length = Number(waiting.subarray(0, colon).toString());
        if (colon < 0 || waiting.length < colon + 2 + length) return;
        this.messages.push(JSON.parse(waiting.subarray(colon + 1, colon + 1 + length).toString()) as BaresipMessage);
        waiting = waiting.subarray(colon + 2 + length);
      }
    });
    socket.on('error', () => undefined);
  }

  static async start(options: BaresipOptions): Promise<Baresip> {
    const { folder, extension } = options;
    await mkdir(folder, { recursive: true });
    const controlPort = await freeTcpPort();
    const [rtpFrom, rtpTo] = await freeUdpPortRange(20);
    const [sipPort] = await freeUdpPortRange(2);
    const modules = moduleFolders.find((candidate) => existsSync(candidate)) ?? moduleFolders[0];
    await writeFile(
      join(folder, 'config'),
      [
        'poll_method epoll', `sip_listen 127.0.0.1:${sipPort}`, 'net_interface 127.0.0.1', 'call_local_timeout 120', 'call_max_calls 4',
        `audio_player aufile,${join(folder, 'heard.wav')}`, `audio_source ausine,${options.hz}`, 'audio_alert aufile,/dev/null', 'ausrc_srate 48000', 'auplay_srate 8000', 'ausrc_channels 2', 'auplay_channels 1',
        `rtp_ports ${rtpFrom}-${rtpTo}`, 'rtp_timeout 0', `module_path ${modules}`,
        'module g711.so', 'module ausine.so', 'module aufile.so', 'module_app account.so', 'module_app menu.so', 'module_app ctrl_tcp.so', `ctrl_tcp_listen 127.0.0.1:${controlPort}`, '',
      ].join('\n'),
    );
    await writeFile(join(folder, 'accounts'), `<sip:${extension}@127.0.0.1:${options.registrarPort}>;auth_user=${extension};auth_pass=${options.password};answermode=manual;regint=60;audio_codecs=PCMA\n`);
    await writeFile(join(folder, 'contacts'), '');
    const child = spawn('baresip', ['-f', folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const hear = (chunk: Buffer): void => void (output += chunk.toString());
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    const socket = await waitFor(() => dial(controlPort), { what: `baresip's control socket: ${output.slice(-400)}`, timeoutMs: eventMs }).catch((error: unknown) => {
      child.kill('SIGKILL');
      throw new Error(`baresip did not start: ${output.slice(-1_000)}`, { cause: error });
    });
    return new Baresip(child, socket, output);
  }

  get output(): string {
    return this.#output;
  }

  /** Sends a command of baresip's menu; resolves with its answer. */
  async say(command: string, params = ''): Promise<BaresipMessage> {
    const before = this.messages.filter(({ response }) => response).length;
    const text = JSON.stringify({ command, params, token: '1' });
    this.#socket.write(`${Buffer.byteLength(text)}:${text},`);
    return waitFor(() => this.messages.filter(({ response }) => response)[before], { what: `an answer to ${command}`, timeoutMs: eventMs });
  }

  /** The n-th event of that type. */
  event(type: string, n = 1): Promise<BaresipMessage> {
    return waitFor(() => this.messages.filter((message) => message.type === type)[n - 1], { what: `${type} in ${JSON.stringify(this.messages.map((message) => message.type ?? 'answer'))}`, timeoutMs: eventMs });
  }

  count(type: string): number {
    return this.messages.filter((message) => message.type === type).length;
  }

  async stop(): Promise<void> {
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      this.#child.kill('SIGTERM');
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
      await gone;
      clearTimeout(timer);
    }
    this.#socket.destroy();
  }
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
}
