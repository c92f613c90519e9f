/** What the rooms of the dialer share: built once by app.ts. */
import type { CallIdAllocator, ServiceContext } from '@ritmo/service-kit';
import type { AgentBoard } from './agent-board.ts';
import type { CallbackTurns } from './callback-turns.ts';
import type { CallsInFlight } from './calls-in-flight.ts';
import type { Claims } from './claims.ts';
import type { ContactBook } from './contact-book.ts';
import type { DialerMetrics } from './metrics.ts';
import type { DialerSettings } from './options.ts';
import type { ShortCalls } from './short-calls.ts';
import type { TrunkRoom } from './trunk-room.ts';

export interface DialerParts {
  readonly context: ServiceContext;
  readonly settings: DialerSettings;
  readonly book: ContactBook;
  readonly calls: CallsInFlight;
  readonly agents: AgentBoard;
  readonly claims: Claims;
  readonly trunks: TrunkRoom;
  readonly shortCalls: ShortCalls;
  readonly callIds: CallIdAllocator;
  readonly metrics: DialerMetrics;
  /** Resolves when the work index has everything stored up to now: who looks for what was just imported waits for it. */
  readonly indexed: () => Promise<void>;
  readonly callbackTurns: CallbackTurns;
}
