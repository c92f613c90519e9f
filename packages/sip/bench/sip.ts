/**
 * npm run bench:sip: calls per second of the native engine, far end in a second process on the same machine.
 * One call = INVITE 180 200 ACK, one second, BYE 200, with full transaction and dialog state on both sides.
 * --rate N --seconds N fix the run; without --rate it searches the highest clean rate. --json prints one JSON object last.
 */
import { spawn } from 'node:child_process';
import type { ChildProcessWithoutNullStreams } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createNativeSipStack } from '../src/index.ts';
import type { EstablishedCall, SipStack } from '../src/index.ts';
import { dgramBaseline } from './dgram-baseline.ts';

const SDP = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';
const TALK_MS = 1_000;
const MAX_SETUP_P99_MS = 50;
const MIN_RATE_SHARE = 0.97;

export interface RunResult {
  readonly asked: number;
  readonly callsPerSecond: number;
  readonly failures: number;
  readonly setupP50Ms: number;
  readonly setupP99Ms: number;
  readonly cpuMsPerCall: number;
  readonly rssMb: number;
  readonly seconds: number;
  readonly retransmissions: number;
}

function startFarEnd(): Promise<{ child: ChildProcessWithoutNullStreams; port: number }> {
  const child = spawn(process.execPath, ['--import', 'tsx', fileURLToPath(new URL('far-end.ts', import.meta.url))]);
  child.stderr.pipe(process.stderr);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.stdout.once('data', (line: Buffer) => resolve({ child, port: Number(line.toString()) }));
  });
}

function percentile(sorted: Float64Array, share: number): number {
  return Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) * 100) / 100;
}

/** Calls wait here for their BYE, in the order they were answered: one queue instead of a timer per call. */
class TalkQueue {
  private readonly calls: (EstablishedCall | undefined)[] = [];
  private readonly dueMs: number[] = [];
  private head = 0;

  add(call: EstablishedCall, nowMs: number): void {
    this.calls.push(call);
    this.dueMs.push(nowMs + TALK_MS);
  }

  hangupDue(nowMs: number): void {
    while (this.head < this.calls.length && (this.dueMs[this.head] ?? Infinity) <= nowMs) {
      this.calls[this.head]?.hangup();
      this.calls[this.head++] = undefined;
    }
    if (this.head > 50_000) {
      this.calls.splice(0, this.head);
      this.dueMs.splice(0, this.head);
      this.head = 0;
    }
  }
}

let serial = 0;

async function run(stack: SipStack, port: number, rate: number, seconds: number): Promise<RunResult> {
  const setups: number[] = [];
  const talk = new TalkQueue();
  let failures = 0;
  let ended = 0;
  let started = 0;
  const destination = { host: '127.0.0.1', port, transport: 'udp' } as const;
  const uri = `sip:5511999998888@127.0.0.1:${port}`;
  const from = { user: '1130001000' };
  const callEvents = { ended: () => void ended++ };
  const begin = (): void => {
    const sentAt = performance.now();
    started++;
    stack.invite({
      uri, destination, from, sipCallId: `bench-${++serial}@127.0.0.1`, body: SDP,
      events: {
        answered: (call) => {
          const now = performance.now();
          setups.push(now - sentAt);
          call.listen(callEvents);
          talk.add(call, now);
        },
        failed: () => {
          failures++;
          ended++;
        },
      },
    });
  };
  const before = { retransmissions: stack.stats.retransmissions, cpu: process.cpuUsage() };
  const startedAt = performance.now();
  await new Promise<void>((resolve) => {
    const tick = setInterval(() => {
      const now = performance.now();
      const elapsed = now - startedAt;
      const due = Math.min(Math.floor((elapsed * rate) / 1_000), rate * seconds);
      // Late after a pause, we catch up in small steps: a burst would measure the socket buffer and not the engine.
      for (let burst = 0; started < due && burst < Math.max(8, rate / 50); burst++) begin();
      talk.hangupDue(now);
      if ((started >= rate * seconds && ended >= started) || elapsed > (seconds + 40) * 1_000) {
        clearInterval(tick);
        resolve();
      }
    }, 1);
  });
  const cpu = process.cpuUsage(before.cpu);
  const took = (performance.now() - startedAt) / 1_000 - TALK_MS / 1_000;
  const sorted = Float64Array.from(setups).sort();
  return {
    asked: rate,
    callsPerSecond: Math.round(setups.length / Math.max(took, seconds)),
    failures: failures + (started - ended),
    setupP50Ms: percentile(sorted, 0.5),
    setupP99Ms: percentile(sorted, 0.99),
    cpuMsPerCall: Math.round(((cpu.user + cpu.system) / 1_000 / Math.max(1, started)) * 1_000) / 1_000,
    rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
    seconds,
    retransmissions: stack.stats.retransmissions - before.retransmissions,
  };
}

function clean(result: RunResult): boolean {
  return result.failures === 0 && result.setupP99Ms < MAX_SETUP_P99_MS && result.callsPerSecond >= result.asked * MIN_RATE_SHARE;
}

async function search(stack: SipStack, port: number, seconds: number, say: (text: string) => void): Promise<RunResult> {
  let best: RunResult | undefined;
  let low = 0;
  let high = 0;
  let rate = 1_000;
  while (high === 0 || high - low > 250) {
    const result = await run(stack, port, rate, seconds);
    say(describe(result));
    if (clean(result)) {
      best = result;
      low = rate;
    } else high = rate;
    if (high === 0) rate += 1_000;
    else rate = Math.round((low + high) / 2);
    if (rate < 100) break;
  }
  return best ?? run(stack, port, 100, seconds);
}

function describe(r: RunResult): string {
  return `${r.asked}/s asked  ${r.callsPerSecond}/s done  failures ${r.failures}  setup p50 ${r.setupP50Ms} p99 ${r.setupP99Ms} ms  ` +
    `cpu ${r.cpuMsPerCall} ms/call  rss ${r.rssMb} MB  retransmissions ${r.retransmissions}`;
}

const { values } = parseArgs({ options: { rate: { type: 'string' }, seconds: { type: 'string' }, json: { type: 'boolean', default: false } } });
const seconds = Number(values.seconds ?? (values.rate === undefined ? 10 : 60));
const say = (text: string): void => {
  if (!values.json) console.log(text);
};
const baseline = await dgramBaseline(Math.min(5, seconds));
say(`bare dgram, no transactions: ${baseline.callsPerSecond} calls/s with both ends in one process`);
const far = await startFarEnd();
const stack = createNativeSipStack({
  host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'bench',
  handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => call.reject(480), registered: () => undefined, unregistered: () => undefined },
});
await stack.start();
await run(stack, far.port, 200, 2);
const result = values.rate === undefined ? await search(stack, far.port, seconds, say) : await run(stack, far.port, Number(values.rate), seconds);
say(`best: ${describe(result)}`);
if (values.json) console.log(JSON.stringify({ ...result, clean: clean(result), baselines: { dgram: baseline } }));
far.child.stdin.end();
await stack.stop();
