import type { Authenticator } from '../auth/authenticator.ts';
import { assemble } from '../native/assemble.ts';
import { callerOf, fromUserOf } from '../native/caller.ts';
import type { Core } from '../native/core.ts';
import { parseReplaces } from '../native/refer.ts';
import type { Registrar } from '../native/registrar.ts';
import type { Replacement } from '../native/replaces.ts';
import { refusal } from '../native/validate.ts';
import type { Refusal } from '../native/validate.ts';
import type { Binding, SipStackOptions } from '../port.ts';
import type { Answerable, Reply } from '../transactions/server.ts';
import type { TimerWheel } from '../transactions/wheel.ts';
import type { SipMessage } from '../wire/message.ts';
import { params } from '../wire/scan.ts';
import { fromBytes } from '../wire/text.ts';
import type { DrachtioCall } from './call.ts';
import { headersOf, readMessage, sessionOf, sourceOf } from './headers.ts';
import { DrachtioIncoming } from './incoming.ts';
import type { DrachtioIncomingOwner } from './incoming.ts';
import type { DrachtioAttempt } from './outgoing.ts';
import type { SrfHeaders, SrfRequest, SrfResponse } from './srf.ts';

export interface IntakeOwner extends DrachtioIncomingOwner {
  readonly calls: Iterable<DrachtioCall>;
  readonly attempts: Iterable<DrachtioAttempt>;
}

/**
 * The server (v0.9.10) was seen to die when our 200 follows before the PRACK of a reliable response has come. So none is sent, and who
 * requires them is told (RFC 3262 3, RFC 3261 8.2.2.3).
 */
function reliableRefusal(message: SipMessage): Refusal | undefined {
  return message.method === 'INVITE' && message.lists('require', '100rel') ? { status: 420, reason: 'Bad Extension', headers: 'Unsupported: 100rel\r\n' } : undefined;
}

/** Requests outside dialogs, as the server hands them up. Registrar, digest and what is wrong with a request are the native engine's. */
export class Intake {
  readonly counts = { received: 0, dropped: 0 };
  readonly capabilities: SrfHeaders;
  private readonly owner: IntakeOwner;
  private readonly options: SipStackOptions;
  private readonly core: Core;
  private readonly registrar: Registrar;
  private readonly authenticator: Authenticator;

  constructor(owner: IntakeOwner, options: SipStackOptions, wheel: TimerWheel) {
    this.owner = owner;
    this.options = options;
    // Only the wire is another's.
    const noWire = { viaOf: () => '', contactOf: () => '', hostOf: () => '', send: () => undefined, locate: () => undefined, avoid: () => undefined };
    const { core, registrar, authenticator } = assemble(options, wheel, noWire);
    this.core = core;
    this.registrar = registrar;
    this.authenticator = authenticator;
    this.capabilities = headersOf(core.lines.inviteCapabilities);
    owner.srf.use('invite', (request, response) => this.invited(request, response));
    owner.srf.use('register', (request, response) => this.registerRequest(request, response));
    owner.srf.use('options', (request, response) => this.optionsRequest(request, response));
  }

  bindingOf(user: string): Binding | undefined {
    return this.registrar.bindingOf(user);
  }

  private heard(request: SrfRequest, response: SrfResponse): { readonly message: SipMessage; readonly verdict: 'trunk' | 'extension' } | undefined {
    this.counts.received++;
    const message = readMessage(request.msg.raw);
    const verdict = this.options.handlers.classify(sourceOf(request), message === undefined ? '' : fromUserOf(message));
    if (message === undefined || verdict === 'unknown') {
      this.counts.dropped++;
      return undefined;
    }
    const wrong = refusal(message) ?? reliableRefusal(message);
    if (wrong !== undefined) {
      response.send(wrong.status, { headers: headersOf(wrong.headers) });
      return undefined;
    }
    return { message, verdict };
  }

  private invited(request: SrfRequest, response: SrfResponse): void {
    const heard = this.heard(request, response);
    if (heard === undefined) return;
    const { message, verdict } = heard;
    const flow = sourceOf(request);
    if (verdict === 'extension') {
      const caller = callerOf(this.authenticator, message, flow.host);
      if (caller.kind === 'blocked') return;
      if (caller.kind === 'refused') {
        response.send(caller.status, { headers: headersOf(caller.headers) });
        return;
      }
    }
    const session = sessionOf(message);
    if (session.kind === 'too-small') {
      response.send(422, { headers: headersOf(session.headers) });
      return;
    }
    const replacement = this.replacementOf(message);
    if (replacement.kind === 'refused') {
      response.send(replacement.status);
      return;
    }
    try {
      const replaces = replacement.kind === 'found' ? replacement.replaces : undefined;
      this.options.handlers.incoming(new DrachtioIncoming(this.owner, request, response, message, flow, verdict, replaces));
    } catch (error) {
      this.owner.trouble(error);
    }
  }

  /** RFC 3891 3. Of early dialogs those that we began are known; those that a caller began may not be replaced: 481. */
  private replacementOf(invite: SipMessage): Replacement {
    const values = invite.lines('replaces');
    const [value = ''] = values;
    if (values.length === 0) return { kind: 'none' };
    const named = values.length === 1 ? parseReplaces(value) : undefined;
    if (named === undefined) return { kind: 'refused', status: 400 };
    const [namedCallId, namedRemoteTag] = [fromBytes(named.sipCallId), fromBytes(named.fromTag)];
    for (const attempt of this.owner.attempts) {
      if (attempt.sipCallId !== namedCallId || !attempt.hasEarly({ localTag: named.toTag, remoteTag: namedRemoteTag })) continue;
      return { kind: 'found', replaces: { sipCallId: namedCallId, toTag: named.toTag, fromTag: namedRemoteTag, early: true } };
    }
    for (const call of this.owner.calls) {
      const { sipCallId, localTag, remoteTag } = call.snapshot();
      if (sipCallId !== namedCallId || localTag !== named.toTag || remoteTag !== namedRemoteTag) continue;
      if (call.standing === 'ended') return { kind: 'refused', status: 603 };
      if (params(value, value.indexOf(';')).has('early-only')) return { kind: 'refused', status: 486 };
      return { kind: 'found', replaces: { sipCallId, toTag: localTag, fromTag: remoteTag, early: false } };
    }
    return { kind: 'refused', status: 481 };
  }

  private registerRequest(request: SrfRequest, response: SrfResponse): void {
    const heard = this.heard(request, response);
    if (heard === undefined) return;
    const transaction: Answerable & { forget(): void } = {
      reply: (status: number, reply?: Reply) => response.send(status, { headers: headersOf(reply?.headers ?? '') }),
      forget: () => undefined,
    };
    if (heard.verdict === 'extension') this.registrar.register(heard.message, sourceOf(request), transaction);
    else response.send(403);
  }

  private optionsRequest(request: SrfRequest, response: SrfResponse): void {
    if (this.heard(request, response) !== undefined) response.send(200, { headers: { ...headersOf(this.core.lines.allow + this.core.lines.server), Accept: 'application/sdp' } });
  }
}
