import type { SipAddress, TrunkRegistration, TrunkRegistrationRequest } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import { newBranch, newTag, randomHex } from '../wire/ids.ts';
import { parseNameAddress, uriOf } from '../wire/address.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { escapeUser } from '../wire/uri.ts';
import { guarded } from './core.ts';
import type { Core } from './core.ts';
import { ChallengeMeeter } from './retry-auth.ts';
import { AVOID_MS } from './server-choice.ts';

const DEFAULT_EXPIRES_S = 300;
const FIRST_RETRY_MS = 2_000;
const MAX_RETRY_MS = 5 * 60_000;
/** Refreshed when this share of the granted time has passed. */
const REFRESH_SHARE = 0.8;

/** Keeps us registered at a trunk (RFC 3261 10.2): one Call-ID, growing CSeq, refresh in time, doubling pauses while it fails. */
export class NativeTrunkRegistration implements TrunkRegistration, ClientOwner, TimerOwner {
  private readonly core: Core;
  private readonly request: TrunkRegistrationRequest;
  private readonly callId = randomHex(12);
  private readonly tag = newTag();
  private readonly meeter: ChallengeMeeter;
  private readonly uri: string;
  private cseq = 0;
  /** Of the request whose answer counts: stop() may overtake a refresh. */
  private branch = '';
  private expiresS: number;
  private retryMs = FIRST_RETRY_MS;
  private timer: WheelTimer | undefined;
  private stopping: (() => void) | undefined;
  private stopped = false;
  private registered = false;

  constructor(core: Core, request: TrunkRegistrationRequest) {
    this.core = core;
    this.request = request;
    this.expiresS = request.expiresS ?? DEFAULT_EXPIRES_S;
    this.uri = `sip:${toBytes(request.domain)}`;
    this.meeter = new ChallengeMeeter(request.credentials);
    this.send('');
  }

  private get registrar(): SipAddress {
    return this.request.registrar;
  }

  private send(authLine: string): void {
    if (authLine === '') this.meeter.reset();
    this.cseq++;
    const { core, request } = this;
    const aor = `<sip:${escapeUser(request.user)}@${toBytes(request.domain)}>`;
    const contact = core.transports.contactOf(this.registrar.transport).replace('<sip:ritmo@', `<sip:${escapeUser(request.user)}@`);
    const expiresS = this.stopped ? 0 : this.expiresS;
    const headers = `Contact: ${contact}\r\nExpires: ${expiresS}\r\n${core.lines.inviteCapabilities}${authLine}`;
    this.branch = newBranch();
    const draft = {
      method: 'REGISTER', uri: this.uri, branch: this.branch, from: `${aor};tag=${this.tag}`, to: aor, callId: this.callId, cseq: this.cseq,
      routes: [], headers, body: '',
    };
    core.transactions.request(draft, this.registrar, this);
  }

  received(transaction: ClientTransaction, response: SipMessage): void {
    const { status } = response;
    if (status < 200 || transaction.branch !== this.branch) return;
    if (status === 401 || status === 407) {
      const line = this.meeter.meet(response, 'REGISTER', this.uri);
      if (line !== undefined) {
        this.send(line);
        return;
      }
    }
    if (this.stopped) {
      this.stopping?.();
      return;
    }
    if (status < 300) this.succeeded(response);
    else if (status === 423 && this.lengthen(response)) this.send('');
    else this.failed({ code: status, error: `${status} ${fromBytes(response.reason)}` }, retryAfterMs(response));
  }

  /** 423: the registrar wants a longer interval (10.2.8). */
  private lengthen(response: SipMessage): boolean {
    const least = Number.parseInt(response.get('min-expires') ?? '', 10);
    if (!(least > this.expiresS)) return false;
    this.expiresS = least;
    return true;
  }

  private succeeded(response: SipMessage): void {
    const grantedS = this.granted(response);
    this.retryMs = FIRST_RETRY_MS;
    this.timer = this.core.wheel.start(this, 0, Math.max(1, grantedS * REFRESH_SHARE) * 1_000);
    this.tell(true, { code: response.status });
  }

  private granted(response: SipMessage): number {
    const ours = uriOf(this.core.transports.contactOf(this.registrar.transport));
    const ourHost = ours.slice(ours.indexOf('@') + 1).split(';')[0] ?? '';
    for (const value of response.list('contact')) {
      const contact = parseNameAddress(value);
      const expires = contact?.params.get('expires');
      if (contact?.uri.includes(ourHost) === true && expires !== undefined && /^\d+$/.test(expires)) return Number(expires);
    }
    const header = Number.parseInt(response.get('expires') ?? '', 10);
    return header > 0 ? header : this.expiresS;
  }

  unanswered(transaction: ClientTransaction, cause: 'timeout' | 'transport', error: Error): void {
    if (transaction.branch !== this.branch) return;
    // By name: the next attempt goes to the next server (RFC 3263 4.3).
    this.core.transports.avoid(this.registrar, AVOID_MS);
    if (this.stopped) this.stopping?.();
    else this.failed({ error: cause === 'timeout' ? 'the registrar does not answer' : error.message }, undefined);
  }

  private failed(state: { readonly code?: number; readonly error: string }, retryAfter: number | undefined): void {
    const delayMs = Math.max(retryAfter ?? 0, this.retryMs * (0.8 + Math.random() * 0.4));
    this.retryMs = Math.min(this.retryMs * 2, MAX_RETRY_MS);
    this.timer = this.core.wheel.start(this, 0, delayMs);
    this.tell(false, state);
  }

  private tell(registered: boolean, state: { readonly code?: number; readonly error?: string }): void {
    this.registered = registered;
    guarded(this.core, () => this.request.changed({ registered, ...state }));
  }

  timerFired(): void {
    this.send('');
  }

  stop(): Promise<void> {
    if (this.stopped) return Promise.resolve();
    this.stopped = true;
    this.core.wheel.cancel(this.timer);
    if (!this.registered) return Promise.resolve();
    return new Promise((resolve) => {
      this.stopping = () => {
        this.tell(false, {});
        resolve();
      };
      this.send('');
    });
  }
}

function retryAfterMs(response: SipMessage): number | undefined {
  const seconds = Number.parseInt(response.get('retry-after') ?? '', 10);
  return seconds > 0 ? Math.min(seconds * 1_000, MAX_RETRY_MS) : undefined;
}
