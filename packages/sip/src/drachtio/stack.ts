import type { Socket } from 'node:net';
import type {
  Binding, DialogSnapshot, OptionsResult, OutgoingCall, OutgoingInvite, SipAddress, SipStack, SipStackOptions, SipStackStats, TrunkRegistration,
  TrunkRegistrationRequest,
} from '../port.ts';
import { routed } from '../native/dialog.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import { Locator } from '../transport/locate.ts';
import { hostPortText, hostText } from '../wire/uri.ts';
import type { DrachtioCall } from './call.ts';
import { isOwnMaking, reasonHeaders } from './headers.ts';
import type { DrachtioIncoming } from './incoming.ts';
import { InItsName } from './in-its-name.ts';
import { Intake } from './intake.ts';
import type { IntakeOwner } from './intake.ts';
import { DrachtioAttempt } from './outgoing.ts';
import { DrachtioRegistration } from './registration.ts';
import { Asker, createSrf, guardFraming } from './srf.ts';
import type { Srf, SrfHeaders } from './srf.ts';

export interface DrachtioOptions {
  readonly host: string;
  readonly port: number;
  readonly secret: string;
  /** New calls admitted per second. Default 500, half of where the server was seen to break. */
  readonly maxCallsPerSecond?: number;
}

const DEFAULT_MAX_CALLS_PER_S = 500;
const CONNECT_TIME_MS = 10_000;
/** Q.850 41: temporary failure. */
const INTERRUPTED = reasonHeaders({ q850: 41, text: 'interrupted' });
/** After a reconnection the server tells us nothing more of calls of before: they are asked for. */
const RECONCILE_EVERY_MS = 10_000;

/** The SipStack port on a drachtio-server. The server owns sockets, transactions and dialogs; `host`, `port` and `transports` are its own. */
export function createDrachtioSipStack(options: SipStackOptions, drachtio: DrachtioOptions): SipStack {
  return new DrachtioSipStack(options, drachtio);
}

class DrachtioSipStack implements SipStack, IntakeOwner {
  readonly srf: Srf = createSrf();
  readonly asker = new Asker(this.srf);
  readonly calls = new Set<DrachtioCall>();
  readonly attempts = new Set<DrachtioAttempt>();
  readonly incoming = new Set<DrachtioIncoming>();
  localHost = 'localhost';
  private readonly settings: SipStackOptions;
  private readonly drachtio: DrachtioOptions;
  private readonly intake: Intake;
  private readonly locator: Locator;
  private readonly wheel: TimerWheel;
  private readonly inItsName: InItsName;
  private sent = 0;
  /** Calls of before the last reconnection. */
  private inherited: ReadonlySet<DrachtioCall> = new Set();
  private reconciling: NodeJS.Timeout | undefined;
  private admitted = { second: 0, count: 0 };
  private socket: Socket | undefined;
  private authenticated = false;
  private stopped = false;

  constructor(options: SipStackOptions, drachtio: DrachtioOptions) {
    this.settings = options;
    this.drachtio = drachtio;
    this.wheel = new TimerWheel((error) => this.trouble(error));
    this.locator = new Locator({ transports: ['udp', 'tcp'], family: options.host.includes(':') ? 6 : 4, ...(options.dnsServers === undefined ? {} : { servers: options.dnsServers }) });
    this.inItsName = new InItsName(options);
    this.intake = new Intake(this, options, this.wheel);
  }

  get giveUpMs(): number {
    return 64 * (this.settings.t1Ms ?? 500);
  }

  get capabilities(): SrfHeaders {
    return this.intake.capabilities;
  }

  get isUp(): boolean {
    return this.authenticated && this.socket?.destroyed === false;
  }

  get stats(): SipStackStats {
    return { transactions: this.attempts.size, dialogs: this.calls.size, retransmissions: 0, parseErrors: 0, sent: this.sent, ...this.intake.counts };
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
        this.authenticated = true;
        const bound = addressIn(hostport ?? '');
        this.localHost = hostText(bound.host);
        if (first) void this.routesAreKnown().then(() => resolve(bound));
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

  /**
   * The client tells the server which methods it takes and waits for no answer; until the server has read that, it refuses requests with 503.
   * It reads in order: an answer to anything that was asked later says so.
   */
  private async routesAreKnown(): Promise<void> {
    await this.asker.inDialog('none', 'OPTIONS').catch(() => undefined);
  }

  /** The server may have died or not: what became of everything that it held is asked of it when it is back. */
  private connectionLost(): void {
    this.authenticated = false;
    this.inherited = new Set(this.calls);
    this.asker.connectionLost();
    for (const attempt of [...this.attempts]) attempt.lost();
    for (const incoming of [...this.incoming]) incoming.lost();
  }

  private reconcile(): void {
    clearTimeout(this.reconciling);
    const { socket } = this;
    if (socket !== undefined) for (const incoming of [...this.incoming]) incoming.reconcile(socket);
    for (const attempt of [...this.attempts]) {
      attempt.reconcile().catch((error: unknown) => this.trouble(error));
    }
    const left = [...this.inherited].filter((call) => this.calls.has(call));
    for (const call of left) void call.reconcile();
    if (left.length === 0 || this.stopped) return;
    this.reconciling = setTimeout(() => this.reconcile(), RECONCILE_EVERY_MS);
    this.reconciling.unref();
  }

  stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.reconciling);
    this.wheel.stop();
    for (const attempt of [...this.attempts]) attempt.abandoned();
    if (this.socket?.destroyed === false) this.srf.disconnect();
    return this.inItsName.stop();
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
    this.sent++;
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
    if (!this.isUp) return 'no connection to drachtio-server';
    const second = Math.floor(performance.now() / 1_000);
    if (second !== this.admitted.second) this.admitted = { second, count: 0 };
    if (++this.admitted.count > (this.drachtio.maxCallsPerSecond ?? DEFAULT_MAX_CALLS_PER_S)) return 'shed: more calls a second than drachtio-server takes';
    return undefined;
  }

  async locate(target: SipAddress): Promise<readonly SipAddress[]> {
    return this.locator.isPlain(target) ? [target] : this.locator.locate(target);
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
      this.asker.ask(`sip:${hostPortText(target.host, target.port)}${suffix}`, { method: 'OPTIONS' }).then(
        (response) => {
          if (isOwnMaking(response)) settle({ reachable: false, error: `${response.status} ${response.reason}` });
          else settle({ reachable: true, code: response.status, roundTripMs: performance.now() - sentAt });
        },
        (error: unknown) => settle({ reachable: false, error: error instanceof Error ? error.message : String(error) }),
      );
    });
  }

  register(request: TrunkRegistrationRequest): TrunkRegistration {
    return new DrachtioRegistration(this.asker, request);
  }

  bindingOf(user: string): Binding | undefined {
    return this.intake.bindingOf(user);
  }

  async endOrphan(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }> {
    if (snapshot.state === 'calling') {
      if (await this.cancelOrphan(snapshot.inviteBranch)) return { ended: true };
      // The server knows no such INVITE: it is another one than sent it, or a final response came. A BYE ends an early dialog too, and the
      // confirmed one that it may have become meanwhile (RFC 3261 15); the peer's tag must be known for it.
      if (snapshot.remoteTag === undefined) return this.inItsName.end(snapshot);
    }
    const headers = { ...INTERRUPTED, 'From': snapshot.localUri, 'To': snapshot.remoteUri, 'Call-ID': snapshot.sipCallId, 'CSeq': `${snapshot.localCSeq + 1_000} BYE` };
    const answered = this.asker.ask(routedUri(snapshot), { method: 'BYE', headers }).then((response) => !isOwnMaking(response), () => false);
    const timeout = new Promise<boolean>((resolve) => {
      setTimeout(() => resolve(false), this.giveUpMs).unref();
    });
    return { ended: await Promise.race([answered, timeout]) };
  }

  /**
   * By the server's name of the transaction, which a snapshot that was taken before the INVITE left does not have: that call ends when its
   * time to ring is over. The server acknowledges by itself, and tells nobody of the end: its word that it cancels is all there is.
   */
  private cancelOrphan(transactionId: string): Promise<boolean> {
    if (transactionId === '') return Promise.resolve(false);
    return new Promise((resolve) => {
      try {
        this.srf.request('sip:placeholder', { method: 'CANCEL', stackTxnId: transactionId, headers: INTERRUPTED }, (error) => resolve(error === null || error === undefined));
      } catch {
        resolve(false);
      }
    });
  }
}

/** The server takes no Route from its client, but makes one of each in the header part of a Request-URI (RFC 3261 19.1.1). */
function routedUri({ remoteTarget, routeSet }: DialogSnapshot): string {
  const { uri, routes } = routed(remoteTarget, routeSet);
  return routes.length === 0 ? uri : `${uri}?${routes.map((route) => `Route=${encodeURIComponent(route)}`).join('&')}`;
}

/** `udp/10.0.0.1:5060,tcp/10.0.0.1:5060`: the first one is what we are. */
function addressIn(hostport: string): { readonly host: string; readonly port: number } {
  const match = /(?:udp|tcp|tls)\/(.+):(\d+)/.exec(hostport.split(',')[0] ?? '');
  return { host: match?.[1] ?? 'localhost', port: Number(match?.[2] ?? 5060) };
}
