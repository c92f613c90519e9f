/** A linphonec phone with an account on the product: told what to do on its standard input, its sound a file, as it would be without a sound card. */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freeUdpPortRange, waitFor } from '@ritmo/testing';
import type { PhoneAccount } from './phones.ts';

const eventMs = 30_000;

export class Linphone {
  readonly #child: ChildProcess;
  #output = '';
  /** Where the next event is looked for. */
  #mark = 0;

  private constructor(child: ChildProcess) {
    this.#child = child;
    const hear = (chunk: Buffer): void => void (this.#output += chunk.toString());
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  }

  static async start({ folder, registrarPort, extension, password }: PhoneAccount): Promise<Linphone> {
    await mkdir(join(folder, '.local/share/linphone'), { recursive: true });
    const [sipPort] = await freeUdpPortRange(2);
    const [rtpFrom, rtpTo] = await freeUdpPortRange(20);
    const config = join(folder, 'linphonerc');
    await writeFile(config, [
      // -2: not bound at all.
      '[sip]', `sip_port=${sipPort}`, 'sip_tcp_port=-2', 'sip_tls_port=-2', 'guess_hostname=0', 'use_ipv6=0', 'default_proxy=0', 'register_only_when_network_is_up=0', 'use_info=0', 'use_rfc2833=1',
      '[rtp]', `audio_rtp_port=${rtpFrom}-${rtpTo}`, '[net]', 'firewall_policy=0',
      '[proxy_0]', `reg_proxy=<sip:127.0.0.1:${registrarPort}>`, `reg_identity=sip:${extension}@127.0.0.1`, 'reg_expires=60', 'reg_sendregister=1', 'publish=0',
      '[auth_info_0]', `username=${extension}`, `passwd=${password}`, 'realm=ritmo', '',
    ].join('\n'));
    // Line by line: into a pipe it would write nothing until it ends.
    const child = spawn('stdbuf', ['-oL', 'linphonec', '-c', config], { cwd: folder, stdio: ['pipe', 'pipe', 'pipe'], env: { PATH: process.env['PATH'] ?? '', HOME: folder, TERM: 'dumb' } });
    const phone = new Linphone(child);
    phone.say('soundcard use files');
    return phone;
  }

  get output(): string {
    return this.#output;
  }

  say(command: string): void {
    this.#mark = this.#output.length;
    this.#child.stdin?.write(`${command}\n`);
  }

  /** Said since the last command or event. Gives the first group of the pattern. */
  async event(pattern: RegExp): Promise<string> {
    const found = await waitFor(() => pattern.exec(this.#output.slice(this.#mark)) ?? undefined, { what: `${String(pattern)} in ${this.#output.slice(-600)}`, timeoutMs: eventMs });
    return found[1] ?? '';
  }

  /** Ids of its calls, as `calls` lists them. */
  async calls(): Promise<readonly string[]> {
    this.say('calls');
    await this.event(/Call states([\s\S]*)/);
    return [...this.#output.slice(this.#mark).matchAll(/^(\d+)\s*\|/gm)].map((match) => match[1] ?? '');
  }

  async answer(): Promise<void> {
    await this.event(/incoming call from/i);
    this.say('answer');
  }

  /** Its only call. The phone takes no further command for it before its own exchange is over, which is after the far end knows. */
  async hold(): Promise<void> {
    this.say('pause');
    await this.event(/is now paused/);
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.say('quit');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5_000);
    await gone;
    clearTimeout(timer);
  }
}
