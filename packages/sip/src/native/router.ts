import { createHash } from 'node:crypto';
import type { Authenticator } from '../auth/authenticator.ts';
import type { Flow } from '../transport/flow.ts';
import { replyAddress } from '../transactions/reply-address.ts';
import { newTag, randomHex } from '../wire/ids.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import type { SipMessage } from '../wire/message.ts';
import { commaOutside } from '../wire/scan.ts';
import { reasonPhrase, replyHead, writeResponse } from '../wire/write.ts';
import { callerOf, fromUserOf } from './caller.ts';
import { ALLOWED_METHODS, guarded, trouble } from './core.ts';
import type { Core } from './core.ts';
import { Gate } from './gate.ts';
import { IncomingAttempt, sessionOf } from './incoming.ts';
import type { Registrar } from './registrar.ts';
import { replacementOf } from './replaces.ts';
import { refusal } from './validate.ts';

/** Our Via comes first in a response, and its branch within this many bytes (RFC 3261 18.1.2). */
const VIA_WITHIN_BYTES = 400;

/** Takes each message from the sockets to whoever it is for (RFC 3261 8.2, 17.1.3, 17.2.3, 18.2). */
export class Router {
  private readonly core: Core;
  private readonly authenticator: Authenticator;
  private readonly registrar: Registrar;
  private readonly gate: Gate;
  private readonly tagKey = randomHex(16);

  constructor(core: Core, authenticator: Authenticator, registrar: Registrar) {
    this.core = core;
    this.authenticator = authenticator;
    this.registrar = registrar;
    this.gate = new Gate((host, port) => core.handlers.classify({ host, port, transport: 'udp' }, '') !== 'unknown');
  }

  /** Whether a datagram is worth reading; asked before anything of it is. What drops here costs next to nothing. */
  opens(packet: Buffer, host: string, port: number): boolean {
    if (this.gate.opens(host, port, performance.now())) return true;
    const { core } = this;
    // "SIP/": a response that one of our transactions waits for may come from an address we did not send to (a peer with several).
    if (packet.readUInt32BE(0) === 0x5349502f && core.transactions.awaits(packet.toString('latin1', 0, VIA_WITHIN_BYTES))) return true;
    core.stats.received++;
    core.stats.dropped++;
    return false;
  }

  receive(wire: string, flow: Flow): void {
    this.core.stats.received++;
    if (flow.connection !== undefined && !this.gate.opens(flow.host, flow.port, performance.now())) {
      this.core.stats.dropped++;
      return;
    }
    try {
      const message = parseMessage(wire);
      if (message instanceof Malformed) this.malformed(message, flow);
      else if (!message.isRequest) this.response(message, flow);
      else this.request(message, flow);
    } catch (error) {
      // No message may take the process down; this is a fault of ours, so it is told.
      this.core.stats.parseErrors++;
      trouble(this.core, error);
    }
  }

  private response(message: SipMessage, flow: Flow): void {
    // One Via, ours: more say that it went astray (8.1.3.3). A response nobody waits for is dropped as well (18.1.2).
    const [via = '', ...others] = message.lines('via');
    if (others.length === 0 && commaOutside(via) === -1 && this.core.transactions.response(message, flow)) this.gate.know(flow.host);
    else {
      this.gate.stranger(flow.host);
      this.core.stats.dropped++;
    }
  }

  /** Answers 4xx without a transaction where the request could be read well enough, and its sender may know that we are here (RFC 4475 3). */
  private malformed(found: Malformed, flow: Flow): void {
    const { partial } = found;
    this.core.stats.parseErrors++;
    if (found.status === 0 || partial === undefined || !partial.isRequest || partial.method === 'ACK' || partial.topVia === undefined) {
      this.gate.stranger(flow.host);
      return;
    }
    if (this.verdictOf(partial, flow) === 'unknown') {
      this.core.stats.dropped++;
      return;
    }
    this.stateless(partial, flow, found.status, found.reason);
  }

  private stateless(request: SipMessage, flow: Flow, status: number, reason: string, headers = ''): void {
    const head = replyHead(request, flow.host, flow.port);
    this.core.stats.sent++;
    const wire = writeResponse(head, status, reason, this.stableTag(request), headers, '');
    this.core.transports.send(replyAddress(request, flow), wire, undefined, flow.connection);
  }

  /** A request that comes again is given the same tag again, though nothing of it was kept (8.2.7). */
  private stableTag(request: SipMessage): string {
    return createHash('sha1').update(`${this.tagKey} ${request.branch} ${request.callId} ${request.fromTag} ${request.cseq}`, 'latin1').digest('hex').slice(0, 16);
  }

  private verdictOf(message: SipMessage, flow: Flow): 'trunk' | 'extension' | 'unknown' {
    const verdict = this.core.handlers.classify({ host: flow.host, port: flow.port, transport: flow.transport }, fromUserOf(message));
    if (verdict === 'trunk') this.gate.know(flow.host);
    // Also an extension, as long as it shows no password: its name is no secret.
    else this.gate.stranger(flow.host);
    // Silence (RFC 3261 26.3.2.4 leaves it to policy) costs a stream its connection; not that of a proxy through which someone we know has spoken.
    if (verdict === 'unknown' && !this.gate.isKnown(flow.host)) flow.connection?.close();
    return verdict;
  }

  private request(message: SipMessage, flow: Flow): void {
    const { core } = this;
    if (core.transactions.absorbs(message, flow)) return;
    const { toTag } = message;
    const named = toTag === '' ? undefined : core.dialogs.get(toTag);
    const owner = named?.owns(message) === true ? named : undefined;
    if (owner !== undefined) this.gate.know(flow.host);
    if (message.method === 'ACK') {
      if (owner !== undefined) owner.acknowledged(message);
      else {
        this.gate.stranger(flow.host);
        core.stats.dropped++;
      }
      return;
    }
    if (message.method === 'CANCEL') {
      this.cancel(message, flow);
      return;
    }
    if (owner !== undefined) {
      const wrong = refusal(message);
      if (wrong !== undefined) {
        this.stateless(message, flow, wrong.status, wrong.reason, wrong.headers);
        return;
      }
      const transaction = message.method === 'INVITE' ? core.transactions.openInvite(message, flow) : core.transactions.openOther(message, flow);
      owner.request(message, flow, transaction);
      return;
    }
    this.newRequest(message, flow);
  }

  /** RFC 3261 9.2: 200 for the CANCEL itself, 487 for the INVITE when it is unanswered; 481 when there is none. */
  private cancel(message: SipMessage, flow: Flow): void {
    const { core } = this;
    const invite = core.transactions.inviteOf(message);
    if (invite === undefined) {
      if (this.verdictOf(message, flow) === 'unknown') core.stats.dropped++;
      else core.transactions.openOther(message, flow).reply(481, { toTag: newTag() });
      return;
    }
    core.transactions.openOther(message, flow).reply(200, { toTag: invite.localTag, headers: core.lines.server });
    invite.cancel(message);
  }

  private newRequest(message: SipMessage, flow: Flow): void {
    const { core } = this;
    const verdict = this.verdictOf(message, flow);
    if (verdict === 'unknown') {
      core.stats.dropped++;
      return;
    }
    if (message.method === 'INVITE' && message.toTag === '' && !core.admission.admits()) {
      // Before its headers are looked at and without a transaction: a call that is shed must cost next to nothing.
      this.stateless(message, flow, 503, 'Service Unavailable', `Retry-After: ${1 + Math.floor(Math.random() * 5)}\r\n`);
      return;
    }
    const wrong = refusal(message);
    if (wrong !== undefined) {
      core.stats.parseErrors++;
      this.stateless(message, flow, wrong.status, wrong.reason, wrong.headers);
      return;
    }
    if (message.toTag === '' && core.transactions.isMerged(message)) {
      // It came by another path before (8.2.2.2): one of the two is enough.
      this.stateless(message, flow, 482, reasonPhrase(482));
      return;
    }
    if (message.toTag !== '') {
      // A dialog we do not know, or no longer (12.2.2).
      if (message.method === 'INVITE') core.transactions.openInvite(message, flow).reply(481);
      else core.transactions.openOther(message, flow).reply(481);
      return;
    }
    switch (message.method) {
      case 'INVITE':
        this.invite(message, flow, verdict);
        return;
      case 'REGISTER':
        if (verdict === 'extension') {
          if (this.registrar.register(message, flow, core.transactions.openOther(message, flow))) this.gate.know(flow.host);
        } else core.transactions.openOther(message, flow).reply(403, { toTag: newTag() });
        return;
      case 'OPTIONS':
        core.transactions.openOther(message, flow).reply(200, {
          toTag: newTag(),
          headers: `Contact: ${core.transports.contactOf(flow.transport)}\r\nAccept: application/sdp\r\n${core.lines.allow}${core.lines.server}`,
        });
        return;
      case 'BYE':
      case 'UPDATE':
      case 'INFO':
      case 'PRACK':
      case 'NOTIFY':
        core.transactions.openOther(message, flow).reply(481, { toTag: newTag() });
        return;
      case 'REFER':
        trouble(core, new Error(`REFER outside a dialog from ${flow.host}`));
        core.transactions.openOther(message, flow).reply(403, { toTag: newTag() });
        return;
      default:
        core.transactions.openOther(message, flow).reply(405, { toTag: newTag(), headers: `Allow: ${ALLOWED_METHODS}\r\n` });
    }
  }

  private invite(message: SipMessage, flow: Flow, verdict: 'trunk' | 'extension'): void {
    const { core } = this;
    const transaction = core.transactions.openInvite(message, flow);
    if (verdict === 'extension') {
      const caller = callerOf(this.authenticator, message, flow.host);
      if (caller.kind === 'blocked') {
        core.stats.dropped++;
        transaction.forget();
        return;
      }
      if (caller.kind === 'refused') {
        transaction.reply(caller.status, { toTag: newTag(), headers: caller.headers + core.lines.server });
        return;
      }
      this.gate.know(flow.host);
    }
    const session = sessionOf(core, message);
    if (session.kind === 'too-small') {
      transaction.reply(422, { toTag: newTag(), headers: session.headers });
      return;
    }
    const replacement = replacementOf(core, message);
    if (replacement.kind === 'refused') {
      transaction.reply(replacement.status, { toTag: newTag(), headers: core.lines.server });
      return;
    }
    // At once: the caller stops sending again, whatever the application needs to decide (17.2.1).
    const timestamp = message.get('timestamp');
    // 8.2.6.1: its sender measures the way with it.
    transaction.reply(100, { reason: reasonPhrase(100), headers: timestamp === undefined ? '' : `Timestamp: ${timestamp}\r\n` });
    const call = new IncomingAttempt(core, message, flow, transaction, verdict, session, replacement.kind === 'found' ? replacement.replaces : undefined);
    guarded(core, () => core.handlers.incoming(call));
  }
}
