import type { Socket } from 'node:net';
import { Authenticator } from '../auth/authenticator.ts';
import { assemble } from '../native/assemble.ts';
import type { Registrar } from '../native/registrar.ts';
import type {
  Binding, DialogSnapshot, OptionsResult, OutgoingCall, OutgoingInvite, SipAddress, SipStack, SipStackOptions, SipStackStats, TrunkRegistration,
  TrunkRegistrationRequest,
} from '../port.ts';
import type { Answerable, Reply } from '../transactions/server.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import { parseNameAddress } from '../wire/address.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes } from '../wire/text.ts';
import { hostPortText, hostText, parseUri } from '../wire/uri.ts';
import type { DrachtioCall } from './call.ts';
import { headersOf, readMessage, sourceOf } from './headers.ts';
import { DrachtioIncoming } from './incoming.ts';
import { DrachtioAttempt } from './outgoing.ts';
import type { DrachtioOutgoingOwner } from './outgoing.ts';
import { DrachtioRegistration } from './registration.ts';
import { ask, createSrf, guardFraming } from './srf.ts';
import type { Srf, SrfRequest, SrfResponse } from './srf.ts';

export interface DrachtioOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** New calls admitted per second. Default 500, half of where the server was seen to break. */
  readonly maxCallsPerSecond?: number;
}

const DEFAULT_MAX_CALLS_PER_S = 500;
const CONNECT_TIME_MS = 10_000;

/** The SipStack port on a drachtio-server. The server owns sockets, transactions and dialogs; `host`, `port` and `transports` are its own. */
export function createDrachtioSipStack(options: SipStackOptions, drachtio: DrachtioOptions): SipStack {
  return new DrachtioSipStack(options, drachtio);
}

class DrachtioSipStack implements SipStack, DrachtioOutgoingOwner {
  readonly srf: Srf = createSrf();
  localHost = 'localhost';
  private readonly settings: SipStackOptions;
  private readonly drachtio: DrachtioOptions;
  private readonly registrar: Registrar;
  private readonly authenticator: Authenticator;
  private readonly wheel: TimerWheel;
  private readonly calls = new Set<DrachtioCall>();
  private readonly attempts = new Set<DrachtioAttempt>();
  private readonly counts = { received: 0, sent: 0, dropped: 0 };
  private admitted = { second: 0, count: 0 };
  private socket: Socket | undefined;
  private stopped = false;

  constructor(options: SipStackOptions, drachtio: DrachtioOptions) {
    this.settings = options;
    this.drachtio = drachtio;
    this.wheel = new TimerWheel((error) => this.trouble(error));
    // Registrar and digest are the native engine's; only the wire is another's.
    const noWire = { viaOf: () => '', contactOf: () => '', hostOf: () => '', send: () => undefined, locate: () => undefined, avoid: () => undefined };
    this.registrar = assemble(options, this.wheel, noWire).registrar;
    this.authenticator = new Authenticator(options.realm, (user) => options.handlers.credentialsOf(user), options.nonceTtlMs);
    this.srf.use('invite', (request, response) => this.invited(request, response));
    this.srf.use('register', (request, response) => this.registerRequest(request, response));
    this.srf.use('options', (request, response) => this.optionsRequest(request, response));
  }

  get stats(): SipStackStats {
    return { transactions: this.attempts.size, dialogs: this.calls.size, retransmissions: 0, parseErrors: 0, ...this.counts };
  }

  trouble(error: unknown): void {
    try {
      this.settings.handlers.trouble?.(error instanceof Error ? error : new Error(String(error)));
    } catch {
      // Whoever listens to trouble has its own; there is nobody left to tell.
    }
  }

  start(): Promise<{ readonly host: string; readonly port: number }> {
    const { host, port, secret } = this.drachtio;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`drachtio-server at ${host}:${port} does not answer`)), CONNECT_TIME_MS);
      let first = true;
      this.srf.on('error', (error: Error) => {
        if (!this.stopped) this.trouble(error);
      });
      this.srf.on('close', () => this.connectionLost());
      this.srf.on('connect', (error: Error | null, hostport?: string) => {
        clearTimeout(timer);
        if (error !== null && error !== undefined) {
          reject(error);
          return;
        }
        const bound = addressIn(hostport ?? '');
        this.localHost = hostText(bound.host);
        if (first) resolve(bound);
        else this.reconcile();
        first = false;
      });
      this.srf.connect({ host, port, secret });
      this.srf.app.client?.wp.on('connect', (socket: Socket) => {
        this.socket = socket;
        guardFraming(socket, (error) => this.trouble(error));
      });
    });
  }

  /** The server keeps its dialogs; what was on its way has lost its answer. */
  private connectionLost(): void {
    for (const attempt of [...this.attempts]) attempt.lost();
  }

  private reconcile(): void {
    for (const call of this.calls) void call.reconcile();
  }

  stop(): Promise<void> {
    this.stopped = true;
    this.wheel.stop();
    if (this.socket?.destroyed === false) this.srf.disconnect();
    return Promise.resolve();
  }

  established(call: DrachtioCall): void {
    this.calls.add(call);
  }

  ended(call: DrachtioCall): void {
    this.calls.delete(call);
  }

  settled(attempt: DrachtioAttempt): void {
    this.attempts.delete(attempt);
  }

  invite(request: OutgoingInvite): OutgoingCall {
    const refusal = this.admissionRefused();
    if (refusal !== undefined) {
      queueMicrotask(() => request.events.failed({ by: 'transport', sipCode: 503, reasonPhrase: refusal }));
      const nothing = this.snapshotOf(request);
      return { sipCallId: request.sipCallId, snapshot: () => nothing, cancel: () => undefined };
    }
    const attempt = new DrachtioAttempt(this, request);
    this.attempts.add(attempt);
    this.counts.sent++;
    return attempt;
  }

  /** Tags and branch are the server's: nobody knows them before. */
  snapshotOf(request: Omit<OutgoingInvite, 'events' | 'body'>): DialogSnapshot {
    return {
      state: 'calling', sipCallId: request.sipCallId, localTag: '', localUri: '', remoteUri: '', remoteTarget: request.uri, routeSet: [], localCSeq: 1, inviteBranch: '',
      destination: request.destination ?? { host: '', port: 0, transport: 'udp' },
    };
  }

  /** A backlog of megabytes corrupts the client's framing: calls are refused long before. */
  private admissionRefused(): string | undefined {
    if (this.socket === undefined || this.socket.destroyed) return 'no connection to drachtio-server';
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.admitted.second) this.admitted = { second, count: 0 };
    if (++this.admitted.count > (this.drachtio.maxCallsPerSecond ?? DEFAULT_MAX_CALLS_PER_S)) return 'shed: more calls a second than drachtio-server takes';
    return undefined;
  }

  private classified(request: SrfRequest): { readonly message: SipMessage; readonly fromUser: string; readonly verdict: 'trunk' | 'extension' } | undefined {
    this.counts.received++;
    const message = readMessage(request.msg.raw);
    const fromUser = message === undefined ? '' : fromBytes(parseUri(parseNameAddress(message.get('from') ?? '')?.uri ?? '')?.user ?? '');
    const verdict = this.settings.handlers.classify(sourceOf(request), fromUser);
    if (message === undefined || verdict === 'unknown') {
      this.counts.dropped++;
      return undefined;
    }
    return { message, fromUser, verdict };
  }

  private invited(request: SrfRequest, response: SrfResponse): void {
    const heard = this.classified(request);
    if (heard === undefined) return;
    const { message, fromUser, verdict } = heard;
    const flow = sourceOf(request);
    if (verdict === 'extension') {
      const auth = this.authenticator.check(message, flow.host, 'proxy-authorization');
      if (auth.kind === 'blocked') return;
      if (auth.kind === 'challenge') {
        response.send(407, { headers: headersOf(auth.headers) });
        return;
      }
      if (auth.kind === 'forbidden' || auth.user !== fromUser) {
        response.send(403);
        return;
      }
    }
    try {
      this.settings.handlers.incoming(new DrachtioIncoming(this, request, response, message, flow, verdict));
    } catch (error) {
      this.trouble(error);
    }
  }

  private registerRequest(request: SrfRequest, response: SrfResponse): void {
    const heard = this.classified(request);
    if (heard === undefined) return;
    const transaction: Answerable & { forget(): void } = {
      reply: (status: number, reply?: Reply) => response.send(status, { headers: headersOf(reply?.headers ?? '') }),
      forget: () => undefined,
    };
    if (heard.verdict === 'extension') this.registrar.register(heard.message, sourceOf(request), transaction);
    else response.send(403);
  }

  private optionsRequest(request: SrfRequest, response: SrfResponse): void {
    if (this.classified(request) !== undefined) response.send(200, { headers: { Accept: 'application/sdp' } });
  }

  options(target: SipAddress, timeoutMs: number): Promise<OptionsResult> {
    const sentAt = performance.now();
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve({ reachable: false, error: 'no answer to OPTIONS' }), timeoutMs);
      const settle = (result: OptionsResult): void => {
        clearTimeout(timer);
        resolve(result);
      };
      const suffix = target.transport === 'udp' ? '' : `;transport=${target.transport}`;
      ask(this.srf, `sip:${hostPortText(target.host, target.port)}${suffix}`, { method: 'OPTIONS' }).then(
        (response) => settle({ reachable: true, code: response.status, roundTripMs: performance.now() - sentAt }),
        (error: unknown) => settle({ reachable: false, error: error instanceof Error ? error.message : String(error) }),
      );
    });
  }

  register(request: TrunkRegistrationRequest): TrunkRegistration {
    return new DrachtioRegistration(this.srf, request);
  }

  bindingOf(user: string): Binding | undefined {
    return this.registrar.bindingOf(user);
  }

  /** A ringing call cannot be cancelled by another connection: the server ends it when its client is gone. Only BYE can be sent. */
  async endOrphan(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
    if (snapshot.state !== 'confirmed') return { ended: false };
    const headers = { 'From': snapshot.localUri, 'To': snapshot.remoteUri, 'Call-ID': snapshot.sipCallId, 'CSeq': `${snapshot.localCSeq + 1_000} BYE` };
    const answered = ask(this.srf, snapshot.remoteTarget, { method: 'BYE', headers }).then((response) => response.status !== 408, () => false);
    const timeout = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), 64 * (this.settings.t1Ms ?? 500)).unref();
    });
    return { ended: await Promise.race([answered, timeout]) };
  }
}

/** `udp/10.0.0.1:5060,tcp/10.0.0.1:5060`: the first one is what we are. */
function addressIn(hostport: string): { readonly host: string; readonly port: number } {
  const match = /(?:udp|tcp|tls)\/(.+):(\d+)/.exec(hostport.split(',')[0] ?? '');
  return { host: match?.[1] ?? 'localhost', port: Number(match?.[2] ?? 5060) };
}
