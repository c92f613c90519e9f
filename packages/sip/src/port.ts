/**
 * The SipStack port: what our services need of SIP, in our words.
 * Adapters: native (TypeScript, UDP, TCP, TLS) and drachtio. One contract suite passes on both.
 * Nothing here knows campaigns or agents; SDP bodies are opaque strings (packages/media reads them).
 */

export type SipTransport = 'udp' | 'tcp' | 'tls';

export interface SipAddress {
  readonly host: string;
  /** 0 where a name was given without a port: DNS says which (RFC 3263: NAPTR, SRV), else the default port of the transport. */
  readonly port: number;
  readonly transport: SipTransport;
  /** The name that DNS led here from: what a TLS peer's certificate must be for (RFC 5922 7.3). */
  readonly name?: string;
}

export interface DigestCredentials {
  readonly username: string;
  readonly password: string;
}

/** Who a message came from, decided by the owner of the stack. `unknown` is dropped without an answer. */
export type SourceVerdict = 'trunk' | 'extension' | 'unknown';

/** Where a registered extension is reached. */
export interface Binding {
  readonly user: string;
  readonly contactUri: string;
  /** Where requests for it go: its Contact, or where the REGISTER came from when a NAT or a connection stands between (RFC 3581). */
  readonly reachedAt: SipAddress;
  readonly expiresAt: number;
  readonly userAgent?: string;
}

/** PEM texts. */
export interface SipTls {
  readonly key: string;
  readonly cert: string;
  /** Authorities that are believed besides the public ones. */
  readonly ca?: string;
  /** Default: the next after the port of UDP and TCP. */
  readonly port?: number;
  /** False: a peer's certificate is not looked at. Default true. */
  readonly rejectUnauthorized?: boolean;
}

export interface SipStackOptions {
  /** Address to bind and to write in Via and Contact. Port 0 takes a free one. */
  readonly host: string;
  readonly port: number;
  readonly transports: readonly ('udp' | 'tcp' | 'tls')[];
  readonly tls?: SipTls;
  /** Address written in Via and Contact where it differs from the one bound (NAT). */
  readonly advertisedHost?: string;
  /** Digest realm for those we challenge. */
  readonly realm: string;
  readonly userAgent: string;
  /** RFC 3261 T1 in ms. Default 500. Tests shorten it. */
  readonly t1Ms?: number;
  /** Least session interval we accept, seconds (RFC 4028 5). Default 90, the RFC's floor; tests shorten it. */
  readonly minSessionExpiresS?: number;
  /** Limits on REGISTER's expiry, seconds. Defaults 60, 3600 and 300. */
  readonly registrar?: { readonly minExpiresS?: number; readonly maxExpiresS?: number; readonly defaultExpiresS?: number };
  /** `address:port` of the name servers to ask. Default: the machine's. */
  readonly dnsServers?: readonly string[];
  /** How long a nonce of ours may be used. Default 300 000 ms. */
  readonly nonceTtlMs?: number;
  readonly handlers: SipHandlers;
  /** Told of every message as it leaves and comes, retransmissions included. For a person who looks at one trunk; not for a loaded stack. */
  readonly trace?: (message: TracedMessage) => void;
}

export interface TracedMessage {
  readonly direction: 'sent' | 'received';
  readonly peer: SipAddress;
  /** One byte a character. */
  readonly wire: string;
}

export interface SipHandlers {
  /** Decides by source address and From user whether a new request is heard at all. */
  classify(source: SipAddress, fromUser: string): SourceVerdict;
  /** Password of an extension, or undefined when there is none: the answer on the wire is the same 401 or 403. */
  credentialsOf(user: string): DigestCredentials | undefined;
  /** A new INVITE. From extensions it is already authenticated. */
  incoming(call: IncomingCall): void;
  registered(binding: Binding): void;
  unregistered(user: string, reason: 'expired' | 'requested'): void;
  /** A REFER outside a dialog, an unexpected transport error: facts for logs and metrics. */
  trouble?(error: Error): void;
}

/** How a call ended or was refused, as the wire said it. */
export interface WireEnd {
  /** Who sent the message that ended it. */
  readonly by: 'local' | 'remote' | 'timeout' | 'transport';
  /** Final response code of a refused INVITE; 200 for a call ended by BYE. */
  readonly sipCode?: number;
  readonly reasonPhrase?: string;
  /** Q.850 cause from a Reason header (RFC 3326). */
  readonly q850?: number;
}

/**
 * Enough of a dialog to end it after a crash: BYE when confirmed, CANCEL while ringing.
 * Plain data, safe to store in an event.
 */
export interface DialogSnapshot {
  readonly state: 'calling' | 'confirmed';
  readonly sipCallId: string;
  readonly localTag: string;
  readonly remoteTag?: string;
  readonly localUri: string;
  readonly remoteUri: string;
  /** Request-URI of the next in-dialog request: the peer's Contact, or the URI first called. */
  readonly remoteTarget: string;
  readonly routeSet: readonly string[];
  readonly localCSeq: number;
  /** Via branch of the INVITE: CANCEL must repeat it (RFC 3261 9.1). */
  readonly inviteBranch: string;
  /** `SIP/2.0/UDP host:port` of that INVITE's Via: a CANCEL from another address is matched by it. Default the canceller's own. */
  readonly via?: string;
  readonly destination: SipAddress;
}

/**
 * What names a dialog of ours before its INVITE leaves, so that it can be ended by whoever knows it. Unguessable, and never used twice.
 */
export interface DialogIds {
  readonly localTag: string;
  /** Via branch of the first INVITE, magic cookie included. Those of its repetitions with credentials follow from it. */
  readonly inviteBranch: string;
}

export interface OutgoingInvite {
  /** The whole Request-URI, `sip:5511999998888@10.0.0.1:5060`. */
  readonly uri: string;
  /** Where to send it when that differs from the URI (registered extension, outbound proxy). */
  readonly destination?: SipAddress;
  /** Where to go when `destination` does not answer or answers 503 (RFC 3263 4.3), in the order of trying: the rest of what `locate` found. */
  readonly alternatives?: readonly SipAddress[];
  readonly transport?: SipTransport;
  readonly from: { readonly user: string; readonly displayName?: string; readonly host?: string };
  readonly toUri?: string;
  /** SIP Call-ID. Ours is made of the attempt id, so that the far end can prove that nothing is dialed twice. */
  readonly sipCallId: string;
  /** Default random ones. An adapter whose engine makes its own ignores them. */
  readonly dialogIds?: DialogIds;
  readonly headers?: Readonly<Record<string, string>>;
  /** SDP offer. */
  readonly body?: string;
  /** While the process is overloaded this call may be refused before it begins: `failed` by transport with 503. Default false. */
  readonly mayBeShed?: boolean;
  /** The peer also listens on TCP: an INVITE over 1300 bytes goes there (RFC 3261 18.1.1). Default false. */
  readonly largeByTcp?: boolean;
  /** For 401/407 from the peer (RFC 3261 22). */
  readonly credentials?: DigestCredentials;
  /** CANCEL is sent when no final response came by then. Default 60 000. */
  readonly ringTimeoutMs?: number;
  /**
   * Whom nothing at all was heard from by then, not even 100, is given up like one at timer B (RFC 3261 17.1.1.2, RFC 3263 4.3): the next of
   * the alternatives is tried, each for so long, and then `failed` by transport with 408. Default none: 64*T1, or the ring time. An adapter
   * whose engine does not tell of 100 has 64*T1 always.
   */
  readonly silenceTimeoutMs?: number;
  /** Session timer offered, seconds (RFC 4028). Default 1800; 0 turns it off. */
  readonly sessionExpiresS?: number;
  readonly events: OutgoingInviteEvents;
}

export interface OutgoingInviteEvents {
  /** 101–199. `body` is early media's SDP where there is one. */
  provisional?(code: number, body?: string): void;
  /**
   * Only for an INVITE without a body: the peer's offer came; return our answer. It goes with the ACK of the 2xx (RFC 3261 13.2.2.4), or with
   * the PRACK of a reliable provisional response (RFC 3262 5).
   */
  answerOffer?(sdp: string): string;
  /** The peer's next offer before it answers the call, by UPDATE (RFC 3311 5.1); only after our first one has its answer. Return our answer. */
  reoffer?(sdp: string): string;
  /** The INVITE has gone to the next server (RFC 3263 4.3): `snapshot()` names that one from now on. */
  failedOver?(): void;
  /**
   * 2xx came: the dialog as it is from now on. The ACK leaves when the promise settles, or before the next request of the dialog: until
   * then the peer repeats its 2xx, and whoever takes over after a crash can still learn what the dialog is. An adapter whose engine
   * acknowledges by itself does not ask.
   */
  confirms?(snapshot: DialogSnapshot): Promise<void>;
  /** 2xx came. From here on the call is `established`. `body` is the SDP that counts: where a reliable provisional response had it, that one (13.2.1). */
  answered(call: EstablishedCall, body: string): void;
  /**
   * A final refusal, a time-out, a transport failure, or our own cancel carried out. Never after `answered`. With `gone` an INVITE was given up
   * of which nothing was heard: it may have arrived all the same. What it still brings is cancelled or hung up here and told to nobody; `gone`
   * resolves when it can bring nothing more and holds nothing at the far end, 64*T1 after the last thing heard at the latest.
   */
  failed(end: WireEnd, gone?: Promise<void>): void;
}

/** An INVITE on its way out. */
export interface OutgoingCall {
  readonly sipCallId: string;
  snapshot(): DialogSnapshot;
  /** CANCEL, and BYE when the 200 won the race (RFC 3261 9.1). Idempotent. `failed` follows, never `answered`. */
  cancel(reason?: EndReason): void;
}

export interface EndReason {
  /** Q.850 cause written as a Reason header. */
  readonly q850?: number;
  readonly text?: string;
}

export interface CallEvents {
  ended(end: WireEnd): void;
  /** Peer's re-INVITE or UPDATE with an offer (hold, resume, codec). Return our SDP answer; without a listener the offer is refused (488). */
  reoffer?(sdp: string): string;
  /** Peer's re-INVITE without SDP: return our offer, made as for a new call (RFC 3261 14.2). Default: what was agreed last. `reanswer` follows. */
  offer?(): string;
  /** The peer answered a 2xx of ours (late offer) or a re-INVITE of ours. */
  reanswer?(sdp: string): void;
  /** REFER (RFC 3515). `replaces` is the parsed Replaces parameter of Refer-To (attended transfer). */
  referred?(request: ReferRequest): void;
  /** application/dtmf-relay or application/dtmf of SIP INFO. */
  infoDtmf?(digit: string): void;
}

export interface ReferRequest {
  readonly targetUri: string;
  readonly targetUser: string;
  readonly replaces?: { readonly sipCallId: string; readonly toTag: string; readonly fromTag: string };
  /** 202 and the NOTIFYs of RFC 3515 2.4.4, of which the first, `100 Trying`, follows at once. */
  accept(): ReferProgress;
  reject(code: number): void;
}

export interface ReferProgress {
  succeeded(): void;
  failed(code: number): void;
}

/** A confirmed dialog, whichever side began it. */
export interface EstablishedCall {
  readonly sipCallId: string;
  /** Listens from now on. One listener: the owner of the call. */
  listen(events: CallEvents): void;
  snapshot(): DialogSnapshot;
  /** BYE. Idempotent. `ended` follows with by: 'local'. */
  hangup(reason?: EndReason): void;
  /** re-INVITE with a new offer; resolves with the peer's SDP. Retries 491 (RFC 3261 14.1). */
  reinvite(sdp: string): Promise<string>;
  /** UPDATE with a new offer (RFC 3311), or re-INVITE where the peer does not take it. Resolves and retries as `reinvite` does. */
  update(sdp: string): Promise<string>;
  refer(targetUri: string): Promise<boolean>;
  info(contentType: string, body: string): Promise<boolean>;
}

export interface IncomingCall {
  readonly sipCallId: string;
  readonly source: SipAddress;
  readonly verdict: Exclude<SourceVerdict, 'unknown'>;
  readonly fromUser: string;
  readonly fromDisplayName?: string;
  /** The user part of the Request-URI: the number dialed. */
  readonly toUser: string;
  /**
   * The call wants to take the place of this dialog of ours (RFC 3891): it exists, and `toTag` is our tag of it. Whether the caller may is
   * for the application to say, as is hanging up (or cancelling, when `early`) the replaced call once this one is answered.
   */
  readonly replaces?: { readonly sipCallId: string; readonly toTag: string; readonly fromTag: string; readonly early: boolean };
  /** SDP offer; empty when the caller sent none (late offer). */
  readonly body: string;
  /** First value of a header. */
  header(name: string): string | undefined;
  /** All values, of all its lines: Diversion (RFC 5806) and History-Info (RFC 7044) have one per hop, P-Asserted-Identity (RFC 3325) up to two. */
  headers(name: string): readonly string[];
  /** 180, or 183 with a body. Reliable where the caller requires it (RFC 3262 3). */
  ring(body?: string): void;
  /**
   * The caller's next offer before our answer to the call, with its PRACK (RFC 3262 5) or by UPDATE (RFC 3311 5.2): return our answer to it.
   * Without a listener UPDATE gets 488 and PRACK what was agreed. An adapter whose engine takes none leaves it out.
   */
  onOffer?(listener: (sdp: string) => string): void;
  /** 200 with our SDP; resolves when the ACK came, rejects when the caller cancelled or never acknowledged. */
  answer(body: string): Promise<EstablishedCall>;
  reject(code: number, options?: { readonly reason?: EndReason; readonly retryAfterS?: number }): void;
  /** The caller gave up before an answer. */
  onCancel(listener: (end: WireEnd) => void): void;
}

export interface OptionsResult {
  readonly reachable: boolean;
  readonly code?: number;
  readonly roundTripMs?: number;
  readonly error?: string;
}

/** Our registration at a trunk. Refreshed before it expires, with back-off while it fails. */
export interface TrunkRegistration {
  stop(): Promise<void>;
}

export interface TrunkRegistrationRequest {
  readonly registrar: SipAddress;
  readonly user: string;
  readonly domain: string;
  readonly credentials: DigestCredentials;
  /** Seconds asked for. Default 300. */
  readonly expiresS?: number;
  changed(state: { readonly registered: boolean; readonly code?: number; readonly error?: string }): void;
}

export interface SipStackStats {
  readonly transactions: number;
  readonly dialogs: number;
  readonly retransmissions: number;
  readonly received: number;
  readonly sent: number;
  readonly dropped: number;
  readonly parseErrors: number;
}

export interface SipStack {
  /** Binds. Rejects with PortInUseError when a port is taken. */
  start(): Promise<{ readonly host: string; readonly port: number; readonly tlsPort?: number }>;
  /** Closes sockets at once. End the calls before. */
  stop(): Promise<void>;
  /** Never throws for what the wire does: that comes by the events. */
  invite(request: OutgoingInvite): OutgoingCall;
  /** The dialog that `invite` would begin: with `dialogIds`, enough for `endOrphan` though its INVITE be sent later or never. */
  snapshotOf(request: Omit<OutgoingInvite, 'events' | 'body'>): DialogSnapshot;
  /**
   * The servers behind an address that was configured, in the order of trying (RFC 3263): several where its host is a name that has them,
   * those that failed lately last. Rejects when there is none.
   */
  locate(target: SipAddress): Promise<readonly SipAddress[]>;
  /** Behind a name each server has so long, until one answers. */
  options(target: SipAddress, timeoutMs: number): Promise<OptionsResult>;
  register(request: TrunkRegistrationRequest): TrunkRegistration;
  /** Current bindings of a registered extension; undefined when none. */
  bindingOf(user: string): Binding | undefined;
  /**
   * Ends a call whose process died: CANCEL (and ACK+BYE for a 200 that comes all the same) or BYE. The INVITE may never have left.
   * Resolves when the peer confirmed; T1 + T2 (4.5 s) after it answered without saying what became of the INVITE; or after 64*T1:
   * `ended` is false when nobody answered.
   */
  endOrphan(snapshot: DialogSnapshot): Promise<{ readonly ended: boolean }>;
  readonly stats: SipStackStats;
  /** False while the engine is away (a server of its own that this process has lost): nothing can be sent. */
  readonly isUp: boolean;
}

/** A port is taken. Facts as fields, so that the boot code can say which setting to change. */
export class PortInUseError extends Error {
  readonly host: string;
  readonly port: number;
  readonly transport: SipTransport;
  constructor(host: string, port: number, transport: SipTransport) {
    super(`SIP ${transport} port ${port} on ${host} is in use by another program`);
    this.name = 'PortInUseError';
    this.host = host;
    this.port = port;
    this.transport = transport;
  }
}
