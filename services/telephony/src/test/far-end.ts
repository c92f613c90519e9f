/** Tests only: one far end on a SIP stack of its own, a carrier or a phone, that does exactly what a test says. */
import { createNativeSipStack, type EstablishedCall, type IncomingCall, type OutgoingCall, type ReferRequest, type SipStack, type TrunkRegistration, type WireEnd } from '@ritmo/sip';
import { readPhoneSdp, RtpTalker, tone, waitFor, writePhoneSdp } from '@ritmo/testing';

export class FarCall {
  readonly talker: RtpTalker;
  readonly atMs = performance.now();
  incoming: IncomingCall | undefined;
  outgoing: OutgoingCall | undefined;
  call: EstablishedCall | undefined;
  ended: WireEnd | undefined;
  cancelled: WireEnd | undefined;
  failed: WireEnd | undefined;
  provisionals: number[] = [];
  #version = 1;

  private constructor(talker: RtpTalker) {
    this.talker = talker;
  }

  static async open(hz: number): Promise<FarCall> {
    return new FarCall(await RtpTalker.open({ host: '127.0.0.1', words: tone(hz, 'PCMA'), ssrc: hz, keep: true }));
  }

  sdp(direction: 'sendrecv' | 'sendonly' | 'inactive' = 'sendrecv'): string {
    this.#version += 1;
    return writePhoneSdp({ host: '127.0.0.1', port: this.talker.port, codecs: ['PCMA'], direction, version: this.#version });
  }

  hear(sdp: string): void {
    const peer = readPhoneSdp(sdp);
    if (peer && peer.direction !== 'inactive' && peer.port !== 0) this.talker.talkTo(peer.host, peer.port);
    else this.talker.stopTalking();
  }

  ring(early = false): void {
    this.incoming?.ring(early ? this.sdp() : undefined);
  }

  async answer(): Promise<void> {
    const { incoming } = this;
    if (!incoming) throw new Error('nothing came in');
    this.hear(incoming.body);
    this.adopt(await incoming.answer(this.sdp()));
  }

  adopt(call: EstablishedCall): void {
    this.call = call;
    call.listen({
      ended: (end) => {
        this.ended = end;
        this.talker.stopTalking();
      },
      reoffer: (sdp) => {
        this.hear(sdp);
        return this.sdp();
      },
    });
  }

  reject(code: number, q850?: number): void {
    this.incoming?.reject(code, q850 === undefined ? {} : { reason: { q850 } });
  }

  bye(): void {
    this.call?.hangup();
  }

  async hold(): Promise<void> {
    await this.call?.reinvite(this.sdp('sendonly'));
  }

  async resume(): Promise<void> {
    this.hear((await this.call?.reinvite(this.sdp())) ?? '');
  }

  get isOver(): boolean {
    return this.ended !== undefined || this.cancelled !== undefined || this.failed !== undefined;
  }
}

export interface FarEndOptions {
  readonly hz: number;
  readonly t1Ms?: number;
}

export class FarEnd {
  readonly calls: FarCall[] = [];
  readonly stack: SipStack;
  port = 0;
  /** Messages as they left. */
  readonly sent: string[] = [];
  #options: FarEndOptions;
  #registration: TrunkRegistration | undefined;
  /** What is done with each INVITE; without it a test answers by hand. */
  onCall: ((call: FarCall) => void | Promise<void>) | undefined;
  onRefer: ((request: ReferRequest) => void) | undefined;

  private constructor(options: FarEndOptions) {
    this.#options = options;
    this.stack = createNativeSipStack({
      host: '127.0.0.1', port: 0, transports: ['udp'], realm: 'far', userAgent: 'far end', t1Ms: options.t1Ms ?? 500,
      trace: ({ direction, wire }) => {
        if (direction === 'sent') this.sent.push(wire);
      },
      handlers: {
        classify: () => 'trunk',
        credentialsOf: () => undefined,
        incoming: (incoming) => void this.#came(incoming),
        registered: () => undefined,
        unregistered: () => undefined,
      },
    });
  }

  static async start(options: FarEndOptions): Promise<FarEnd> {
    const end = new FarEnd(options);
    end.port = (await end.stack.start()).port;
    return end;
  }

  async #came(incoming: IncomingCall): Promise<void> {
    let early: WireEnd | undefined;
    incoming.onCancel((reason) => (early = reason));
    const call = await FarCall.open(this.#options.hz);
    call.incoming = incoming;
    call.cancelled = early;
    incoming.onCancel((reason) => (call.cancelled = reason));
    this.calls.push(call);
    await this.onCall?.(call);
  }

  /** The n-th INVITE that came, from 1. */
  async invite(n = 1): Promise<FarCall> {
    return waitFor(() => this.calls[n - 1], { what: `INVITE ${n}`, timeoutMs: 8_000 });
  }

  async dial(
    port: number, to: string, from: string, credentials?: { readonly username: string; readonly password: string }, headers: Readonly<Record<string, string>> = {},
  ): Promise<FarCall> {
    const call = await FarCall.open(this.#options.hz);
    call.outgoing = this.stack.invite({
      uri: `sip:${to}@127.0.0.1:${port}`,
      from: { user: from },
      sipCallId: `far-${from}-${Math.random()}`,
      headers,
      body: call.sdp(),
      ...(credentials ? { credentials } : {}),
      events: {
        provisional: (code, sdp) => {
          call.provisionals.push(code);
          if (sdp !== undefined) call.hear(sdp);
        },
        answered: (established, sdp) => {
          call.adopt(established);
          call.hear(sdp);
        },
        failed: (end) => (call.failed = end),
      },
    });
    this.calls.push(call);
    return call;
  }

  async register(port: number, user: string, password: string): Promise<void> {
    let registered = false;
    this.#registration = this.stack.register({
      registrar: { host: '127.0.0.1', port, transport: 'udp' },
      user, domain: '127.0.0.1', credentials: { username: user, password }, expiresS: 300,
      changed: (state) => (registered = state.registered),
    });
    await waitFor(() => registered, { what: `${user} is registered` });
  }

  async unregister(): Promise<void> {
    await this.#registration?.stop();
    this.#registration = undefined;
  }

  async stop(): Promise<void> {
    for (const call of this.calls) {
      call.bye();
      await call.talker.close();
    }
    await this.stack.stop();
  }
}
