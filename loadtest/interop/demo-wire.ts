/**
 * npm run interop:demo -- [--seconds N]: the demo runs, tshark captures the loopback, and its dissectors read every packet of SIP, SDP and RTP.
 * Exit code 0: none is malformed and none in error. 1: some are; they are printed. 2: it could not be tried.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { endWhenOutputCloses } from '@ritmo/runtime';
import { faultsIn, readCapture, startCapture } from './capture.ts';
import { mayCapture } from './programs.ts';

const shownFaults = 20;

/** The demo's SIP port, and its exit code. */
function runDemo(seconds: string): Promise<{ readonly sipPort: number; readonly code: number | null }> {
  const loader = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
  const main = fileURLToPath(new URL('../../services/standalone/src/demo/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--import', loader, main, '--seconds', seconds], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => {
    said += chunk.toString();
    process.stdout.write(chunk);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, sipPort: Number(/data in .*, SIP (\d+)/.exec(said)?.[1] ?? 0) })));
}

async function main(): Promise<number> {
  endWhenOutputCloses();
  const { values } = parseArgs({ options: { seconds: { type: 'string', default: '40' } } });
  if (!mayCapture()) return 2;
  const folder = await mkdtemp(join(tmpdir(), 'ritmo-demo-wire-'));
  try {
    const file = join(folder, 'demo.pcap');
    const capture = await startCapture(file, 'udp');
    const { sipPort, code } = await runDemo(values.seconds);
    await capture.stop();
    if (sipPort === 0 || code === 2) return 2;
    const count = (filter: string): number => readCapture(file, sipPort, filter).length;
    const faults = faultsIn(file, sipPort);
    process.stdout.write(
      `\non the wire: ${count('sip')} SIP messages, ${count('sip.Method == "INVITE" and not sip.to.tag')} of them new INVITEs, ${count('sdp')} with SDP, ${count('rtp')} RTP packets\n` +
      `malformed or in error: ${faults.length}\n${faults.slice(0, shownFaults).join('\n')}${faults.length === 0 ? '' : '\n'}`,
    );
    return faults.length === 0 && count('rtp') > 0 ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

process.exitCode = await main();
