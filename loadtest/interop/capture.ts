/** What is on the wire, as Wireshark's dissectors read it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { waitFor } from '@ritmo/testing';

export interface Capture {
  /** Ends the capture. */
  stop(): Promise<void>;
}

const startMs = 30_000;
/** Of Wireshark's expert information. */
const errorSeverity = 0x00800000;

export async function startCapture(file: string, filter: string): Promise<Capture> {
  const child: ChildProcess = spawn('tshark', ['-i', 'lo', '-f', filter, '-w', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => void (said += chunk.toString()));
  await waitFor(
    () => {
      if (child.exitCode !== null) throw new Error(said);
      return said.includes('Capture started') || said.includes('Capturing on');
    },
    { what: `tshark to capture: ${said}`, timeoutMs: startMs },
  );
  return {
    async stop() {
      const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGINT');
      await gone;
    },
  };
}

/** A line per packet that passes the display filter. */
export function readCapture(file: string, sipPort: number, displayFilter: string): string[] {
  const result = spawnSync('tshark', ['-r', file, '-d', `udp.port==${sipPort},sip`, '-Y', displayFilter], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  if (result.status !== 0) throw new Error(`tshark: ${result.stderr}`);
  return result.stdout.split('\n').filter((line) => line.trim() !== '');
}

/** Packets that the dissectors find malformed or in error. */
export const faultsIn = (file: string, sipPort: number): string[] => readCapture(file, sipPort, `_ws.malformed or (_ws.expert.severity >= ${errorSeverity} and (sip or sdp or rtp or rtcp))`);
