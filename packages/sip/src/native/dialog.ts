import { isIP } from 'node:net';
import type { DialogSnapshot, SipAddress, SipTransport } from '../port.ts';
import type { Flow } from '../transport/flow.ts';
import { uriOf } from '../wire/address.ts';
import { newBranch } from '../wire/ids.ts';
import { MAX_ROUTES } from '../wire/limits.ts';
import type { SipMessage } from '../wire/message.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { hostText, parseUri } from '../wire/uri.ts';
import type { RequestDraft } from '../wire/write.ts';

/** The state of a dialog (RFC 3261 12): plain fields, and how the next request inside it looks. */
export class Dialog {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  /** From value of our requests, tag included. */
  readonly local: string;
  /** To value of our requests, tag included. */
  readonly remote: string;
  readonly routeSet: readonly string[];
  readonly initiator: boolean;
  readonly inviteBranch: string;
  remoteTarget: string;
  localCSeq: number;
  remoteCSeq: number;
  flow: Flow;
  private hop: SipAddress;
  /** Sends the ACK of the 2xx that is being held: it goes before every other request of the dialog. */
  heldAck: (() => void) | undefined;

  constructor(parts: DialogParts) {
    this.callId = parts.callId;
    this.localTag = parts.localTag;
    this.remoteTag = parts.remoteTag;
    this.local = parts.local;
    this.remote = parts.remote;
    this.routeSet = parts.routeSet;
    this.initiator = parts.initiator;
    this.inviteBranch = parts.inviteBranch;
    this.remoteTarget = parts.remoteTarget;
    this.localCSeq = parts.localCSeq;
    this.remoteCSeq = parts.remoteCSeq;
    this.flow = parts.flow;
    this.hop = this.nextHop();
  }

  /** Where the next request goes: as long as the connection that the dialog came by is open, back on it. */
  get destination(): SipAddress {
    const { connection } = this.flow;
    if (connection?.open === false) {
      this.flow = { host: this.flow.host, port: this.flow.port, transport: this.flow.transport };
      this.hop = this.nextHop();
    }
    return this.hop;
  }

  /** RFC 3261 12.2.1.1: loose routing leaves the target in the Request-URI, a strict first hop swaps places. */
  draft(method: string, headers: string, body: string, cseq: number, branch = newBranch()): RequestDraft {
    if (method !== 'ACK') this.heldAck?.();
    const route = routed(this.remoteTarget, this.routeSet);
    const { local: from, remote: to, callId } = this;
    return { method, uri: route.uri, branch, from, to, callId, cseq, routes: route.routes, headers, body };
  }

  nextCSeq(): number {
    return ++this.localCSeq;
  }

  /** Target refresh (RFC 3261 12.2.1.2, 12.2.2): INVITE, UPDATE and their 2xx. */
  refresh(message: SipMessage, flow: Flow): void {
    const contact = contactOf(message);
    // A peer that lost its connection comes back by another, the Contact being what it was.
    const isBack = flow.connection !== undefined && flow.connection !== this.flow.connection && this.flow.connection?.open !== true;
    if (contact === undefined || (contact === this.remoteTarget && !isBack)) return;
    this.remoteTarget = contact;
    this.flow = flow;
    this.hop = this.nextHop();
  }

  private nextHop(): SipAddress {
    const first = this.routeSet[0];
    return hopOf(first === undefined ? this.remoteTarget : uriOf(first), this.flow);
  }

  snapshot(): DialogSnapshot {
    return {
      state: 'confirmed',
      sipCallId: fromBytes(this.callId),
      localTag: this.localTag,
      remoteTag: this.remoteTag,
      localUri: fromBytes(this.local),
      remoteUri: fromBytes(this.remote),
      remoteTarget: fromBytes(this.remoteTarget),
      routeSet: this.routeSet.map(fromBytes),
      localCSeq: this.localCSeq,
      inviteBranch: this.inviteBranch,
      destination: plainAddress(this.destination),
    };
  }
}

/** Plain data: a flow has its connection too. */
function plainAddress({ host, port, transport, name }: SipAddress): SipAddress {
  return { host, port, transport, ...(name === undefined ? {} : { name }) };
}

export interface DialogParts {
  readonly callId: string;
  readonly localTag: string;
  readonly remoteTag: string;
  readonly local: string;
  readonly remote: string;
  readonly routeSet: readonly string[];
  readonly initiator: boolean;
  readonly inviteBranch: string;
  readonly remoteTarget: string;
  readonly localCSeq: number;
  readonly remoteCSeq: number;
  readonly flow: Flow;
}

/** Dialog of the side that sent the INVITE (RFC 3261 12.1.2). Strings are copied so that the message can be freed. */
export function dialogOfResponse(invite: RequestDraft, response: SipMessage, flow: Flow, localTag: string): Dialog {
  return new Dialog({
    callId: invite.callId,
    localTag,
    remoteTag: own(response.toTag),
    local: invite.from,
    remote: own(response.get('to') ?? ''),
    routeSet: recordRoute(response).reverse(),
    initiator: true,
    inviteBranch: invite.branch,
    remoteTarget: contactOf(response) ?? invite.uri,
    localCSeq: invite.cseq,
    remoteCSeq: -1,
    flow,
  });
}

/** Dialog of the side that answers it (RFC 3261 12.1.1). */
export function dialogOfRequest(request: SipMessage, flow: Flow, localTag: string): Dialog {
  return new Dialog({
    callId: own(request.callId),
    localTag,
    remoteTag: own(request.fromTag),
    local: own(`${request.get('to') ?? ''};tag=${localTag}`),
    remote: own(request.get('from') ?? ''),
    routeSet: recordRoute(request),
    initiator: false,
    inviteBranch: own(request.branch),
    remoteTarget: contactOf(request) ?? `sip:${hostText(flow.host)}:${flow.port}`,
    localCSeq: 0,
    remoteCSeq: request.cseq,
    flow,
  });
}

/** A copy that does not keep the whole message alive, as a slice would. */
export function own(text: string): string {
  return text.length < 13 ? text : Buffer.from(text, 'latin1').toString('latin1');
}

export function recordRoute(message: SipMessage): string[] {
  // One that cannot be read would make every later request unreadable.
  return message.list('record-route').slice(0, MAX_ROUTES).filter((value) => parseUri(uriOf(value)) !== undefined).map(own);
}

export function contactOf(message: SipMessage): string | undefined {
  const value = message.list('contact')[0];
  const uri = value === undefined ? '' : uriOf(value);
  return uri === '' || parseUri(uri) === undefined ? undefined : own(uri);
}

/** Request-URI and Route lines for a target behind a route set. */
export function routed(target: string, routeSet: readonly string[]): { readonly uri: string; readonly routes: readonly string[] } {
  const first = routeSet[0];
  if (first === undefined) return { uri: target, routes: routeSet };
  const firstUri = uriOf(first);
  if (parseUri(firstUri)?.params.has('lr') === true) return { uri: target, routes: routeSet };
  return { uri: firstUri, routes: [...routeSet.slice(1), `<${target}>`] };
}

/**
 * Where a request for `uri` goes. A peer behind NAT writes a Contact that leads nowhere: a private address seen from a public one,
 * or a name that is none (`x.invalid`). Then, and on an open connection, the message goes back to where the dialog came from.
 */
export function hopOf(uri: string, flow: Flow): SipAddress {
  const parsed = parseUri(uri);
  const back: SipAddress = { host: flow.host, port: flow.port, transport: flow.transport };
  if (flow.connection?.open === true || parsed === undefined || parsed.scheme === 'tel') return back;
  // RFC 3263 4: maddr, where there is one, is the place.
  const host = parsed.params.get('maddr') ?? parsed.host;
  if (host.endsWith('.invalid') || (isPrivate(host) && !isPrivate(flow.host))) return back;
  return addressOf(host, parsed.port, transportIn(parsed.params.get('transport'), parsed.scheme === 'sips'));
}

export function addressOf(host: string, port: number | undefined, transport: SipTransport): SipAddress {
  // A name without a port is for DNS to say (RFC 3263 4.1, 4.2).
  return { host, port: port ?? (isIP(host) === 0 ? 0 : transport === 'tls' ? 5_061 : 5_060), transport };
}

export function transportIn(named: string | undefined, secure: boolean): SipTransport {
  const lower = named?.toLowerCase();
  if (secure || lower === 'tls') return 'tls';
  return lower === 'tcp' ? 'tcp' : 'udp';
}

/** RFC 1918, RFC 6598. Loopback is not in it: a loopback peer is reached as it says. */
function isPrivate(host: string): boolean {
  return /^(10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|100\.(6[4-9]|[7-9]\d|1[01]\d|12[0-7])\.)/.test(host);
}

export function destinationOf(uri: string, preferred: SipTransport | undefined): SipAddress | undefined {
  const parsed = parseUri(toBytes(uri));
  if (parsed === undefined || parsed.host === '') return undefined;
  const transport = preferred ?? transportIn(parsed.params.get('transport'), parsed.scheme === 'sips');
  return addressOf(parsed.params.get('maddr') ?? parsed.host, parsed.port, transport);
}
