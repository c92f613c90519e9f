import { asId, type CampaignId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, importContacts, importOne, indexed, mobile, rig, start, status } from './testing/stage.ts';

describe('a campaign', () => {
  it('dials every contact of a list once and finishes each', async () => {
    await start({ answer: (to) => (Number(to.slice(-2, -1)) % 2 === 0 ? { kind: 'answered', talkMs: 20 } : { kind: 'busy' }) });
    const reply = await importContacts(contactsToImport(60));
    expect(reply).toMatchObject({ ok: true, imported: 60, rejected: [] });
    await until('every contact finished', async () => (await rig.facts('ContactFinished')).length === 60);
    expect(carrier.invites).toHaveLength(60);
    expect(new Set(carrier.invites.map((invite) => invite.contactId)).size).toBe(60);
    await until('the index is up to date', async () => (await status()).attempts === 60 && (await status()).remainingDue === 0);
    expect(await status()).toMatchObject({ dialing: 0, delivered: 0, outcomes: { busy: 30, delivered: 30 }, byDisposition: { 7: 30, 22: 30 } });
  });

  it('stores the intent before the INVITE', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    const started: string[] = [];
    const early: string[] = [];
    rig.bus.subscribe('fact.AttemptStarted', ({ data }) => void started.push(data.callId));
    rig.bus.subscribe('fact.CallPlaced', ({ data }) => void (started.includes(data.callId) || early.push(data.callId)));
    await importContacts(contactsToImport(20));
    await until('20 calls', () => carrier.invites.length === 20);
    expect(early).toEqual([]);
  });

  it('rests when it is deactivated and goes on when it is activated', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    await importContacts(contactsToImport(5));
    await indexed();
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(carrier.invites).toHaveLength(0);
    expect(await rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'toggle', by })).toEqual({ ok: true, active: true });
    await until('5 calls', () => carrier.invites.length === 5);
    expect(await rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'toggle', by })).toEqual({ ok: true, active: false });
    expect(await rig.bus.request('dialer.campaign.set-active', { campaignId: asId<CampaignId>(99), action: 'toggle', by })).toMatchObject({ code: 'unknown-campaign' });
  });

  it('never has more calls than agents in progressive mode, nor more than channels', async () => {
    await start({ answer: () => ({ kind: 'no-answer' }), agents: 8, channels: 3 });
    await importContacts(contactsToImport(40));
    await until('40 calls', () => carrier.invites.length === 40);
    expect(carrier.mostAtOnce).toBeLessThanOrEqual(6);
    expect(new Set(carrier.invites.map((invite) => invite.trunkId)).size).toBe(2);
  });

  it('waits for its trunk when the calls of this second are used up, and does not turn to the next one', async () => {
    await start({ answer: () => ({ kind: 'busy' }), agents: 8, perSecond: 10 });
    await importContacts(contactsToImport(25));
    await until('25 calls', () => carrier.invites.length === 25);
    expect(new Set(carrier.invites.map((invite) => invite.trunkId))).toEqual(new Set([1]));
  });

  it('asks for another slot when the intent took longer than the lease, with one INVITE for one attempt', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    let lapses = 3;
    rig.bus.subscribe('fact.AttemptStarted', () => void (lapses-- > 0 && carrier.lapseSlots()));
    await importContacts(contactsToImport(6));
    await until('all ended', async () => (await factsOf('AttemptEnded')).length === 6);
    expect((await factsOf('AttemptEnded')).map(({ data }) => data.outcome)).toEqual(Array.from({ length: 6 }, () => 'busy'));
    expect(carrier.invites).toHaveLength(6);
  });

  it.each(['slot-lapsed', 'shutting-down', 'unknown-trunk'] as const)('takes an attempt back that telephony refuses for certain (%s), and calls later: one INVITE, one attempt, one result', async (code) => {
    await start({ answer: () => ({ kind: 'busy' }) });
    carrier.refuse(code);
    await importContacts(contactsToImport(5));
    await until('five taken back', async () => new Set((await factsOf('AttemptWithdrawn')).map(({ data }) => data.contactId)).size === 5);
    expect(carrier.invites).toHaveLength(0);
    expect(await factsOf('AttemptEnded')).toHaveLength(0);
    carrier.refuse(null);
    await until('all ended', async () => (await factsOf('AttemptEnded')).length === 5);
    const withdrawn = new Set((await factsOf('AttemptWithdrawn')).map(({ data }) => data.callId));
    const attempts = (await factsOf('AttemptStarted')).map(({ data }) => data.callId).filter((callId) => !withdrawn.has(callId));
    expect(carrier.invites.map(({ callId }) => callId).sort()).toEqual([...attempts].sort());
    expect((await factsOf('AttemptEnded')).map(({ data }) => data.callId).sort()).toEqual([...attempts].sort());
    await until('the tally says the same', async () => (await status()).attempts === 5 && (await status()).remainingDue === 0);
  });

  it('tries the next trunk at once when a trunk fails, then gives the route up', async () => {
    await start({ answer: () => ({ kind: 'trunk-failure' }) });
    const contactId = await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('the contact finished', async () => (await rig.facts('ContactFinished')).length === 1);
    expect(carrier.invites.map((invite) => invite.trunkId)).toEqual([1, 2]);
    const ended = await factsOf('AttemptEnded');
    expect(ended.map(({ data }) => [data.contactId, data.outcome, data.dispositionId, data.next.kind])).toEqual([
      [contactId, 'trunk-failure', 12, 'failover'],
      [contactId, 'trunk-failure', 12, 'exhausted'],
    ]);
    expect((await factsOf('AttemptStarted')).map(({ data }) => data.reason)).toEqual(['fresh', 'failover']);
  });

  it('leaves no call without an end when facts are lost on the bus', async () => {
    await start({ answer: () => ({ kind: 'answered', talkMs: 10 }) });
    carrier.mute(true);
    await importContacts(contactsToImport(4));
    await until('every contact finished', async () => (await rig.facts('ContactFinished')).length === 4);
    expect((await factsOf('AttemptEnded')).map(({ data }) => data.outcome)).toEqual(['delivered', 'delivered', 'delivered', 'delivered']);
  });

  it('counts a person who was not given an agent as abandoned', async () => {
    await start({ answer: () => ({ kind: 'answered', talkMs: 20, neverDelivered: true }) });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('an end', async () => (await rig.facts('AttemptEnded')).length === 1);
    await indexed();
    expect(await status()).toMatchObject({ abandoned: 1, answered: 1, abandonRatePct: 100, byDisposition: { 11: 1 } });
  });
});
