import { isIP } from 'node:net';

import type { Authenticator } from '../auth/authenticator.ts';
import type { Binding, SipAddress } from '../port.ts';
import type { Answerable } from '../transactions/server.ts';
import type { TimerOwner, WheelTimer } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { parseNameAddress } from '../wire/address.ts';
import { newTag } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes } from '../wire/text.ts';
import { parseUri } from '../wire/uri.ts';
import { guarded } from './core.ts';
import type { Core } from './core.ts';
import { hopOf, own } from './dialog.ts';

class Registered implements TimerOwner {
  readonly binding: Binding;
  readonly callId: string;
  readonly cseq: number;
  readonly flow: Flow;
  private readonly registrar: Registrar;
  private timer: WheelTimer | undefined;

  constructor(registrar: Registrar, binding: Binding, message: SipMessage, flow: Flow) {
    this.registrar = registrar;
    this.binding = binding;
    this.callId = own(message.callId);
    this.cseq = message.cseq;
    this.flow = flow;
  }

  arm(core: Core, expiresS: number): void {
    this.timer = core.wheel.start(this, 0, expiresS * 1_000);
  }

  disarm(core: Core): void {
    core.wheel.cancel(this.timer);
    this.timer = undefined;
  }

  timerFired(): void {
    this.registrar.expired(this);
  }
}

/** Registrar of our extensions (RFC 3261 10.3). One contact per extension: the latest registration wins. */
export class Registrar {
  private readonly core: Core;
  private readonly authenticator: Authenticator;
  private readonly byUser = new Map<string, Registered>();
  private readonly minS: number;
  private readonly maxS: number;
  private readonly defaultS: number;

  constructor(core: Core, authenticator: Authenticator) {
    this.core = core;
    this.authenticator = authenticator;
    const limits = core.options.registrar;
    this.minS = limits?.minExpiresS ?? 60;
    this.maxS = limits?.maxExpiresS ?? 3_600;
    this.defaultS = limits?.defaultExpiresS ?? 300;
  }

  bindingOf(user: string): Binding | undefined {
    return this.byUser.get(user)?.binding;
  }

  /** True when the sender proved to know the password. */
  register(message: SipMessage, flow: Flow, transaction: Answerable & { forget(): void }): boolean {
    const toTag = newTag();
    const { server } = this.core.lines;
    const verdict = this.authenticator.check(message, flow.host, 'authorization');
    if (verdict.kind === 'blocked') {
      this.core.stats.dropped++;
      transaction.forget();
      return false;
    }
    if (verdict.kind === 'challenge') {
      transaction.reply(401, { toTag, headers: verdict.headers + server });
      return false;
    }
    const to = parseNameAddress(message.get('to') ?? '');
    const user = fromBytes(parseUri(to?.uri ?? '')?.user ?? '');
    // Right password, another's address of record: the same 403 as for a wrong password.
    if (verdict.kind === 'forbidden' || user !== verdict.user) {
      transaction.reply(403, { toTag, headers: server });
      return false;
    }
    this.update(user, message, flow, (status, headers) => transaction.reply(status, { toTag, headers: headers + server }));
    return true;
  }

  private update(user: string, message: SipMessage, flow: Flow, reply: (status: number, headers: string) => void): void {
    const contacts = message.list('contact');
    const held = this.byUser.get(user);
    // Out of order for the same Call-ID: nothing changes (10.3 step 7).
    if (held !== undefined && held.callId === message.callId && message.cseq <= held.cseq) {
      reply(500, '');
      return;
    }
    const header = seconds(message.get('expires'));
    if (contacts.length === 0) {
      reply(200, held === undefined ? '' : this.contactLine(held.binding));
      return;
    }
    if (contacts.includes('*')) {
      // 10.3 step 6: only alone, and only with Expires: 0.
      if (contacts.length > 1 || header !== 0) reply(400, '');
      else {
        this.remove(user, 'requested');
        reply(200, '');
      }
      return;
    }
    const asked = contacts.map(parseNameAddress).filter((each) => each !== undefined).map((each) => ({
      uri: own(each.uri),
      expiresS: seconds(each.params.get('expires')) ?? header ?? this.defaultS,
    }));
    const wanted = asked.filter((each) => parseUri(each.uri) !== undefined);
    const chosen = wanted.find((each) => each.expiresS > 0) ?? wanted[0];
    if (chosen === undefined) {
      reply(400, '');
      return;
    }
    if (chosen.expiresS === 0) {
      if (held !== undefined && held.binding.contactUri === fromBytes(chosen.uri)) this.remove(user, 'requested');
      const left = this.byUser.get(user);
      reply(200, left === undefined ? '' : this.contactLine(left.binding));
      return;
    }
    if (chosen.expiresS < this.minS) {
      reply(423, `Min-Expires: ${this.minS}\r\n`);
      return;
    }
    reply(200, this.contactLine(this.bind(user, chosen.uri, Math.min(chosen.expiresS, this.maxS), message, flow)));
  }

  private bind(user: string, uri: string, expiresS: number, message: SipMessage, flow: Flow): Binding {
    const agent = message.header('user-agent');
    const binding: Binding = {
      user,
      contactUri: fromBytes(uri),
      reachedAt: reachedAt(uri, message, flow),
      expiresAt: Date.now() + expiresS * 1_000,
      ...(agent === undefined ? {} : { userAgent: agent }),
    };
    this.byUser.get(user)?.disarm(this.core);
    const registered = new Registered(this, binding, message, flow);
    this.byUser.set(user, registered);
    registered.arm(this.core, expiresS);
    guarded(this.core, () => this.core.handlers.registered(binding));
    return binding;
  }

  private contactLine(binding: Binding): string {
    const leftS = Math.max(0, Math.round((binding.expiresAt - Date.now()) / 1_000));
    return `Contact: <${binding.contactUri}>;expires=${leftS}\r\n`;
  }

  private remove(user: string, reason: 'expired' | 'requested'): void {
    const held = this.byUser.get(user);
    if (held === undefined) return;
    held.disarm(this.core);
    this.byUser.delete(user);
    guarded(this.core, () => this.core.handlers.unregistered(user, reason));
  }

  expired(registered: Registered): void {
    if (this.byUser.get(registered.binding.user) === registered) this.remove(registered.binding.user, 'expired');
  }
}

/** delta-seconds; undefined when absent or unreadable, which then counts as the default (RFC 3261 10.2.1.1, 20.19). */
function seconds(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,10}$/.test(text.trim()) ? Number(text) : undefined;
}

/**
 * Where requests for a binding go. Its Contact, as RFC 3261 10.3 has it; the address the REGISTER came from when a connection carried it, when
 * a NAT stands between (the sent-by of Via is not the source, RFC 3581 4) or when the Contact is a name that only the phone can resolve.
 */
function reachedAt(uri: string, message: SipMessage, flow: Flow): SipAddress {
  const source: SipAddress = { host: flow.host, port: flow.port, transport: flow.transport };
  const via = message.topVia;
  const contact = parseUri(uri);
  if (flow.transport !== 'udp' || via === undefined || contact === undefined) return source;
  const direct = sameHost(via.host, flow.host) && (via.port ?? 5060) === flow.port;
  return direct && isIP(bare(contact.host)) !== 0 ? hopOf(uri, flow) : source;
}

function sameHost(written: string, seen: string): boolean {
  return bare(written).toLowerCase() === bare(seen).toLowerCase();
}

function bare(host: string): string {
  return host.startsWith('[') ? host.slice(1, -1) : host;
}
