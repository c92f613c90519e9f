/** Callbacks that an agent makes: announced at their minute, once, never dialed by themselves (manual 1.1.15). */
import { announceAgentCallbacks, type ContactId } from '@ritmo/domain';
import type { DialerParts } from './parts.ts';
import { readAgentCallbacksDue } from './work-index.ts';

const batch = 200;

export interface AnnouncementOptions {
  /** Those that fell due while no process ran wait for it, so that readers of the socket can connect again and hear of them. */
  readonly settledAt: number;
  readonly startedAt: number;
}

export async function announceDueCallbacks(parts: DialerParts, { settledAt, startedAt }: AnnouncementOptions): Promise<number> {
  const { clock, database, log } = parts.context;
  const atMs = clock.nowMs();
  let announced = 0;
  for (const contactId of await readAgentCallbacksDue(database, atMs < settledAt ? startedAt : 0, atMs, batch)) {
    announced += await announce(parts, contactId, atMs).catch((error: unknown) => {
      log.error({ err: error, contactId }, "an agent's callback could not be announced; it is tried again");
      return 0;
    });
  }
  return announced;
}

async function announce({ book }: DialerParts, contactId: ContactId, atMs: number): Promise<number> {
  // Two processes may both see it due: the expected version lets one of them announce it.
  const outcome = await book.decideOnce(await book.load(contactId), (state) => announceAgentCallbacks(state, { atMs }));
  return outcome.ok ? outcome.facts.length : 0;
}
