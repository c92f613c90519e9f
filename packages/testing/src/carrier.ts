/** A carrier with people behind its numbers: real SIP, real RTP, behaviour by seed. It is the witness in every reconciliation. */
import { createNativeSipStack, type CallEvents, type DigestCredentials, type EstablishedCall, type IncomingCall, type SipStack, type SipTransport, type WireEnd } from '@ritmo/sip';
import { planCall, type BehaviourMix, type CallPlan, type NumberRule } from './carrier-behaviour.ts';
import { CarrierMeter, type CarrierStats } from './carrier-stats.ts';
import { readPhoneSdp } from './phone-sdp.ts';
import { PhoneSound } from './phone.ts';
import { RtpTalker } from './rtp-talker.ts';
import { createRandom, hashOf, type Random } from './random.ts';
import { toneOfNumber, type ToneCodec } from './tone.ts';

export interface CarrierOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default 0, a free one. */
  readonly port?: number;
  readonly transports?: readonly SipTransport[];
  /** Checked, not enforced, unless `rejectsBeyondLimits`. */
  readonly channelLimit?: number;
  readonly cpsLimit?: number;
  /** Answers 503 beyond the limits, as a strict carrier does. */
  readonly rejectsBeyondLimits?: boolean;
  readonly seed: number;
  readonly mix?: BehaviourMix;
  readonly rules?: readonly NumberRule[];
  /** Best first. Default PCMA, PCMU. */
  readonly codecs?: readonly ToneCodec[];
  /** Challenges INVITE and REGISTER. The From user must be the user name. */
  readonly credentials?: DigestCredentials;
  /** False leaves the RTP out: thousands of calls on signalling alone. Default true. */
  readonly speaks?: boolean;
  /** RFC 3261 T1. Default 500. */
  readonly t1Ms?: number;
}

/** A call from the carrier's side into the product. */
export interface InboundCallOptions {
  readonly host: string;
  readonly port: number;
  readonly transport?: SipTransport;
  readonly to: string;
  readonly from: string;
  readonly talkMs: number;
  /** Gives up before an answer. Default 30 000. */
  readonly patienceMs?: number;
}

export interface InboundCallResult {
  readonly answered: boolean;
  readonly sipCode: number | null;
  readonly endedBy: 'carrier' | 'far-end' | 'cut' | null;
  readonly packetsHeard: number;
}

export interface SimulatedCarrier {
  readonly host: string;
  readonly port: number;
  stats(): CarrierStats;
  /** What the numbers do from now on. */
  change(change: { readonly mix?: BehaviourMix; readonly rules?: readonly NumberRule[] }): void;
  call(options: InboundCallOptions): Promise<InboundCallResult>;
  /** Everybody who talks hangs up. */
  hangUpAll(): void;
  stop(): Promise<void>;
}

/** The frequency that the person behind a number sings, so that a recording tells whose it is. */
export function toneHzOfNumber(number: string): number {
  return toneOfNumber(hashOf(number, 0));
}

export async function startCarrier(options: CarrierOptions): Promise<SimulatedCarrier> {
  const carrier = new Carrier(options);
  await carrier.start();
  return carrier;
}

type Active = { hangup(): void };

class Carrier implements SimulatedCarrier {
  readonly host: string;
  port = 0;
  private readonly options: CarrierOptions;
  private readonly random: Random;
  private readonly meter = new CarrierMeter();
  private readonly stack: SipStack;
  private readonly active = new Set<Active>();
  private readonly timesCalled = new Map<string, number>();
  private mix: BehaviourMix;
  private rules: readonly NumberRule[];
  private ticker: NodeJS.Timeout | undefined;
  private inboundCalls = 0;
  private muted: RtpTalker | undefined;

  constructor(options: CarrierOptions) {
    this.options = options;
    this.host = options.host ?? '127.0.0.1';
    this.random = createRandom(options.seed);
    this.mix = options.mix ?? {};
    this.rules = options.rules ?? [];
    const { credentials } = options;
    this.stack = createNativeSipStack({
      host: this.host,
      port: options.port ?? 0,
      transports: (options.transports ?? ['udp', 'tcp']).filter((transport) => transport !== 'tls'),
      realm: 'carrier.test',
      userAgent: 'Ritmo simulated carrier',
      ...(options.t1Ms === undefined ? {} : { t1Ms: options.t1Ms }),
      handlers: {
        classify: () => (credentials ? 'extension' : 'trunk'),
        credentialsOf: (user) => (user === credentials?.username ? credentials : undefined),
        incoming: (call) => this.incoming(call),
        registered: () => undefined,
        unregistered: () => undefined,
      },
    });
  }

  async start(): Promise<void> {
    const bound = await this.stack.start();
    this.port = bound.port;
    if (this.options.speaks === false) this.muted = await RtpTalker.open({ host: this.host, words: Buffer.alloc(160, 0xd5), ssrc: 1 });
    this.ticker = setInterval(() => this.meter.tick(Date.now()), 500);
  }

  stats(): CarrierStats {
    return this.meter.stats({ channelLimit: this.options.channelLimit ?? null, cpsLimit: this.options.cpsLimit ?? null });
  }

  change(change: { readonly mix?: BehaviourMix; readonly rules?: readonly NumberRule[] }): void {
    this.mix = change.mix ?? this.mix;
    this.rules = change.rules ?? this.rules;
  }

  hangUpAll(): void {
    for (const call of this.active) call.hangup();
  }

  async stop(): Promise<void> {
    clearInterval(this.ticker);
    this.hangUpAll();
    // The BYEs leave before the sockets close.
    await new Promise((resolve) => setTimeout(resolve, 50));
    await this.stack.stop();
    await this.muted?.close();
  }

  private incoming(call: IncomingCall): void {
    const record = this.meter.began(call.sipCallId, call.toUser, call.fromUser, Date.now());
    const { channelLimit, cpsLimit } = this.options;
    const isBeyond = (channelLimit !== undefined && this.meter.channelsNow > channelLimit) || (cpsLimit !== undefined && this.meter.cpsNow > cpsLimit);
    if (isBeyond && this.options.rejectsBeyondLimits === true) {
      this.meter.refused(record, 503, Date.now(), 'beyond-limit');
      call.reject(503, { retryAfterS: 1 });
      return;
    }
    const times = this.timesCalled.get(call.toUser) ?? 0;
    this.timesCalled.set(call.toUser, times + 1);
    const plan = planCall(call.toUser, this.random.fork(`${call.toUser}#${times}`), this.mix, this.rules);
    record.behaviour = plan.kind;
    this.carry(call, plan, record).catch(() => this.meter.refused(record, 500, Date.now()));
  }

  private async carry(call: IncomingCall, plan: CallPlan, record: ReturnType<CarrierMeter['began']>): Promise<void> {
    const cancelled = new AbortController();
    call.onCancel(() => {
      this.meter.refused(record, 487, Date.now(), 'cancelled');
      cancelled.abort();
    });
    const refuse = (code: number): void => {
      // First the meter: the caller may use the channel again as soon as it hears of the refusal.
      this.meter.refused(record, code, Date.now());
      call.reject(code);
    };
    await pause(plan.postDialDelayMs, cancelled.signal);
    if (cancelled.signal.aborted) return;
    if (plan.kind === 'busy' || plan.kind === 'invalid' || plan.kind === 'reject') return refuse(plan.sipCode);
    const sound = await this.soundFor(call.body, call.toUser, call.sipCallId);
    try {
      call.ring(plan.earlyMedia ? sound.sdp : undefined);
      if (plan.earlyMedia) sound.talk();
      await pause(plan.answerDelayMs ?? plan.ringOutMs, cancelled.signal);
      if (cancelled.signal.aborted) return;
      if (plan.answerDelayMs === undefined) return refuse(plan.sipCode);
      await this.talk(call, plan, record, sound);
    } finally {
      const heard = await sound.close();
      record.packetsHeard = heard.packetsHeard;
      record.packetsSent = heard.packetsSent;
    }
  }

  private async talk(call: IncomingCall, plan: CallPlan, record: ReturnType<CarrierMeter['began']>, sound: PhoneSound): Promise<void> {
    let established: EstablishedCall;
    try {
      const answering = call.answer(sound.sdp);
      sound.talk();
      established = await answering;
    } catch {
      // A cancel was told to the meter already; what is left is a 200 that nobody acknowledged: the caller died.
      this.meter.refused(record, 408, Date.now());
      return;
    }
    this.meter.answered(record, Date.now());
    const end = await this.untilEnded(established, sound, plan.hangsUpFirst ? plan.talkMs : undefined);
    this.meter.ended(record, whoEnded(end), Date.now());
  }

  private untilEnded(call: EstablishedCall, sound: PhoneSound, hangUpAfterMs: number | undefined): Promise<WireEnd> {
    return new Promise((resolve) => {
      const active: Active = { hangup: () => call.hangup() };
      this.active.add(active);
      const timer = hangUpAfterMs === undefined ? undefined : setTimeout(() => call.hangup(), hangUpAfterMs);
      const events: CallEvents = {
        ended: (end) => {
          clearTimeout(timer);
          this.active.delete(active);
          resolve(end);
        },
        reoffer: sound.reoffer,
        reanswer: (sdp) => sound.hear(sdp),
      };
      call.listen(events);
    });
  }

  private soundFor(offer: string, number: string, sipCallId: string): Promise<PhoneSound> {
    const codecs = this.options.codecs ?? ['PCMA', 'PCMU'];
    return PhoneSound.open({
      host: this.host,
      codecs,
      toneHz: toneHzOfNumber(number),
      ssrc: hashOf(sipCallId, 1),
      peer: readPhoneSdp(offer, codecs),
      ...(this.muted ? { mutedOn: this.muted } : {}),
    });
  }

  async call(options: InboundCallOptions): Promise<InboundCallResult> {
    const codecs = this.options.codecs ?? ['PCMA', 'PCMU'];
    this.inboundCalls += 1;
    const sipCallId = `inbound-${this.options.seed}-${this.port}-${this.inboundCalls}@carrier.test`;
    const sound = await PhoneSound.open({ host: this.host, codecs, toneHz: toneHzOfNumber(options.from), ssrc: hashOf(sipCallId, 1), peer: undefined });
    const end = await new Promise<{ call?: EstablishedCall; sipCode: number | null }>((resolve) => {
      this.stack.invite({
        uri: `sip:${options.to}@${options.host}:${options.port}`,
        destination: { host: options.host, port: options.port, transport: options.transport ?? 'udp' },
        from: { user: options.from },
        sipCallId,
        body: sound.offer,
        ringTimeoutMs: options.patienceMs ?? 30_000,
        events: {
          answered: (call, body) => {
            sound.hear(body);
            resolve({ call, sipCode: 200 });
          },
          failed: (failure) => resolve({ sipCode: failure.sipCode ?? null }),
        },
      });
    });
    const ended = end.call ? await this.untilEnded(end.call, sound, options.talkMs) : undefined;
    const { packetsHeard } = await sound.close();
    return { answered: end.call !== undefined, sipCode: end.sipCode, endedBy: ended ? whoEnded(ended) : null, packetsHeard };
  }
}

function whoEnded(end: WireEnd): 'carrier' | 'far-end' | 'cut' {
  switch (end.by) {
    case 'local':
      return 'carrier';
    case 'remote':
      return 'far-end';
    case 'timeout':
    case 'transport':
      return 'cut';
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
  });
}
