import type { WireRecord } from './wire-log.ts';
import { isEffective, isRecoverable, percentile, summarise, type CallFacts, type Figures } from './metrics.ts';

/** Limits in force from a moment on. */
export interface LimitsFrom {
  readonly atMs: number;
  readonly callsPerSecond: number;
  readonly channels: number;
}

export interface SecondPoint {
  /** Since the run began. */
  readonly second: number;
  readonly asked: number;
  readonly invites: number;
  readonly answered: number;
  readonly refused: number;
  /** Most at once. */
  readonly channels: number;
  readonly retransmissions: number;
  readonly limitsExceeded: number;
  readonly pddP50Ms: number | null;
  readonly pddP95Ms: number | null;
  readonly setupP50Ms: number | null;
  readonly setupP95Ms: number | null;
  readonly setupP99Ms: number | null;
  readonly ackP99Ms: number | null;
  /** RFC 6076 4.3: INVITE to the first response above 100, of those that came in this second and were no refusal. */
  readonly srdP50Ms: number | null;
  readonly srdP95Ms: number | null;
  /** RFC 6076 4.6 and 4.7, of the calls that were decided in this second. */
  readonly serPct: number | null;
  readonly seerPct: number | null;
  /** Of the product's process: memory at the end of the second, and how much of a core it had. Null: no product, or no /proc. */
  readonly productRssMb: number | null;
  readonly productCpuPct: number | null;
}

export type MachineSecond = Pick<SecondPoint, 'productRssMb' | 'productCpuPct'>;
const noMachine: MachineSecond = { productRssMb: null, productCpuPct: null };

export interface LimitExceeded {
  readonly second: number;
  readonly kind: 'callsPerSecond' | 'channels';
  readonly seen: number;
  readonly limit: number;
}

interface OpenCall extends CallFacts {
  inviteCSeq: number;
  readonly seen: Set<string>;
  holdsChannel: boolean;
  hasResponse: boolean;
}

interface Bucket {
  invites: number;
  answered: number;
  refused: number;
  /** Of the refused: those that are no attempts, and those in which the network did its part. */
  recoverable: number;
  effective: number;
  channels: number;
  retransmissions: number;
  limitsExceeded: number;
  pdd: number[];
  srd: number[];
  setup: number[];
  ack: number[];
}

const windowMs = 1000;
/** 64*T1: what comes again after it is no retransmission of this call. */
const rememberMs = 32_000;
const detailsKept = 20;

/**
 * What the far end saw, message by message. A channel is held from the INVITE to the final refusal or to the first BYE. A call counts once
 * under its Call-ID: a repeat with credentials is the same call, and a re-INVITE is no call.
 */
export class Meter {
  private readonly startedAtMs: number;
  /** Undefined: the far end calls, so that limits are not ours to keep. */
  private readonly limits: LimitsFrom[] = [];
  private readonly calls = new Map<string, OpenCall>();
  private readonly finished: CallFacts[] = [];
  private readonly buckets = new Map<number, Bucket>();
  private window: number[] = [];
  private channelsNow = 0;
  private peakCps = 0;
  private readonly retransmissions = { sent: 0, received: 0 };
  private readonly exceeded = { callsPerSecond: 0, channels: 0 };
  readonly exceededDetails: LimitExceeded[] = [];
  private lastSweepMs = 0;
  private readonly answered = new Map<string, number>();
  private leftStanding: number | undefined;

  constructor(startedAtMs: number) {
    this.startedAtMs = startedAtMs;
  }

  limit(limits: LimitsFrom): void {
    this.limits.push(limits);
  }

  get channels(): number {
    return this.channelsNow;
  }

  get hasCalls(): boolean {
    return this.calls.size > 0 || this.finished.length > 0;
  }

  record(record: WireRecord): void {
    const { sipCallId, method, code } = record;
    let call = this.calls.get(sipCallId);
    if (!call) {
      if (method !== 'INVITE' || code !== undefined) return;
      call = this.begin(record);
      return;
    }
    if (this.isRepeat(call, record)) return;
    if (code === undefined) this.request(call, record);
    else this.response(call, record, code);
    if (record.atMs - this.lastSweepMs > rememberMs) this.sweep(record.atMs);
  }

  private begin(record: WireRecord): OpenCall {
    const { atMs, sipCallId, cseq } = record;
    const call: OpenCall = { invitedAtMs: atMs, inviteCSeq: cseq, seen: new Set([keyOf(record)]), holdsChannel: true, hasResponse: false };
    this.calls.set(sipCallId, call);
    this.channelsNow += 1;
    const bucket = this.bucketAt(atMs);
    bucket.invites += 1;
    bucket.channels = Math.max(bucket.channels, this.channelsNow);
    this.window = this.window.filter((at) => at > atMs - windowMs);
    this.window.push(atMs);
    this.peakCps = Math.max(this.peakCps, this.window.length);
    this.checkLimits(atMs, bucket);
    return call;
  }

  private checkLimits(atMs: number, bucket: Bucket): void {
    const inForce = this.limitsWithin(atMs);
    if (!inForce) return;
    const check = (kind: LimitExceeded['kind'], seen: number): void => {
      if (seen <= inForce[kind]) return;
      this.exceeded[kind] += 1;
      bucket.limitsExceeded += 1;
      if (this.exceededDetails.length < detailsKept) this.exceededDetails.push({ second: this.secondOf(atMs), kind, seen, limit: inForce[kind] });
    };
    check('callsPerSecond', this.window.length);
    check('channels', this.channelsNow);
  }

  /** A limit that was lowered binds a second later: the window still holds calls of the higher one. */
  private limitsWithin(atMs: number): LimitsFrom | undefined {
    const newest = this.limits.findLastIndex((limits) => limits.atMs <= atMs - windowMs);
    const recent = this.limits.filter((limits, index) => index >= newest && limits.atMs <= atMs);
    if (recent.length === 0) return this.limits[0];
    return { atMs, callsPerSecond: Math.max(...recent.map((each) => each.callsPerSecond)), channels: Math.max(...recent.map((each) => each.channels)) };
  }

  /** Requests and final responses that came before. ACK answers a repeated 200 and is not counted by itself. */
  private isRepeat(call: OpenCall, record: WireRecord): boolean {
    const key = keyOf(record);
    if (!call.seen.has(key)) {
      call.seen.add(key);
      return false;
    }
    const isProvisional = record.code !== undefined && record.code < 200;
    if (isProvisional || (record.code === undefined && record.method === 'ACK')) return true;
    this.retransmissions[record.sent ? 'sent' : 'received'] += 1;
    this.bucketAt(record.atMs).retransmissions += 1;
    return true;
  }

  private request(call: OpenCall, { atMs, method, cseq }: WireRecord): void {
    if (method === 'INVITE' && call.answeredAtMs === undefined) {
      // Again with credentials: not over yet.
      if (call.code === 401 || call.code === 407) {
        delete call.code;
        delete call.refusedAtMs;
        this.hold(call, atMs);
      }
      call.inviteCSeq = cseq;
    } else if (method === 'ACK' && call.answeredAtMs !== undefined && call.ackedAtMs === undefined) {
      call.ackedAtMs = atMs;
      this.bucketAt(atMs).ack.push(atMs - call.answeredAtMs);
    } else if (method === 'CANCEL') call.cancelledAtMs = atMs;
    else if (method === 'BYE') {
      call.byeAtMs ??= atMs;
      this.free(call);
    }
  }

  private response(call: OpenCall, { atMs, method, cseq, sipCallId }: WireRecord, code: number): void {
    call.hasResponse = true;
    if (method === 'BYE' && code >= 200) call.byeAnsweredAtMs ??= atMs;
    if (method !== 'INVITE' || cseq !== call.inviteCSeq || code === 100) return;
    const bucket = this.bucketAt(atMs);
    if (call.progressAtMs === undefined && (code < 300 || code >= 400) && code !== 401 && code !== 407) {
      // E.721's post-selection delay: to the first sign of what becomes of the call, be it a refusal.
      call.progressAtMs = atMs;
      bucket.pdd.push(atMs - call.invitedAtMs);
      if (code < 300) bucket.srd.push(atMs - call.invitedAtMs);
    }
    if (code < 200 || call.answeredAtMs !== undefined) return;
    if (code < 300) {
      call.answeredAtMs = atMs;
      bucket.answered += 1;
      this.answered.set(sipCallId, atMs);
      bucket.setup.push(atMs - call.invitedAtMs);
    } else {
      call.code = code;
      call.refusedAtMs = atMs;
      // A challenge is met by the next INVITE.
      if (code !== 401 && code !== 407) {
        bucket.refused += 1;
        if (isRecoverable(code)) bucket.recoverable += 1;
        if (isEffective(code)) bucket.effective += 1;
      }
      this.free(call);
    }
  }

  private hold(call: OpenCall, atMs: number): void {
    if (call.holdsChannel) return;
    call.holdsChannel = true;
    this.channelsNow += 1;
    const bucket = this.bucketAt(atMs);
    bucket.channels = Math.max(bucket.channels, this.channelsNow);
  }

  private free(call: OpenCall): void {
    if (!call.holdsChannel) return;
    call.holdsChannel = false;
    this.channelsNow -= 1;
  }

  private sweep(nowMs: number): void {
    this.lastSweepMs = nowMs;
    for (const [id, call] of this.calls) {
      const overAtMs = call.byeAnsweredAtMs ?? (call.answeredAtMs === undefined ? call.refusedAtMs : undefined);
      if (overAtMs === undefined || nowMs - overAtMs < rememberMs) continue;
      this.calls.delete(id);
      this.finished.push(factsOf(call));
    }
  }

  private secondOf(atMs: number): number {
    return Math.floor((atMs - this.startedAtMs) / 1000);
  }

  private bucketAt(atMs: number): Bucket {
    const second = this.secondOf(atMs);
    let bucket = this.buckets.get(second);
    if (!bucket) {
      bucket = { invites: 0, answered: 0, refused: 0, recoverable: 0, effective: 0, channels: this.channelsNow, retransmissions: 0, limitsExceeded: 0, pdd: [], srd: [], setup: [], ack: [] };
      this.buckets.set(second, bucket);
    }
    return bucket;
  }

  /**
   * Called each second, so that those in which nothing happened hold the channels that stood. An INVITE that met silence is given up by its caller
   * at timer B (RFC 3261 17.1.1.2), without a word that the far end could see: it may not be cancelled.
   */
  tick(nowMs: number): void {
    for (const call of this.calls.values()) if (!call.hasResponse && nowMs - call.invitedAtMs > rememberMs) this.free(call);
    this.bucketAt(nowMs);
  }

  /** Of a second in which nothing was written down: as the last one before it. */
  private channelsBefore(second: number): number {
    for (let before = second - 1; before >= 0; before -= 1) {
      const bucket = this.buckets.get(before);
      if (bucket) return bucket.channels;
    }
    return 0;
  }

  point(second: number, asked: number, machine: MachineSecond = noMachine): SecondPoint {
    const bucket = this.buckets.get(second);
    const { invites = 0, answered = 0, refused = 0, channels = this.channelsBefore(second), retransmissions = 0, limitsExceeded = 0, pdd = [], srd = [], setup = [], ack = [] } = bucket ?? {};
    const decided = answered + refused - (bucket?.recoverable ?? 0);
    return {
      second, asked, invites, answered, refused, channels, retransmissions, limitsExceeded,
      pddP50Ms: percentile(pdd, 50), pddP95Ms: percentile(pdd, 95),
      setupP50Ms: percentile(setup, 50), setupP95Ms: percentile(setup, 95), setupP99Ms: percentile(setup, 99),
      ackP99Ms: percentile(ack, 99),
      srdP50Ms: percentile(srd, 50), srdP95Ms: percentile(srd, 95),
      serPct: decided === 0 ? null : (100 * answered) / decided,
      ...machine,
      seerPct: decided === 0 ? null : (100 * (answered + (bucket?.effective ?? 0))) / decided,
    };
  }

  /** Calls with their answer, for what an outside part wants to compare with: Call-ID to the moment of the 200. */
  answers(): ReadonlyMap<string, number> {
    return this.answered;
  }

  /** The calls had time to end: what is up now was left standing, whatever ends it afterwards. */
  close(): void {
    this.leftStanding ??= this.channelsNow;
  }

  figures(): Figures {
    return summarise([...this.finished, ...[...this.calls.values()].map(factsOf)], {
      peakCps: this.peakCps,
      maxChannels: Math.max(0, ...[...this.buckets.values()].map(({ channels }) => channels)),
      retransmissionsSent: this.retransmissions.sent,
      retransmissionsReceived: this.retransmissions.received,
      cpsLimitExceeded: this.exceeded.callsPerSecond,
      channelLimitExceeded: this.exceeded.channels,
      channelsLeft: this.leftStanding ?? this.channelsNow,
    });
  }
}

const keyOf = ({ sent, cseq, method, code }: WireRecord): string => `${sent ? 'S' : 'R'} ${cseq} ${method} ${code ?? ''}`;

function factsOf(call: OpenCall): CallFacts {
  const { inviteCSeq: _cseq, seen: _seen, holdsChannel: _holds, hasResponse: _has, ...facts } = call;
  return facts;
}
