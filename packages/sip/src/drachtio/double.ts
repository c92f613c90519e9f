/**
 * A wire-level double of drachtio-server for the tests: its TCP protocol on one side, real SIP over UDP and TCP on the other, built on the native
 * engine's transactions and dialogs. It behaves as v0.9.10 was seen to (docs/drachtio.md) where an adapter has to bear it.
 */
import { destinationOf, dialogOfRequest, dialogOfResponse } from '../native/dialog.ts';
import { PendingAck } from '../native/pending-ack.ts';
import { assemble, emptyStats } from '../native/assemble.ts';
import type { Core } from '../native/core.ts';
import type { SipAddress, SipStackOptions } from '../port.ts';
import { InviteServerTransaction } from '../transactions/invite-server.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { Transports } from '../transport/transports.ts';
import { uriOf } from '../wire/address.ts';
import { newBranch, newTag, randomHex } from '../wire/ids.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import type { SipMessage } from '../wire/message.ts';
import { tagOf } from '../wire/scan.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { KnownDialogs } from './double-dialogs.ts';
import type { Known } from './double-dialogs.ts';
import { Frames } from './double-frames.ts';
import { lines, loose, routedTo } from './double-message.ts';
import type { Loose } from './double-message.ts';
import { Relay } from './double-relay.ts';
import type { RelayOwner } from './double-relay.ts';
import { OpenRequests } from './double-requests.ts';

const KNOWN: ReadonlySet<string> = new Set(['INVITE', 'BYE', 'OPTIONS', 'REGISTER', 'INFO', 'PRACK', 'UPDATE', 'MESSAGE', 'SUBSCRIBE', 'NOTIFY', 'REFER', 'PUBLISH']);

export class DrachtioDouble implements RelayOwner {
  readonly authenticated: string[] = [];
  readonly requests = new OpenRequests();
  private readonly frames = new Frames({ frame: (frame) => this.frame(frame), closed: () => this.clientGone() });
  private readonly options: SipStackOptions;
  private readonly transports: Transports;
  private core: Core;
  /** Methods that the client takes. */
  private readonly taken = new Set<string>();
  private hostport = '';
  private readonly clients = new Map<string, Relay>();
  private readonly dialogs = new KnownDialogs();

  constructor(t1Ms: number) {
    this.options = {
      host: '127.0.0.1', port: 0, transports: ['udp', 'tcp'], realm: '', userAgent: 'drachtio-double', t1Ms,
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    };
    this.transports = new Transports(this.options, {
      opens: () => true, message: (wire, flow) => this.network(wire, flow), trouble: () => undefined, dropped: () => undefined, probed: () => undefined,
    });
    this.core = this.born();
  }

  async start(): Promise<void> {
    const bound = await this.transports.bind();
    this.hostport = `${bound.host}:${bound.port}`;
    await this.frames.listen();
  }

  async stop(): Promise<void> {
    await this.frames.close();
    this.core.wheel.stop();
    this.transports.close();
  }

  private born(): Core {
    return assemble(this.options, new TimerWheel(() => undefined), this.transports, emptyStats()).core;
  }

  get port(): number {
    return this.frames.port;
  }

  /** How long after its coming a client's requests are read. */
  set readsAfterMs(ms: number) {
    this.frames.readsAfterMs = ms;
  }

  /** Something that is no frame. */
  corrupt(): void {
    this.frames.raw('not a length#at all');
  }

  get connected(): boolean {
    return this.frames.connected;
  }

  /** It dies; the next one at the same addresses knows of no transaction and no dialog. */
  async die(): Promise<void> {
    await this.frames.close();
    this.core.wheel.stop();
    this.core = this.born();
    this.dialogs.clear();
    this.clients.clear();
    this.requests.clear();
  }

  async comeBack(): Promise<void> {
    await this.frames.listen();
  }

  /** Who comes next is told nothing of what the gone one began. */
  private clientGone(): void {
    this.taken.clear();
    this.dialogs.deafen();
    for (const relay of this.clients.values()) relay.orphaned = true;
  }

  private write(text: string): void {
    this.frames.write(text);
  }

  private ok(id: string, wire: string, transactionId: string, dialogId: string): void {
    this.write(`response|${id}|OK|application|${wire.length}|udp|127.0.0.1|5060|00:00:00.000000|${transactionId}|${dialogId}\r\n${fromBytes(wire)}`);
  }

  private up(source: string, message: string, flow: Flow, transactionId: string, dialogId: string): void {
    this.write(`sip|${source}|${message.length}|${flow.transport}|${flow.host}|${flow.port}|00:00:00.000000|${transactionId}|${dialogId}\r\n${fromBytes(message)}`);
  }

  private frame(frame: string): void {
    const end = frame.indexOf('\r\n');
    const [id = '', type, first = '', second = '', third] = (end === -1 ? frame : frame.slice(0, end)).split('|');
    if (type === 'authenticate') {
      this.authenticated.push(first);
      if (first === 'secret') this.write(`response|${id}|OK|udp/${this.hostport}|v0.9.10`);
      else this.write(`response|${id}|NOK|incorrect secret`);
    } else if (type === 'route') {
      this.taken.add(first.toUpperCase());
      this.write(`response|${id}|OK`);
    } else if (type === 'sip') this.fromClient(id, first, second, third, loose(frame.slice(end + 2)));
    else this.write(`response|${id}|OK`);
  }

  private fromClient(id: string, transactionId: string, dialogId: string, proxy: string | undefined, message: Loose): void {
    if (message.first.startsWith('SIP/2.0')) {
      this.respond(id, transactionId, message);
      return;
    }
    const method = message.first.split(' ')[0] ?? '';
    const known = this.dialogs.of(dialogId);
    if (method === 'CANCEL') {
      const invite = this.clients.get(transactionId);
      if (invite === undefined || invite.done) {
        this.write(`response|${id}|NOK|unable to cancel unknown transaction id: ${transactionId}`);
        return;
      }
      invite.cancel(lines(message));
      this.ok(id, toBytes(`CANCEL sip:x SIP/2.0\r\nCSeq: 1 CANCEL\r\n\r\n`), transactionId, '');
    } else if (dialogId !== '' && known === undefined) this.write(`response|${id}|NOK|unable to find dialog for dialog id provided`);
    else if (known !== undefined && method === 'ACK') {
      const { dialog } = known;
      known.ack = writeRequest(dialog.draft('ACK', lines(message), message.body, dialog.localCSeq), this.transports.viaOf(dialog.destination.transport));
      this.transports.send(dialog.destination, known.ack);
      this.ok(id, known.ack, transactionId, dialogId);
    } else this.send(id, method, proxy, message, known);
  }

  private send(id: string, method: string, proxy: string | undefined, message: Loose, known: Known | undefined): void {
    const { uri, routes } = routedTo(message.first.split(' ')[1] ?? '');
    const destination: SipAddress | undefined = known?.dialog.destination ?? destinationOf(routes[0] === undefined ? (proxy ?? uri) : uriOf(routes[0]), undefined);
    if (destination === undefined) {
      this.write(`response|${id}|NOK|bad uri`);
      return;
    }
    const given = message.headers.get('contact');
    const isOurs = (method === 'INVITE' || method === 'REGISTER') && (given === undefined || given.includes('localhost'));
    const headers = (isOurs ? `Contact: ${this.transports.contactOf(destination.transport)}\r\n` : '') + lines(message);
    const address = (name: string, fallback: string): string => (message.headers.get(name) ?? fallback).replace('localhost', this.hostport);
    const from = address('from', `<sip:ritmo@${this.hostport}>`);
    const draft: RequestDraft = known?.dialog.draft(method, headers, message.body, known.dialog.nextCSeq()) ?? {
      method, uri: toBytes(uri), branch: newBranch(), from: tagOf(from) === undefined ? `${toBytes(from)};tag=${newTag()}` : toBytes(from), to: toBytes(address('to', `<${uri}>`)),
      callId: toBytes(message.headers.get('call-id') ?? randomHex(8)), cseq: Number.parseInt(message.headers.get('cseq') ?? '1', 10), routes, headers, body: message.body,
    };
    const relay = new Relay(this, draft, destination, known);
    this.clients.set(draft.branch, relay);
    this.ok(id, writeRequest(draft, this.transports.viaOf(destination.transport)), draft.branch, '');
    if (method === 'INVITE') this.core.transactions.invite(draft, destination, relay);
    else this.core.transactions.request(draft, destination, relay);
  }

  cancel(draft: RequestDraft, destination: SipAddress, headers: string): void {
    this.core.transactions.request({ ...draft, method: 'CANCEL', headers, body: '' }, destination, { received: () => undefined, unanswered: () => undefined });
  }

  answered(relay: Relay, response: SipMessage, wire: string, flow: Flow): void {
    let dialogId = '';
    const { draft } = relay;
    const { status } = response;
    // One of a reliable provisional response too: its PRACK goes inside it (RFC 3262 4).
    if (draft.method === 'INVITE' && status < 300 && (status >= 200 || response.get('rseq') !== undefined)) {
      const found = relay.known ?? this.dialogs.ofResponse(draft.callId, response.toTag);
      if (found?.ack !== undefined && found.ack !== '' && relay.done) {
        this.transports.send(found.dialog.destination, found.ack);
        return;
      }
      dialogId = (found ?? this.dialogs.begin(dialogOfResponse(draft, response, flow, tagOf(draft.from) ?? ''))).id;
    }
    if (status >= 200) relay.done = true;
    // Its client is gone: it is not acknowledged, and told to nobody.
    if (relay.orphaned) return;
    this.up('network', wire, flow, draft.branch, dialogId);
  }

  timedOut(relay: Relay): void {
    const { draft } = relay;
    // As the server's own: it has a Via, and comes from nowhere.
    const wire = `SIP/2.0 408 Request Timeout\r\nVia: ${this.transports.viaOf('udp')};branch=${draft.branch}\r\nFrom: ${draft.from}\r\nTo: ${draft.to}\r\nCall-ID: ${draft.callId}\r\nCSeq: ${draft.cseq} ${draft.method}\r\nContent-Length: 0\r\n\r\n`;
    relay.done = true;
    if (!relay.orphaned) this.up('network', wire, { transport: 'udp', host: '', port: 0 }, draft.branch, '');
  }

  private respond(id: string, transactionId: string, message: Loose): void {
    const open = this.requests.of(transactionId);
    if (open === undefined) {
      this.write(`response|${id}|NOK|no such transaction`);
      return;
    }
    const status = Number(message.first.slice(8, 11));
    open.heard = true;
    const contact = open.request.method === 'INVITE' && !message.headers.has('contact') ? `Contact: ${this.transports.contactOf(open.flow.transport)}\r\n` : '';
    const reply = { toTag: open.tag, headers: contact + lines(message), body: message.body };
    const { transaction, request, flow } = open;
    const wire = transaction instanceof InviteServerTransaction ? transaction.reply(status, reply) : '';
    if (!(transaction instanceof InviteServerTransaction)) transaction.reply(status, reply);
    if (status >= 200) this.requests.close(transactionId);
    let dialogId = '';
    if (transaction instanceof InviteServerTransaction && status >= 200 && status < 300) {
      const known = request.toTag === '' ? this.dialogs.begin(dialogOfRequest(request, flow, open.tag)) : this.dialogs.ofRequest(request);
      if (known !== undefined) {
        dialogId = known.id;
        known.pendingAck = new PendingAck(this.core, { neverAcknowledged: () => this.neverAcknowledged(known) }, request.cseq, { wire, to: transaction.replyTo, connection: undefined });
      }
    }
    this.ok(id, wire === '' ? toBytes(`SIP/2.0 ${status} OK\r\nCSeq: 1 X\r\n\r\n`) : wire, transactionId, dialogId);
  }

  private neverAcknowledged(known: Known): void {
    const { dialog, id } = known;
    const bye = dialog.draft('BYE', 'Reason: SIP;cause=200;text="ACK timeout"\r\n', '', dialog.nextCSeq());
    this.cancelTarget(bye, dialog.destination);
    this.up('application', writeRequest(bye, this.transports.viaOf('udp')), dialog.flow, 'unsolicited', id);
    this.dialogs.end(known);
  }

  private cancelTarget(draft: RequestDraft, destination: SipAddress): void {
    this.core.transactions.request(draft, destination, { received: () => undefined, unanswered: () => undefined });
  }

  private network(wire: string, flow: Flow): void {
    const message = parseMessage(wire);
    if (message instanceof Malformed) return;
    if (!message.isRequest) {
      this.clients.get(message.branch)?.remember(wire);
      this.core.transactions.response(message, flow);
      return;
    }
    if (this.core.transactions.absorbs(message, flow)) return;
    const known = message.toTag === '' ? undefined : this.dialogs.ofRequest(message);
    const dialogId = known?.id ?? '';
    if (message.method === 'ACK') {
      known?.pendingAck?.stop();
      if (known !== undefined) this.up('network', wire, flow, randomHex(4), dialogId);
    } else if (message.method === 'CANCEL') {
      const invite = this.core.transactions.inviteOf(message);
      this.core.transactions.openOther(message, flow).reply(invite === undefined ? 481 : 200);
      if (!(invite instanceof InviteServerTransaction) || invite.answered) return;
      const transactionId = this.requests.idOf(invite);
      if (transactionId === undefined) return;
      invite.reply(487, { toTag: this.requests.of(transactionId)?.tag ?? '' });
      this.requests.close(transactionId);
      this.up('network', wire, flow, transactionId, '');
    } else this.request(message, wire, flow, known, dialogId);
  }

  private request(message: SipMessage, wire: string, flow: Flow, known: Known | undefined, dialogId: string): void {
    const transaction = message.method === 'INVITE' ? this.core.transactions.openInvite(message, flow) : this.core.transactions.openOther(message, flow);
    if (message.toTag !== '' && (known === undefined || known.deaf)) {
      transaction.reply(481);
      if (message.method === 'BYE' && known !== undefined) this.dialogs.end(known);
      return;
    }
    if (known === undefined && !this.taken.has(message.method)) {
      // Methods that it does not know it discards; of the others it says that nobody takes them.
      if (KNOWN.has(message.method)) transaction.reply(503);
      return;
    }
    if (transaction instanceof InviteServerTransaction) transaction.reply(100);
    if (message.method === 'BYE' && known !== undefined) this.dialogs.end(known);
    const transactionId = this.requests.open(transaction, message, flow, transaction instanceof InviteServerTransaction && dialogId === '');
    this.up('network', wire, flow, transactionId, dialogId);
  }
}
