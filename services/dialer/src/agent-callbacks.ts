/** Callbacks that an agent makes: announced at their minute, once, never dialed by themselves (manual 1.1.15). */
import { announceAgentCallbacks } from '@ritmo/domain';
import type { DialerParts } from './parts.ts';
import { readAgentCallbacksDue } from './work-index.ts';

const batch = 200;

export async function announceDueCallbacks({ context, book }: DialerParts): Promise<number> {
  const atMs = context.clock.nowMs();
  const due = await readAgentCallbacksDue(context.database, atMs, batch);
  let announced = 0;
  for (const contactId of due) {
    // Two processes may both see it due: the expected version lets one of them announce it.
    const contact = await book.load(contactId);
    const outcome = await book.decideOnce(contact, (state) => announceAgentCallbacks(state, { atMs }));
    if (outcome.ok) announced += outcome.facts.length;
  }
  return announced;
}
