import type { SipAddress, SipTransport } from '../port.ts';
import type { Flow, Sender } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { Lingering } from './lingering.ts';
import type { Remains } from './lingering.ts';
import { replyAddress } from './reply-address.ts';
import type { MutableStats } from './stats.ts';
import type { TimerValues } from './timers.ts';
import type { TimerWheel } from './wheel.ts';

/** Our INVITE that has its 2xx and whose ACK is out: what its user needs to know it again. */
export interface AnsweredRemains {
  readonly branch: string;
  readonly toTag: string;
  readonly ack: string;
  readonly to: SipAddress;
  /** As given to `answered`. */
  readonly companion: object | undefined;
}

/** A request of ours, as its transaction knows it. */
export interface SentRequest {
  readonly method: string;
  readonly branch: string;
  readonly destination: SipAddress;
}

const ANSWERED = 1;
const REFUSED = 2;
const ASKED = 3;
const CANCELLED = 4;
const ACCEPTED = 5;
const CONFIRMED = 6;
const REPLIED = 7;
const OUTSIDE_DIALOG = 8;

/**
 * Transactions that have done their work and absorb repetitions until their last timer (RFC 3261 17: D, I, J, K; RFC 6026: L, M). Each `add…` gives
 * false when the transaction has to do so itself, because what it keeps is too large.
 */
export class EndedTransactions {
  /** Told of each 2xx that comes again for an INVITE of `addAnswered`, and of those of its other forks. */
  answeredAgain: (remains: AnsweredRemains, response: SipMessage, flow: Flow) => void = () => undefined;
  private readonly transports: Sender;
  private readonly stats: MutableStats;
  /** 64*T1: timers D, J, L, M. */
  private readonly long: Lingering;
  /** T4: timers I, K. */
  private readonly short: Lingering;

  constructor(wheel: TimerWheel, timers: TimerValues, transports: Sender, stats: MutableStats) {
    this.transports = transports;
    this.stats = stats;
    const ended = (kind: number): void => {
      if (kind !== OUTSIDE_DIALOG) stats.transactions--;
    };
    this.long = new Lingering(wheel, timers.timeoutMs, ended);
    this.short = new Lingering(wheel, timers.t4Ms, ended);
  }

  /** The INVITE of a client, its 2xx acknowledged (timer M). */
  addAnswered({ branch }: SentRequest, toTag: string, ack: string, { host, port, transport, name }: SipAddress, companion?: object): boolean {
    return this.long.add(ANSWERED, branch, [transport, host, name ?? '', toTag].join(' '), ack, port, companion);
  }

  /** The INVITE of a client, refused by datagram: each repetition is acknowledged (timer D). */
  addRefused({ branch, destination }: SentRequest, ack: string): boolean {
    return this.long.add(REFUSED, branch, destination.host, ack, destination.port);
  }

  /** Any other request of a client, with its final response by datagram: repetitions go nowhere (timer K). */
  addAsked({ branch, method }: SentRequest): boolean {
    return this.short.add(method === 'CANCEL' ? CANCELLED : ASKED, branch);
  }

  /** The INVITE of a server that has sent its 2xx: repetitions are absorbed, whatever the transport (timer L). */
  addAccepted(key: string, localTag: string, mergeKey: string): boolean {
    return this.long.add(ACCEPTED, key, localTag) && this.addMerged(this.long, mergeKey);
  }

  /** The INVITE of a server whose refusal is acknowledged: the ACK may come again (timer I). */
  addConfirmed(key: string, localTag: string, mergeKey: string): boolean {
    return this.short.add(CONFIRMED, key, localTag) && this.addMerged(this.short, mergeKey);
  }

  /** Any other request at a server, answered by datagram: the answer goes out again to each repetition (timer J). */
  addReplied(key: string, answer: string, mergeKey: string): boolean {
    return this.long.add(REPLIED, key, '', answer) && this.addMerged(this.long, mergeKey);
  }

  private addMerged(log: Lingering, mergeKey: string): true {
    if (mergeKey !== '') log.add(OUTSIDE_DIALOG, mergeKey);
    return true;
  }

  awaits(branch: string): boolean {
    return this.long.has(ANSWERED, branch) || this.long.has(REFUSED, branch) || this.short.has(ASKED, branch) || this.short.has(CANCELLED, branch);
  }

  /** False when no transaction waited for it. */
  response(message: SipMessage, flow: Flow): boolean {
    const { branch, method, status } = message;
    if (method !== 'INVITE') return this.short.has(method === 'CANCEL' ? CANCELLED : ASKED, branch);
    const answered = this.long.find(ANSWERED, branch);
    if (answered !== undefined) {
      if (status >= 200 && status < 300) this.answeredAgain(answeredOf(branch, answered), message, flow);
      return true;
    }
    const refused = this.long.find(REFUSED, branch);
    if (refused !== undefined && status >= 300) this.send({ host: refused.head, port: refused.number, transport: 'udp' }, refused.text);
    return refused !== undefined;
  }

  absorbsInvite(key: string): boolean {
    return this.long.has(ACCEPTED, key) || this.short.has(CONFIRMED, key);
  }

  /** Some peers send the ACK of a 2xx with the branch of the INVITE; it is let through to the dialog (departure, harmless). */
  absorbsAck(key: string): boolean {
    return this.short.has(CONFIRMED, key);
  }

  absorbs(key: string, message: SipMessage, flow: Flow): boolean {
    const replied = this.long.find(REPLIED, key);
    if (replied === undefined) return false;
    this.stats.retransmissions++;
    this.send(replyAddress(message, flow), replied.text);
    return true;
  }

  /** To tag of what an INVITE was answered with. */
  localTagOf(key: string): string | undefined {
    return (this.long.find(ACCEPTED, key) ?? this.short.find(CONFIRMED, key))?.head;
  }

  isMerged(mergeKey: string): boolean {
    return this.long.has(OUTSIDE_DIALOG, mergeKey) || this.short.has(OUTSIDE_DIALOG, mergeKey);
  }

  private send(to: SipAddress, wire: string): void {
    this.stats.sent++;
    this.transports.send(to, wire);
  }
}

function answeredOf(branch: string, { head, text, number, companion }: Remains): AnsweredRemains {
  const [transport = 'udp', host = '', name = '', ...tag] = head.split(' ');
  const toTag = tag.join(' ');
  return { branch, toTag, ack: text, to: { host, port: number, transport: transport as SipTransport, ...(name === '' ? {} : { name }) }, companion };
}
