import { asExtension, asId, asLegId, fact, streams, type AgentId, type ContactId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, importContacts, indexed, rig, start } from './testing/stage.ts';

describe('after a crash', () => {
  it('an attempt that telephony knows is left alone; one that nobody ever heard of is closed as interrupted', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), agents: 2 });
    await importContacts(contactsToImport(2));
    await until('two calls', () => carrier.invites.length === 2);
    await rig.context.journal.flush();
    await indexed();
    await rig.app.stop();
    // An intent whose INVITE never left.
    const contactId = await importAlone('late');
    await rig.another().start();
    await until('closed', async () => (await rig.facts('AttemptEnded')).length === 1);
    expect((await factsOf('AttemptEnded'))[0]?.data).toMatchObject({ contactId, outcome: 'interrupted', dispositionId: 26 });
    for (const call of [...carrier.live.keys()]) carrier.end(call, 'busy');
    await until('all closed', async () => (await rig.facts('AttemptEnded')).length === 3);
    const perContact = new Map<ContactId, number>();
    for (const { data } of await factsOf('AttemptStarted')) perContact.set(data.contactId, (perContact.get(data.contactId) ?? 0) + 1);
    expect([...perContact.values()]).toEqual([1, 1, 1]);
  });

  /** A contact and an attempt of it, written as a process would have that died right after. */
  async function importAlone(name: string): Promise<ContactId> {
    const contactId = asId<ContactId>(900_000);
    const common = { contactId, campaignId, phoneId: asId<never>(900_000), areaCode: '11', number: '900000077' };
    const at = Date.now();
    await rig.events.append({
      streamId: streams.contact(contactId),
      expectedVersion: 'none',
      events: [
        fact('ContactImported', at, { contactId, campaignId, parameters: [name], phones: [{ ...common, priority: 1, dialNow: false, dialAt: null }], source: 'test', by }),
        fact('AttemptStarted', at, { ...common, callId: '1.1' as never, dialString: '', trunkId: asId(1), routeId: asId(1), callerId: '', reason: 'fresh', agentId: null }),
      ].map(({ type, data, at: when }) => ({ type, data: data as unknown as Record<string, unknown>, at: when })),
    });
    return contactId;
  }

  it('a call that was delivered ends as delivered, also when the acd stores that after the wire has told its end', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), agents: 1 });
    await importContacts(contactsToImport(1));
    await until('a call', () => carrier.invites.length === 1);
    const { callId, queueId } = carrier.invites[0] as (typeof carrier.invites)[number];
    carrier.end(callId, 'answered');
    await until('its end is stored', async () => (await factsOf('CallEnded')).length === 1);
    await new Promise((resolve) => setTimeout(resolve, 200));
    const common = { callId, legId: asLegId(`${callId}/1`), agentId: asId<AgentId>(1), extension: asExtension('1001'), queueId, campaignId };
    rig.store(streams.call(callId), [fact('CallDelivered', Date.now(), { ...common, waitMs: 0 })]);
    await until('an end', async () => (await factsOf('AttemptEnded')).length === 1);
    expect((await factsOf('AttemptEnded'))[0]?.data).toMatchObject({ outcome: 'delivered', agentId: 1 });
  });

  it('a second process takes the campaign over when the first one stops, and not before', async () => {
    await start({ answer: () => ({ kind: 'busy' }), agents: 3 });
    const second = rig.another();
    await second.start();
    await importContacts(contactsToImport(30));
    await until('30 calls', () => carrier.invites.length === 30);
    await until('all ended', async () => (await rig.facts('ContactFinished')).length === 30);
    await rig.app.stop();
    await importContacts(contactsToImport(30, 1, 100));
    await until('60 calls', () => carrier.invites.length === 60);
    expect(new Set(carrier.invites.map((invite) => invite.contactId)).size).toBe(60);
  });
});
