import { spawn, spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SipAddress } from '../port.ts';

const SCENARIOS = fileURLToPath(new URL('../../../../loadtest/scenarios/', import.meta.url));

export function sippMissing(): string | undefined {
  const probe = spawnSync('sipp', ['-v']);
  return probe.error === undefined ? undefined : 'sipp is not installed (apt-get install sip-tester)';
}

const LOWEST_PORT = 10_000;
const PORTS = 20_000;

/** Free for UDP and TCP alike, and below the range from which the kernel takes ports for outgoing connections. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST_PORT + Math.floor(Math.random() * PORTS);
    const udp = createSocket('udp4');
    const tcp = createServer();
    try {
      udp.bind(port, '127.0.0.1');
      await once(udp, 'listening');
      tcp.listen(port, '127.0.0.1');
      await once(tcp, 'listening');
      return port;
    } catch {
      // Taken: another one.
    } finally {
      udp.close();
      tcp.close();
    }
  }
}

export interface SippRun {
  readonly address: SipAddress;
  /** SIPp's exit code is the assertion: throws with its error log unless it is 0. */
  passed(): Promise<void>;
}

/** Runs one scenario for one call. `target` for those that call (uac-…). */
export async function sipp(scenario: string, options: { readonly target?: SipAddress; readonly args?: readonly string[] } = {}): Promise<SippRun> {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), 'sipp-'));
  const { target, args = [] } = options;
  const transport = target?.transport === 'tcp' ? ['-t', 't1'] : [];
  const child = spawn(
    'sipp',
    [
      ...(target === undefined ? [] : [`${target.host}:${target.port}`]), '-sf', join(SCENARIOS, `${scenario}.xml`), '-m', '1', '-i', '127.0.0.1',
      '-p', String(port), '-timeout', '15s', '-timeout_error', '-nostdin', '-trace_err', '-trace_msg', ...transport, ...args,
    ],
    { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'], env: { PATH: '/usr/local/bin:/usr/bin:/bin', TERM: 'dumb' } },
  );
  let stderr = '';
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exit = new Promise<number | null>((resolve) => child.once('close', resolve));
  if (target === undefined) await listening(port);
  return {
    address: { host: '127.0.0.1', port, transport: 'udp' },
    passed: async () => {
      const code = await exit;
      const logs = code === 0 ? '' : await readLogs(folder);
      await rm(folder, { recursive: true, force: true });
      if (code !== 0) throw new Error(`${scenario}: sipp ended with ${String(code)}\n${stderr}\n${logs}`);
    },
  };
}

/** Waits until the port is bound, as the kernel's own table shows it (state 07 is an unconnected UDP socket). */
async function listening(port: number): Promise<void> {
  const wanted = `0100007F:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  for (let attempt = 0; attempt < 500; attempt++) {
    if ((await readFile('/proc/net/udp', 'utf8')).includes(wanted)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`sipp never listened on ${port}`);
}

async function readLogs(folder: string): Promise<string> {
  let text = '';
  for (const file of await readdir(folder)) text += `--- ${file}\n${(await readFile(join(folder, file), 'utf8')).slice(0, 8_000)}\n`;
  return text;
}
