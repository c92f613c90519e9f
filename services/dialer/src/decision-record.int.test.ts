import { describe, expect, it } from 'vitest';
import { contactsToImport, entry, until } from './testing/rig.ts';
import { carrier, closedWindow, factsOf, importContacts, rig, start, status } from './testing/stage.ts';

const reason = async (): Promise<string | undefined> => (await status()).lastDecision?.reason;

describe('the record of a decision', { timeout: 60_000 }, () => {
  it('says that the call window is closed, once in the events, and goes on when it opens', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { callWindowId: 1 }, dialer: { pacingSampleMs: 0 } });
    rig.put('call-window', 1, entry('call-window', { id: 1, ...closedWindow }));
    await until('the window is known', () => rig.context.directory.get('call-window', 1 as never) !== undefined);
    await importContacts(contactsToImport(5));
    await until('the agents are known', async () => (await status()).lastDecision?.inputs['freeAgents'] === 5);
    await until('the reason', async () => (await reason()) === 'the call window is closed');
    expect((await status()).lastDecision).toMatchObject({ start: 0, inputs: { due: 0, freeAgents: 5 } });
    await new Promise((resolve) => setTimeout(resolve, 300));
    await rig.context.journal.flush();
    expect((await factsOf('PacingDecided')).filter(({ data }) => data.reason === 'the call window is closed')).toHaveLength(1);
    expect(carrier.invites).toHaveLength(0);
    rig.put('call-window', 1, { ...closedWindow, holidays: [] });
    await until('all are dialed', () => carrier.invites.length === 5);
    await rig.context.journal.flush();
    expect((await factsOf('PacingDecided')).some(({ data }) => data.start > 0 && data.reason === 'one line per free agent' && (data.inputs['due'] ?? 0) > 0)).toBe(true);
  });

  it('says that nobody is due when the day\'s attempts of everybody are used up', async () => {
    const retries = [{ outcome: 'busy' as const, samePhoneTries: 9, afterMinutes: 0, then: 'give-up' as const, nextPhoneAfterMinutes: 0 }];
    await start({ answer: () => ({ kind: 'busy' }), campaign: { maxAttemptsPerDay: 2, maxAttempts: 9, retries } });
    await importContacts(contactsToImport(3));
    await until('two attempts each', () => carrier.invites.length === 6);
    await until('the reason', async () => (await reason()) === 'no contact is due now');
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(carrier.invites).toHaveLength(6);
  });
});
