/** Kamailio between the product and its carrier: a stateful proxy that record-routes and knows requests within a dialog by their Route alone. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '@ritmo/testing';

export interface KamailioOptions {
  readonly folder: string;
  readonly port: number;
  readonly carrierPort: number;
  readonly ritmoPort: number;
}

/** A request that passed: within a dialog (`loose`), or the first of one. */
export interface PassedRequest {
  readonly method: string;
  readonly how: 'first' | 'loose' | 'unrouted';
  readonly from: 'carrier' | 'ritmo';
}

const moduleFolders = ['/usr/lib/x86_64-linux-gnu/kamailio/modules', '/usr/lib/aarch64-linux-gnu/kamailio/modules', '/usr/lib/kamailio/modules'];
const startMs = 30_000;

export class Kamailio {
  readonly passed: PassedRequest[] = [];
  #output = '';
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, carrierPort: number) {
    this.#child = child;
    let line = '';
    const hear = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-50_000);
      const lines = (line + chunk.toString()).split('\n');
      line = lines.pop() ?? '';
      for (const each of lines) {
        const match = /PASSED (\w+) (first|loose|unrouted) (\d+)/.exec(each);
        if (match) this.passed.push({ method: match[1] ?? '', how: match[2] as PassedRequest['how'], from: Number(match[3]) === carrierPort ? 'carrier' : 'ritmo' });
      }
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
  }

  static async start(options: KamailioOptions): Promise<Kamailio> {
    const file = join(options.folder, 'kamailio.cfg');
    await writeFile(file, configuration(options));
    const child = spawn('kamailio', ['-f', file, '-DD', '-E', '-m', '64', '-M', '8', '-Y', options.folder, '-w', options.folder], { stdio: ['ignore', 'pipe', 'pipe'] });
    const kamailio = new Kamailio(child, options.carrierPort);
    await waitFor(
      () => {
        if (child.exitCode !== null) throw new Error(kamailio.#output.slice(-1_000));
        return kamailio.#output.includes('READY') || / is_ready|Listening on/.test(kamailio.#output);
      },
      { what: 'Kamailio to listen', timeoutMs: startMs },
    );
    return kamailio;
  }

  count(method: string, how: PassedRequest['how'], from: PassedRequest['from']): number {
    return this.passed.filter((each) => each.method === method && each.how === how && each.from === from).length;
  }

  get output(): string {
    return this.#output;
  }

  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = new Promise<void>((resolve) => this.#child.once('exit', () => resolve()));
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(timer);
  }
}

function configuration({ port, carrierPort, ritmoPort }: KamailioOptions): string {
  const modules = moduleFolders.find((folder) => existsSync(folder)) ?? moduleFolders[0];
  return `#!KAMAILIO
debug=1
log_stderror=yes
children=2
auto_aliases=no
disable_tcp=yes
listen=udp:127.0.0.1:${port}
mpath="${modules}/"
${['tm', 'sl', 'rr', 'pv', 'maxfwd', 'siputils', 'textops', 'xlog'].map((name) => `loadmodule "${name}.so"`).join('\n')}

request_route {
  if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
  if (is_method("CANCEL")) { if (t_check_trans()) t_relay(); exit; }
  if (has_totag()) {
    if (loose_route()) {
      xlog("L_ALERT", "PASSED $rm loose $sp\\n");
      t_relay();
      exit;
    }
    # The ACK of a refusal ends at this proxy.
    if (is_method("ACK") && t_check_trans()) { t_relay(); exit; }
    xlog("L_ALERT", "PASSED $rm unrouted $sp\\n");
    if (!is_method("ACK")) sl_send_reply("481", "Call/Transaction Does Not Exist");
    exit;
  }
  if (is_method("INVITE")) record_route();
  if ($sp == ${carrierPort}) $du = "sip:127.0.0.1:${ritmoPort}";
  else $du = "sip:127.0.0.1:${carrierPort}";
  xlog("L_ALERT", "PASSED $rm first $sp\\n");
  t_relay();
}

event_route[core:worker-one-init] {
  xlog("L_ALERT", "READY\\n");
}
`;
}
