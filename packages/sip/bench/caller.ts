import { watchStolenTime } from '@ritmo/testing';
import type { EstablishedCall, SipStack, WireEnd } from '../src/index.ts';
import { createNativeSipStack } from '../src/index.ts';
import { Durations } from './measure.ts';

const SDP = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\n';
const TALK_MS = 1_000;
const DRAIN_MS = 45_000;
const MAX_SETUP_P99_MS = 50;
const MIN_RATE_SHARE = 0.97;

/** The stack under measurement. */
export async function startCaller(): Promise<SipStack> {
  const stack = createNativeSipStack({
    host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'bench', userAgent: 'bench',
    handlers: { classify: () => 'trunk', credentialsOf: () => undefined, incoming: (call) => call.reject(480), registered: () => undefined, unregistered: () => undefined },
  });
  await stack.start();
  return stack;
}

/** Calls wait here for their BYE, in the order they were answered: one queue instead of a timer per call. */
export class TalkQueue {
  private readonly calls: (EstablishedCall | undefined)[] = [];
  private readonly dueMs: number[] = [];
  private head = 0;
  private gone = 0;

  add(call: EstablishedCall, dueMs: number): void {
    this.calls.push(call);
    this.dueMs.push(dueMs);
  }

  hangupDue(nowMs: number): void {
    while (this.head < this.calls.length && (this.dueMs[this.head] ?? Infinity) <= nowMs) {
      this.calls[this.head]?.hangup();
      this.calls[this.head++] = undefined;
    }
    this.forget();
  }

  /** The first ones of those that wait, up to a share of all there ever were. */
  hangupShare(share: number): void {
    const last = Math.ceil((this.gone + this.calls.length) * share) - this.gone;
    while (this.head < Math.min(last, this.calls.length)) {
      this.calls[this.head]?.hangup();
      this.calls[this.head++] = undefined;
    }
    this.forget();
  }

  private forget(): void {
    if (this.head <= 2_000) return;
    this.gone += this.head;
    this.calls.splice(0, this.head);
    this.dueMs.splice(0, this.head);
    this.head = 0;
  }
}

/** What happened since the counters were last taken. */
export interface Tally {
  started: number;
  answered: number;
  ended: number;
  /** Refused by our own admission before anything was sent. */
  shedHere: number;
  /** Refused by the far end's: 503. */
  shedThere: number;
  failed: number;
}

let serial = 0;

/** Starts calls at a rate and ends each a second after its answer. */
export class CallGenerator {
  readonly tally: Tally = { started: 0, answered: 0, ended: 0, shedHere: 0, shedThere: 0, failed: 0 };
  readonly setups = new Durations();
  talkMs = TALK_MS;
  private readonly stack: SipStack;
  private readonly port: number;
  private readonly mayBeShed: boolean;
  private readonly talk = new TalkQueue();
  private readonly callEvents = { ended: () => void this.tally.ended++ };

  constructor(stack: SipStack, port: number, mayBeShed = false) {
    this.stack = stack;
    this.port = port;
    this.mayBeShed = mayBeShed;
  }

  begin(): void {
    const sentAt = performance.now();
    const { tally, port } = this;
    tally.started++;
    this.stack.invite({
      uri: `sip:5511999998888@127.0.0.1:${port}`, destination: { host: '127.0.0.1', port, transport: 'udp' }, from: { user: '1130001000' },
      sipCallId: `bench-${++serial}@127.0.0.1`, body: SDP, mayBeShed: this.mayBeShed,
      events: {
        answered: (call) => {
          const now = performance.now();
          this.setups.add(now - sentAt);
          tally.answered++;
          call.listen(this.callEvents);
          this.talk.add(call, now + this.talkMs);
        },
        failed: (end) => this.failed(end),
      },
    });
  }

  private failed(end: WireEnd): void {
    if (end.sipCode === 503 && end.by === 'transport') this.tally.shedHere++;
    else if (end.sipCode === 503) this.tally.shedThere++;
    else this.tally.failed++;
  }

  hangupDue(nowMs: number): void {
    this.talk.hangupDue(nowMs);
  }

  /** Hangs up this share of all calls that were answered, whenever they were due. */
  hangupShare(share: number): void {
    this.talk.hangupShare(share);
  }

  /** Calls of which nothing final is known yet. */
  get open(): number {
    const { started, ended, shedHere, shedThere, failed } = this.tally;
    return started - ended - shedHere - shedThere - failed;
  }

  /** `rate` calls a second for `seconds`; then waits until all have ended where `drain` says so. `each` is called every millisecond or so. */
  run(rate: number, seconds: number, drain: boolean, each?: (elapsedMs: number) => void): Promise<void> {
    const first = this.tally.started;
    const wanted = Math.round(rate * seconds);
    const startedAt = performance.now();
    return new Promise((resolve) => {
      const tick = setInterval(() => {
        const now = performance.now();
        const elapsedMs = now - startedAt;
        const due = Math.min(Math.floor((elapsedMs * rate) / 1_000), wanted);
        // Late after a pause, we catch up in small steps: a burst would measure the socket buffer and not the engine.
        for (let burst = 0; this.tally.started - first < due && burst < Math.max(4, rate / 250); burst++) this.begin();
        this.talk.hangupDue(now);
        each?.(elapsedMs);
        const over = drain ? (this.tally.started - first >= wanted && this.open === 0) || elapsedMs > seconds * 1_000 + DRAIN_MS : elapsedMs >= seconds * 1_000;
        if (!over) return;
        clearInterval(tick);
        resolve();
      }, 1);
    });
  }
}

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
  /** Taken by the host of a virtual machine, of all cores; null where the kernel does not tell. */
  readonly stolenPct: number | null;
}

export async function run(stack: SipStack, port: number, rate: number, seconds: number): Promise<RunResult> {
  const calls = new CallGenerator(stack, port);
  const stolenPct = watchStolenTime();
  const before = { retransmissions: stack.stats.retransmissions, cpu: process.cpuUsage() };
  const startedAt = performance.now();
  await calls.run(rate, seconds, true);
  const cpu = process.cpuUsage(before.cpu);
  const took = (performance.now() - startedAt - TALK_MS) / 1_000;
  const { tally, setups } = calls;
  return {
    asked: rate,
    callsPerSecond: Math.round(tally.answered / Math.max(took, seconds)),
    failures: tally.failed + tally.shedHere + tally.shedThere + calls.open,
    setupP50Ms: setups.percentile(0.5),
    setupP99Ms: setups.percentile(0.99),
    cpuMsPerCall: Math.round(((cpu.user + cpu.system) / 1_000 / Math.max(1, tally.started)) * 1_000) / 1_000,
    rssMb: Math.round(process.memoryUsage.rss() / 1_048_576),
    seconds,
    retransmissions: stack.stats.retransmissions - before.retransmissions,
    stolenPct: stolenPct() ?? null,
  };
}

export function clean(result: RunResult): boolean {
  return result.failures === 0 && result.setupP99Ms < MAX_SETUP_P99_MS && result.callsPerSecond >= result.asked * MIN_RATE_SHARE;
}

export function describe(r: RunResult): string {
  return `${r.asked}/s asked  ${r.callsPerSecond}/s done  failures ${r.failures}  setup p50 ${r.setupP50Ms} p99 ${r.setupP99Ms} ms  ` +
    `cpu ${r.cpuMsPerCall} ms/call  rss ${r.rssMb} MB  retransmissions ${r.retransmissions}${r.stolenPct === null ? '' : `  host took ${r.stolenPct} %`}  ${clean(r) ? 'clean' : 'NOT CLEAN'}`;
}
