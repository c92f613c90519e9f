import type { SipAddress, SipTransport } from '../port.ts';
import type { Flow, Sender } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { branchOf, MAGIC_COOKIE } from '../wire/via.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { ClientOwner, ClientTransaction } from './client.ts';
import type { KeyedClient, KeyedServer, TransactionContext } from './context.ts';
import { EndedTransactions } from './ended.ts';
import { InviteClientTransaction } from './invite-client.ts';
import { InviteServerTransaction } from './invite-server.ts';
import { NonInviteClientTransaction } from './non-invite-client.ts';
import { NonInviteServerTransaction } from './non-invite-server.ts';
import type { MutableStats } from './stats.ts';
import type { TimerValues } from './timers.ts';
import type { TimerWheel } from './wheel.ts';

/** What a CANCEL means. */
export interface Cancellable {
  /** To tag of our responses: that of the CANCEL's should be the same (RFC 3261 9.2). */
  readonly localTag: string;
  /** Changes nothing when it comes too late. */
  cancel(message: SipMessage): void;
}

/** The four transaction machines of RFC 3261 17 (with RFC 6026), and how a message finds its own (17.1.3, 17.2.3). */
export class TransactionLayer implements TransactionContext {
  readonly wheel: TimerWheel;
  readonly timers: TimerValues;
  readonly transports: Sender;
  readonly stats: MutableStats;
  readonly ended: EndedTransactions;
  private readonly clients = new Map<string, ClientTransaction>();
  /** A CANCEL has the branch of its INVITE, so it lives in a table of its own. */
  private readonly cancels = new Map<string, ClientTransaction>();
  private readonly inviteServers = new Map<string, InviteServerTransaction>();
  private readonly otherServers = new Map<string, NonInviteServerTransaction>();
  /** Requests outside dialogs that have a transaction, whatever the path they came by. */
  private readonly outsideDialogs = new Set<string>();

  constructor(wheel: TimerWheel, timers: TimerValues, transports: Sender, stats: MutableStats) {
    this.wheel = wheel;
    this.timers = timers;
    this.transports = transports;
    this.stats = stats;
    this.ended = new EndedTransactions(wheel, timers, transports, stats);
  }

  invite(draft: RequestDraft, destination: SipAddress, owner: ClientOwner, flow?: Flow): InviteClientTransaction {
    const transaction = new InviteClientTransaction(this, draft, destination, owner, flow?.connection);
    this.addClient(transaction);
    transaction.start();
    return transaction;
  }

  /** An INVITE that another process sent: only its responses are awaited. */
  adoptInvite(draft: RequestDraft, destination: SipAddress, owner: ClientOwner): InviteClientTransaction {
    const transaction = new InviteClientTransaction(this, draft, destination, owner, undefined);
    this.addClient(transaction);
    transaction.adopt();
    return transaction;
  }

  request(draft: RequestDraft, destination: SipAddress, owner: ClientOwner, flow?: Flow): NonInviteClientTransaction {
    const transaction = new NonInviteClientTransaction(this, draft, destination, owner, flow?.connection);
    this.addClient(transaction);
    transaction.start();
    return transaction;
  }

  private tableOf(method: string): Map<string, ClientTransaction> {
    return method === 'CANCEL' ? this.cancels : this.clients;
  }

  private addClient(transaction: ClientTransaction): void {
    this.stats.transactions++;
    this.tableOf(transaction.method).set(transaction.branch, transaction);
  }

  /** Unless another one has taken its branch over (`adoptInvite`). */
  removeClient(transaction: KeyedClient): void {
    const table = this.tableOf(transaction.method);
    if (table.get(transaction.branch) === transaction && table.delete(transaction.branch)) this.stats.transactions--;
  }

  clientHasEnded(transaction: KeyedClient): void {
    this.tableOf(transaction.method).delete(transaction.branch);
  }

  /** An INVITE's 2xx with this To tag is acknowledged by these bytes: what comes now for it is told to `ended.answeredAgain`, not to its owner. */
  restAnswered(transaction: ClientTransaction, toTag: string, ack: string, to: SipAddress, companion?: object): void {
    if (this.clients.get(transaction.branch) === transaction && this.ended.addAnswered(transaction, toTag, ack, to, companion)) transaction.rest();
  }

  /** False when no transaction waits for it. */
  response(message: SipMessage, flow: Flow): boolean {
    const transaction = this.tableOf(message.method).get(message.branch);
    if (transaction === undefined) return this.ended.response(message, flow);
    if (transaction.method !== message.method) return false;
    transaction.response(message, flow);
    return true;
  }

  /** Is there a transaction for the branch in the first bytes of a response? For a look before it is parsed. */
  awaits(head: string): boolean {
    const at = head.indexOf(';branch=');
    if (at === -1) return false;
    const branch = branchOf(head.slice(at, head.indexOf('\r', at)));
    return this.clients.has(branch) || this.cancels.has(branch) || this.ended.awaits(branch);
  }

  /** True when the request was a retransmission, or an ACK that belongs to a transaction. */
  absorbs(message: SipMessage, flow: Flow): boolean {
    const { method } = message;
    const key = serverKey(message);
    if (method === 'INVITE') return this.inviteServers.get(key)?.repeated() ?? this.ended.absorbsInvite(key);
    if (method === 'ACK') return this.inviteServers.get(key)?.acknowledged() ?? this.ended.absorbsAck(key);
    const transaction = this.otherServers.get(method + key);
    if (transaction === undefined) return this.ended.absorbs(method + key, message, flow);
    transaction.repeated();
    return true;
  }

  /** The INVITE that a CANCEL means (RFC 3261 9.2). */
  inviteOf(cancel: SipMessage): Cancellable | undefined {
    const key = serverKey(cancel);
    const transaction = this.inviteServers.get(key);
    if (transaction !== undefined) return transaction;
    const localTag = this.ended.localTagOf(key);
    return localTag === undefined ? undefined : { localTag, cancel: () => undefined };
  }

  /** The same request by another path: same From tag, Call-ID and CSeq, another branch (RFC 3261 8.2.2.2). */
  isMerged(message: SipMessage): boolean {
    const key = mergeKey(message);
    return this.outsideDialogs.has(key) || this.ended.isMerged(key);
  }

  private added(message: SipMessage): string {
    this.stats.transactions++;
    // A CANCEL is never taken for a merged one.
    if (message.toTag !== '' || message.method === 'CANCEL') return '';
    const key = mergeKey(message);
    this.outsideDialogs.add(key);
    return key;
  }

  openInvite(message: SipMessage, flow: Flow): InviteServerTransaction {
    const transaction = new InviteServerTransaction(this, serverKey(message), message, flow);
    transaction.mergeKey = this.added(message);
    this.inviteServers.set(transaction.key, transaction);
    return transaction;
  }

  openOther(message: SipMessage, flow: Flow): NonInviteServerTransaction {
    const transaction = new NonInviteServerTransaction(this, message.method + serverKey(message), message, flow);
    transaction.mergeKey = this.added(message);
    this.otherServers.set(transaction.key, transaction);
    return transaction;
  }

  removeInviteServer(transaction: KeyedServer): void {
    if (this.inviteServers.delete(transaction.key)) this.removed(transaction);
  }

  removeOtherServer(transaction: KeyedServer): void {
    if (this.otherServers.delete(transaction.key)) this.removed(transaction);
  }

  inviteServerHasEnded(transaction: KeyedServer): void {
    this.inviteServers.delete(transaction.key);
    this.outsideDialogs.delete(transaction.mergeKey);
  }

  otherServerHasEnded(transaction: KeyedServer): void {
    this.otherServers.delete(transaction.key);
    this.outsideDialogs.delete(transaction.mergeKey);
  }

  private removed(transaction: KeyedServer): void {
    this.stats.transactions--;
    if (transaction.mergeKey !== '') this.outsideDialogs.delete(transaction.mergeKey);
  }

  sentBy(transport: SipTransport): string {
    return this.transports.viaOf(transport);
  }
}

/** RFC 3261 17.2.3: branch and sent-by; for peers of RFC 2543 the parts that made a transaction there. */
function serverKey(message: SipMessage): string {
  const via = message.topVia;
  if (via === undefined) return '';
  const sentBy = via.port === undefined ? via.host : `${via.host}:${via.port}`;
  // The cookie alone names nothing (RFC 4475 3.2.1).
  if (via.branch.length > MAGIC_COOKIE.length && via.branch.startsWith(MAGIC_COOKIE)) return `${via.branch}@${sentBy}`;
  // The To tag is left out: the ACK of a refusal has one that the INVITE had not.
  return `2543 ${message.callId} ${message.cseq} ${message.fromTag} ${message.uri} ${sentBy}`;
}

function mergeKey(message: SipMessage): string {
  return `${message.method} ${message.cseq} ${message.fromTag} ${message.callId}`;
}
