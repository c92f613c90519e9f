import { asExtension, type AgentId, type ContactId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from './testing/rig.ts';
import { carrier, factsOf, importContacts, rig, start } from './testing/stage.ts';

describe('preview', () => {
  it('shows a contact to a free agent and dials when the agent asks for it', async () => {
    await start({ answer: () => ({ kind: 'answered', talkMs: 10 }), campaign: { mode: 'preview' }, agents: 1 });
    await importContacts(contactsToImport(2));
    await until('an offer', async () => (await rig.facts('PreviewOffered')).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(carrier.invites).toHaveLength(0);
    const [offered] = await factsOf('PreviewOffered');
    const contactId = offered?.data.contactId as ContactId;
    const answer = { extension: asExtension('1001'), contactId, accepted: true };
    expect(await rig.bus.request('dialer.preview.answer', { ...answer, extension: asExtension('1002') })).toMatchObject({ code: 'not-offered' });
    expect(await rig.bus.request('dialer.preview.answer', answer)).toEqual({ ok: true });
    await until('the call', () => carrier.invites.length === 1);
    expect((await factsOf('AttemptStarted'))[0]?.data).toMatchObject({ reason: 'preview', agentId: 1 as AgentId, contactId });
    // The same machine as every other mode, and its record of why.
    await until('the decision on record', async () => (await factsOf('PacingDecided')).length > 0);
    expect((await factsOf('PacingDecided'))[0]?.data).toMatchObject({ start: 1, reason: 'agents asked for these calls', inputs: { requests: 1, freeAgents: 1, channelsFree: 100 } });
    await until('the next offer', async () => (await rig.facts('PreviewOffered')).length === 2);
  });

  it('comes again later when the agent declines, and dials by itself after the time for it', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { mode: 'preview' }, agents: 1, dialer: { previewDialAfterMs: 200 } });
    await importContacts(contactsToImport(2));
    await until('an offer', async () => (await rig.facts('PreviewOffered')).length === 1);
    const first = (await factsOf('PreviewOffered'))[0]?.data.contactId as ContactId;
    await rig.bus.request('dialer.preview.answer', { extension: asExtension('1001'), contactId: first, accepted: false });
    await until('the second contact is dialed', () => carrier.invites.length === 1);
    expect(carrier.invites[0]?.contactId).not.toBe(first);
  });
});
