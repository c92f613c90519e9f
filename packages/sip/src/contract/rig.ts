import type {
  CallEvents, DialogSnapshot, EstablishedCall, IncomingCall, OutgoingCall, OutgoingInvite, ReferRequest, SipAddress, SipHandlers, SipStack, SipStackOptions,
  WireEnd,
} from '../port.ts';

/** What an adapter gives the contract suite: a way to make a stack. */
export type SipStackFactory = (options: SipStackOptions) => SipStack;

export const T1_MS = 60;
export const OFFER = 'v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 30000 RTP/AVP 8 0 101\r\n';
export const ANSWER = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n';
export const HOLD = `${OFFER}a=sendonly\r\n`;
export const HELD = `${ANSWER}a=recvonly\r\n`;

const PATIENCE_MS = 15_000;

/** Resolves as soon as `read` gives a value that is not undefined or false. */
export async function until<T>(what: string, read: () => T | undefined | false): Promise<T> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const value = read();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Everything that happens to a call once it is established. */
export class RecordedCall {
  readonly call: EstablishedCall;
  readonly offers: string[] = [];
  readonly answers: string[] = [];
  readonly digits: string[] = [];
  readonly refers: ReferRequest[] = [];
  ends: WireEnd[] = [];

  constructor(call: EstablishedCall, answerTo: (sdp: string) => string = () => HELD) {
    this.call = call;
    const events: CallEvents = {
      ended: (end) => void this.ends.push(end),
      reoffer: (sdp) => {
        this.offers.push(sdp);
        return answerTo(sdp);
      },
      reanswer: (sdp) => void this.answers.push(sdp),
      referred: (request) => void this.refers.push(request),
      infoDtmf: (digit) => void this.digits.push(digit),
    };
    call.listen(events);
  }

  ended(): Promise<WireEnd> {
    return until('the end of the call', () => this.ends[0]);
  }
}

/** Everything that happens to an INVITE on its way out. */
export class RecordedInvite {
  readonly outgoing: OutgoingCall;
  readonly provisionals: { readonly code: number; readonly body: string | undefined }[] = [];
  answers: { readonly call: RecordedCall; readonly body: string }[] = [];
  failures: WireEnd[] = [];
  /** Ports of the servers that it went on to. */
  readonly wentOn: number[] = [];
  /** Nothing can come of it any more. */
  isGone = false;

  constructor(stack: SipStack, request: Omit<OutgoingInvite, 'events'>) {
    this.outgoing = stack.invite({
      ...request,
      events: {
        provisional: (code, body) => void this.provisionals.push({ code, body }),
        failedOver: () => void this.wentOn.push(this.snapshot().destination.port),
        answered: (call, body) => void this.answers.push({ call: new RecordedCall(call), body }),
        failed: (end, gone = Promise.resolve()) => {
          this.failures.push(end);
          void gone.then(() => (this.isGone = true));
        },
      },
    });
  }

  snapshot(): DialogSnapshot {
    return this.outgoing.snapshot();
  }

  ringing(): Promise<{ readonly code: number; readonly body: string | undefined }> {
    return until('a provisional response', () => this.provisionals[0]);
  }

  async answered(): Promise<{ readonly call: RecordedCall; readonly body: string }> {
    await until('an answer', () => this.answers[0] ?? this.failures[0]);
    const answer = this.answers[0];
    if (answer === undefined) throw new Error(`failed instead: ${JSON.stringify(this.failures[0])}`);
    return answer;
  }

  failed(): Promise<WireEnd> {
    return until('a failure', () => this.failures[0]);
  }

  gone(): Promise<true> {
    return until('nothing to be left of it', () => this.isGone);
  }
}

/** One stack with what it saw. */
export interface Party {
  readonly stack: SipStack;
  readonly address: SipAddress;
  readonly incoming: IncomingCall[];
  readonly troubles: Error[];
  readonly registrations: string[];
  /** 0 without TLS. */
  readonly tlsPort: number;
  uri(user: string): string;
  nextCall(): Promise<IncomingCall>;
}

export type PartyOptions = Partial<Omit<SipStackOptions, 'handlers'>> & { readonly handlers?: Partial<SipHandlers> };

/** Makes parties and stops them all at the end of a test. */
export class Rig {
  private readonly stacks: SipStack[] = [];

  async party(make: SipStackFactory, options: PartyOptions = {}): Promise<Party> {
    const incoming: IncomingCall[] = [];
    const troubles: Error[] = [];
    const registrations: string[] = [];
    let taken = 0;
    const { handlers, ...rest } = options;
    const stack = make({
      host: '127.0.0.1', port: 0, transports: ['udp', 'tcp'], realm: 'ritmo', userAgent: 'contract', t1Ms: T1_MS, ...rest,
      handlers: {
        classify: () => 'trunk',
        credentialsOf: () => undefined,
        incoming: (call) => void incoming.push(call),
        registered: (binding) => void registrations.push(`registered ${binding.user}`),
        unregistered: (user, reason) => void registrations.push(`${reason} ${user}`),
        trouble: (error) => void troubles.push(error),
        ...handlers,
      },
    });
    const { host, port, tlsPort = 0 } = await stack.start();
    this.stacks.push(stack);
    return {
      stack, incoming, troubles, registrations, tlsPort,
      address: { host, port, transport: 'udp' },
      uri: (user) => `sip:${user}@${host}:${port}`,
      nextCall: () => until('an incoming call', () => incoming.length > taken && incoming[taken++]),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.stacks.splice(0).map((stack) => stack.stop()));
  }
}

let serial = 0;

/** An INVITE with what every test gives it. */
export function call(from: Party, to: Party, more: Partial<Omit<OutgoingInvite, 'events'>> = {}): RecordedInvite {
  return new RecordedInvite(from.stack, {
    uri: to.uri('5511999998888'), from: { user: '1130001000', displayName: 'Ação Ritmo' }, sipCallId: `contract-${process.pid}-${++serial}`, body: OFFER, ...more,
  });
}

/** Two parties in a call: the caller's side and the callee's side. */
export async function connected(from: Party, to: Party, more: Partial<Omit<OutgoingInvite, 'events'>> = {}): Promise<{ caller: RecordedCall; callee: RecordedCall }> {
  const invite = call(from, to, more);
  const incoming = await to.nextCall();
  const callee = new RecordedCall(await incoming.answer(ANSWER));
  return { caller: (await invite.answered()).call, callee };
}

/** A call that rings: the caller's side and the callee's. `cancels` is how the caller gave up. */
export async function ringing(
  from: Party, to: Party, more: Partial<Omit<OutgoingInvite, 'events'>> = {},
): Promise<{ invite: RecordedInvite; incoming: IncomingCall; cancels: WireEnd[] }> {
  const invite = call(from, to, more);
  const incoming = await to.nextCall();
  const cancels: WireEnd[] = [];
  incoming.onCancel((end) => void cancels.push(end));
  incoming.ring();
  await invite.ringing();
  return { invite, incoming, cancels };
}
