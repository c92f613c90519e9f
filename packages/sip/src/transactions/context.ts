import type { SipTransport } from '../port.ts';
import type { Sender } from '../transport/flow.ts';
import type { EndedTransactions } from './ended.ts';
import type { MutableStats } from './stats.ts';
import type { TimerValues } from './timers.ts';
import type { TimerWheel } from './wheel.ts';

/** What a machine needs of the layer that it is a part of. */
export interface TransactionContext {
  readonly wheel: TimerWheel;
  readonly timers: TimerValues;
  readonly transports: Sender;
  readonly stats: MutableStats;
  readonly ended: EndedTransactions;
  /** `SIP/2.0/UDP host:port` for the Via of a request. */
  sentBy(transport: SipTransport): string;
  removeClient(transaction: KeyedClient): void;
  removeInviteServer(transaction: KeyedServer): void;
  removeOtherServer(transaction: KeyedServer): void;
  /** It goes on among the ended ones, and still counts. */
  clientHasEnded(transaction: KeyedClient): void;
  inviteServerHasEnded(transaction: KeyedServer): void;
  otherServerHasEnded(transaction: KeyedServer): void;
}

/** How a response finds its transaction (RFC 3261 17.1.3). */
export interface KeyedClient {
  readonly branch: string;
  readonly method: string;
}

/** How a request finds its transaction (RFC 3261 17.2.3, 8.2.2.2). */
export interface KeyedServer {
  readonly key: string;
  /** Empty for a request inside a dialog. */
  readonly mergeKey: string;
}
