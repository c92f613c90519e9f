/**
 * A wire-level double of drachtio-server for the tests: its TCP protocol on one side, real SIP over UDP on the other, built on the native
 * engine's transactions and dialogs. One client at a time. Frames are `length#id|type|…\r\nSIP message`, as drachtio-srf 5 reads and writes them.
 */
import { randomUUID } from 'node:crypto';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { destinationOf, dialogOfRequest, dialogOfResponse } from '../native/dialog.ts';
import { PendingAck } from '../native/pending-ack.ts';
import { assemble, emptyStats } from '../native/assemble.ts';
import type { Core } from '../native/core.ts';
import type { SipAddress, SipStackOptions } from '../port.ts';
import { InviteServerTransaction } from '../transactions/invite-server.ts';
import type { ServerTransaction } from '../transactions/server.ts';
import { TimerWheel } from '../transactions/wheel.ts';
import type { Flow } from '../transport/flow.ts';
import { Transports } from '../transport/transports.ts';
import { newBranch, newTag, randomHex } from '../wire/ids.ts';
import { Malformed, parseMessage } from '../wire/message.ts';
import type { SipMessage } from '../wire/message.ts';
import { tagOf } from '../wire/scan.ts';
import { fromBytes, toBytes } from '../wire/text.ts';
import { writeRequest } from '../wire/write.ts';
import type { RequestDraft } from '../wire/write.ts';
import { lines, loose } from './double-message.ts';
import type { Loose } from './double-message.ts';
import { Relay } from './double-relay.ts';
import type { Known, RelayOwner } from './double-relay.ts';

export class DrachtioDouble implements RelayOwner {
  port = 0;
  readonly authenticated: string[] = [];
  private readonly server: Server = createServer((socket) => this.accept(socket));
  private readonly core: Core;
  private readonly transports: Transports;
  private client: Socket | undefined;
  private hostport = '';
  private readonly servers = new Map<string, { readonly transaction: ServerTransaction; readonly request: SipMessage; readonly flow: Flow; readonly tag: string }>();
  private readonly clients = new Map<string, Relay>();
  private readonly dialogs = new Map<string, Known>();
  /** Dialogs of a client that is gone: nobody hears of them any more, the next client neither. */
  private readonly deaf = new Set<Known>();

  constructor(t1Ms: number) {
    const wheel = new TimerWheel(() => undefined);
    const options: SipStackOptions = {
      host: '127.0.0.1', port: 0, transports: ['udp'], realm: '', userAgent: 'drachtio-double', t1Ms,
      handlers: { classify: () => 'unknown', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined },
    };
    this.transports = new Transports(options, {
      opens: () => true, message: (wire, flow) => this.network(wire, flow), trouble: () => undefined, dropped: () => undefined, probed: () => undefined,
    });
    this.core = assemble(options, wheel, this.transports, emptyStats()).core;
  }

  async start(): Promise<void> {
    const bound = await this.transports.bind();
    this.hostport = `${bound.host}:${bound.port}`;
    await new Promise<void>((done) => this.server.listen(0, '127.0.0.1', done));
    this.port = (this.server.address() as AddressInfo).port;
  }

  stop(): void {
    this.client?.destroy();
    this.server.close();
    this.core.wheel.stop();
    this.transports.close();
  }

  /** Something that is no frame. */
  corrupt(): void {
    this.client?.write('not a length#at all');
  }

  get connected(): boolean {
    return this.client?.destroyed === false;
  }

  /** As if it had died and come back: no dialog is known. */
  forget(): void {
    this.dialogs.clear();
  }

  private accept(socket: Socket): void {
    this.client = socket;
    socket.on('close', () => {
      for (const known of this.dialogs.values()) this.deaf.add(known);
    });
    let pending = Buffer.alloc(0);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      pending = Buffer.concat([pending, chunk]);
      for (let hash = pending.indexOf('#'); hash > 0; hash = pending.indexOf('#')) {
        const end = hash + 1 + Number(pending.toString('utf8', 0, hash));
        if (pending.length < end) return;
        const frame = pending.toString('utf8', hash + 1, end);
        pending = pending.subarray(end);
        this.frame(frame);
      }
    });
  }

  private write(text: string): void {
    const frame = `${randomUUID()}|${text}`;
    this.client?.write(`${Buffer.byteLength(frame, 'utf8')}#${frame}`);
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
    } else if (type === 'sip') this.fromClient(id, first, second, third, loose(frame.slice(end + 2)));
    else this.write(`response|${id}|OK`);
  }

  private fromClient(id: string, transactionId: string, dialogId: string, proxy: string | undefined, message: Loose): void {
    if (message.first.startsWith('SIP/2.0')) {
      this.respond(id, transactionId, message);
      return;
    }
    const method = message.first.split(' ')[0] ?? '';
    const known = this.dialogs.get(dialogId);
    if (method === 'CANCEL') {
      this.clients.get(transactionId)?.cancel(lines(message));
      this.ok(id, toBytes(`CANCEL sip:x SIP/2.0\r\nCSeq: 1 CANCEL\r\n\r\n`), transactionId, '');
    } else if (dialogId !== '' && known === undefined) this.write(`response|${id}|NOK|unable to find dialog for dialog id provided`);
    else if (known !== undefined && method === 'ACK') {
      const { dialog } = known;
      known.ack = writeRequest(dialog.draft('ACK', lines(message), message.body, dialog.localCSeq), this.transports.viaOf('udp'));
      this.transports.send(dialog.destination, known.ack);
      this.ok(id, known.ack, transactionId, dialogId);
    } else this.send(id, method, proxy, message, known);
  }

  private send(id: string, method: string, proxy: string | undefined, message: Loose, known: Known | undefined): void {
    const given = message.headers.get('contact');
    const contact = (method === 'INVITE' || method === 'REGISTER') && (given === undefined || given.includes('localhost')) ? `Contact: ${this.transports.contactOf('udp')}\r\n` : '';
    const headers = contact + lines(message);
    const uri = message.first.split(' ')[1] ?? '';
    const address = (name: string, fallback: string): string => (message.headers.get(name) ?? fallback).replace('localhost', this.hostport);
    const from = address('from', `<sip:ritmo@${this.hostport}>`);
    const draft: RequestDraft = known?.dialog.draft(method, headers, message.body, known.dialog.nextCSeq()) ?? {
      method, uri: toBytes(uri), branch: newBranch(), from: tagOf(from) === undefined ? `${toBytes(from)};tag=${newTag()}` : toBytes(from), to: toBytes(address('to', `<${uri}>`)),
      callId: toBytes(message.headers.get('call-id') ?? randomHex(8)), cseq: Number.parseInt(message.headers.get('cseq') ?? '1', 10), routes: [], headers, body: message.body,
    };
    const destination: SipAddress | undefined = known?.dialog.destination ?? destinationOf(proxy ?? uri, undefined);
    if (destination === undefined) {
      this.write(`response|${id}|NOK|bad uri`);
      return;
    }
    const relay = new Relay(this, draft, destination, known);
    this.clients.set(draft.branch, relay);
    this.ok(id, writeRequest(draft, this.transports.viaOf('udp')), draft.branch, '');
    if (method === 'INVITE') this.core.transactions.invite(draft, destination, relay);
    else this.core.transactions.request(draft, destination, relay);
  }

  cancel(draft: RequestDraft, destination: SipAddress, headers: string): void {
    this.core.transactions.request({ ...draft, method: 'CANCEL', headers, body: '' }, destination, { received: () => undefined, unanswered: () => undefined });
  }

  answered(relay: Relay, response: SipMessage, wire: string, flow: Flow): void {
    let dialogId = '';
    const { draft } = relay;
    if (draft.method === 'INVITE' && response.status >= 200 && response.status < 300) {
      const found = relay.known ?? [...this.dialogs.values()].find((each) => each.dialog.callId === draft.callId && each.dialog.remoteTag === response.toTag);
      if (found?.ack !== undefined && found.ack !== '' && relay.done) {
        this.transports.send(found.dialog.destination, found.ack);
        return;
      }
      const dialog = found?.dialog ?? dialogOfResponse(draft, response, flow, tagOf(draft.from) ?? '');
      dialogId = `${dialog.localTag}-${dialog.remoteTag}`;
      if (found === undefined) this.dialogs.set(dialogId, { dialog, pendingAck: undefined, ack: '' });
      relay.done = true;
    }
    this.up('network', wire, flow, draft.branch, dialogId);
  }

  timedOut(relay: Relay): void {
    const { draft } = relay;
    // As the server's own: it has a Via, and comes from nowhere.
    const wire = `SIP/2.0 408 Request Timeout\r\nVia: ${this.transports.viaOf('udp')};branch=${draft.branch}\r\nFrom: ${draft.from}\r\nTo: ${draft.to}\r\nCall-ID: ${draft.callId}\r\nCSeq: ${draft.cseq} ${draft.method}\r\nContent-Length: 0\r\n\r\n`;
    this.up('network', wire, { transport: 'udp', host: '', port: 0 }, draft.branch, '');
  }

  private respond(id: string, transactionId: string, message: Loose): void {
    const open = this.servers.get(transactionId);
    if (open === undefined) {
      this.write(`response|${id}|NOK|no such transaction`);
      return;
    }
    const status = Number(message.first.slice(8, 11));
    const inDialog = open.request.toTag !== '';
    const contact = open.request.method === 'INVITE' && !message.headers.has('contact') ? `Contact: ${this.transports.contactOf('udp')}\r\n` : '';
    const reply = { toTag: open.tag, headers: contact + lines(message), body: message.body };
    const { transaction, request, flow } = open;
    const wire = transaction instanceof InviteServerTransaction ? transaction.reply(status, reply) : '';
    if (!(transaction instanceof InviteServerTransaction)) transaction.reply(status, reply);
    if (status >= 200) this.servers.delete(transactionId);
    let dialogId = '';
    if (transaction instanceof InviteServerTransaction && status >= 200 && status < 300) {
      const known = inDialog ? this.byTags(request) : { dialog: dialogOfRequest(request, flow, open.tag), pendingAck: undefined, ack: '' };
      if (known !== undefined) {
        dialogId = `${known.dialog.localTag}-${known.dialog.remoteTag}`;
        this.dialogs.set(dialogId, known);
        known.pendingAck = new PendingAck(this.core, { neverAcknowledged: () => this.neverAcknowledged(known, dialogId) }, request.cseq, { wire, to: transaction.replyTo, connection: undefined });
      }
    }
    this.ok(id, wire === '' ? toBytes(`SIP/2.0 ${status} OK\r\nCSeq: 1 X\r\n\r\n`) : wire, transactionId, dialogId);
  }

  private neverAcknowledged(known: Known, dialogId: string): void {
    const { dialog } = known;
    const bye = dialog.draft('BYE', 'Reason: SIP;cause=200;text="ACK timeout"\r\n', '', dialog.nextCSeq());
    this.cancelTarget(bye, dialog.destination);
    this.up('application', writeRequest(bye, this.transports.viaOf('udp')), dialog.flow, 'unsolicited', dialogId);
    this.dialogs.delete(dialogId);
  }

  private cancelTarget(draft: RequestDraft, destination: SipAddress): void {
    this.core.transactions.request(draft, destination, { received: () => undefined, unanswered: () => undefined });
  }

  private byTags(message: SipMessage): Known | undefined {
    return this.dialogs.get(`${message.toTag}-${message.fromTag}`);
  }

  private network(wire: string, flow: Flow): void {
    const message = parseMessage(wire);
    if (message instanceof Malformed) return;
    if (!message.isRequest) {
      this.clients.get(message.branch)?.remember(wire);
      this.core.transactions.response(message, flow);
      return;
    }
    if (this.core.transactions.absorbs(message)) return;
    const known = message.toTag === '' ? undefined : this.byTags(message);
    const dialogId = known === undefined ? '' : `${known.dialog.localTag}-${known.dialog.remoteTag}`;
    if (message.method === 'ACK') {
      known?.pendingAck?.stop();
      if (known !== undefined) this.up('network', wire, flow, randomHex(4), dialogId);
    } else if (message.method === 'CANCEL') {
      const invite = this.core.transactions.inviteOf(message);
      this.core.transactions.openOther(message, flow).reply(invite === undefined ? 481 : 200);
      const [transactionId] = [...this.servers].find(([, each]) => each.transaction === invite) ?? [];
      if (invite === undefined || invite.answered || transactionId === undefined) return;
      invite.reply(487, { toTag: this.servers.get(transactionId)?.tag ?? '' });
      this.servers.delete(transactionId);
      this.up('network', wire, flow, transactionId, '');
    } else this.request(message, wire, flow, known, dialogId);
  }

  private request(message: SipMessage, wire: string, flow: Flow, known: Known | undefined, dialogId: string): void {
    const transaction = message.method === 'INVITE' ? this.core.transactions.openInvite(message, flow) : this.core.transactions.openOther(message, flow);
    if (message.toTag !== '' && (known === undefined || this.deaf.has(known))) {
      transaction.reply(481);
      if (message.method === 'BYE') this.dialogs.delete(dialogId);
      return;
    }
    if (transaction instanceof InviteServerTransaction) transaction.reply(100);
    if (message.method === 'BYE') {
      known?.pendingAck?.stop();
      this.dialogs.delete(dialogId);
    }
    const transactionId = randomHex(8);
    this.servers.set(transactionId, { transaction, request: message, flow, tag: newTag() });
    this.up('network', wire, flow, transactionId, dialogId);
  }
}
