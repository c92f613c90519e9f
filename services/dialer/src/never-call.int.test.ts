import { asExtension, asId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { until } from './testing/rig.ts';
import { by, campaignId, carrier, closedWindow, factsOf, importContacts, importOne, indexed, mobile, rig, start } from './testing/stage.ts';

describe('who must not be called', () => {
  it('is not called once on a block list, however the number is written', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    const block = (number: string) => rig.bus.request('dialer.blocklist.add', { blockListId: asId(1), number, description: 'asked', by });
    expect(await block('(11) 90000-0001')).toEqual({ ok: true });
    expect(await block('900000002')).toEqual({ ok: true });
    expect(await block('1180000003')).toEqual({ ok: true });
    expect(await block('x')).toMatchObject({ code: 'invalid-number' });
    await importContacts([
      { parameters: ['area code and number'], phones: [mobile('00001')] },
      { parameters: ['bare number'], phones: [mobile('00002')] },
      { parameters: ['without the leading 9'], phones: [{ areaCode: '11', number: '980000003' }] },
      { parameters: ['free'], phones: [mobile('00004')] },
    ]);
    await until('all decided', async () => (await rig.facts('ContactFinished')).length === 4);
    expect(carrier.invites.map((invite) => invite.dialString)).toEqual(['11900000004']);
    expect((await factsOf('PhoneSkipped')).map(({ data }) => data.rule)).toEqual(['blocked', 'blocked', 'blocked']);
  });

  it('is not called on any of the lists of its campaign; a list of another one means nothing to it', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { blockListIds: [1, 2], active: false } });
    rig.put('block-list', 2, { name: 'second', group: 'Jurídico' });
    rig.put('block-list', 3, { name: 'third' });
    await until('the lists are known', () => rig.context.directory.get('block-list', 3) !== undefined);
    for (const [list, number] of [[1, '11900000001'], [2, '11900000002'], [3, '11900000003'], [1, '11900000004'], [2, '11900000004']] as const) {
      expect(await rig.bus.request('dialer.blocklist.add', { blockListId: asId(list), number, description: '', by })).toEqual({ ok: true });
    }
    // Off one of its two lists it is still on the other.
    expect(await rig.bus.request('dialer.blocklist.remove', { blockListId: asId(1), number: '11900000004', by })).toEqual({ ok: true, removed: 1 });
    await importContacts(['00001', '00002', '00003', '00004'].map((tail) => ({ parameters: [tail], phones: [mobile(tail)] })));
    await rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'activate', by });
    await until('all decided', async () => (await rig.facts('ContactFinished')).length === 4);
    expect(carrier.invites.map((invite) => invite.dialString)).toEqual(['11900000003']);
    expect((await factsOf('PhoneSkipped')).map(({ data }) => data.detail).sort()).toEqual(['block list 1', 'block list 2', 'block list 2']);
    // Off all lists at once.
    expect(await rig.bus.request('dialer.blocklist.remove', { blockListId: null, number: '11900000002', by })).toEqual({ ok: true, removed: 1 });
  });

  it('is not called on a block list even when the call is scheduled or to be made now', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    await rig.bus.request('dialer.blocklist.add', { blockListId: asId(1), number: '11900000001', description: '', by });
    await importOne({ parameters: ['a'], phones: [{ ...mobile('00001'), dialNow: true }] });
    await until('skipped', async () => (await rig.facts('PhoneSkipped')).length === 1);
    expect(carrier.invites).toHaveLength(0);
  });

  it('is called again after the number was taken off', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    const add = { blockListId: asId<never>(1), number: '11900000001', description: '', by };
    await rig.bus.request('dialer.blocklist.add', add);
    expect(await rig.bus.request('dialer.blocklist.remove', { blockListId: null, number: '11 90000 0001', by })).toEqual({ ok: true, removed: 1 });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('a call', () => carrier.invites.length === 1);
  });

  it('is not called when the block lists cannot be asked', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    await rig.database.query('ALTER TABLE dialer.blocked_numbers RENAME TO gone');
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('skipped', async () => (await rig.facts('PhoneSkipped')).length === 1);
    expect((await factsOf('PhoneSkipped'))[0]?.data).toMatchObject({ rule: 'check-failed' });
    expect(carrier.invites).toHaveLength(0);
  });

  it('is not called outside the call window, but a scheduled phone is', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { callWindowId: 1 } });
    rig.put('call-window', 1, { id: 1, ...closedWindow });
    await until('the window is known', () => rig.context.directory.get('call-window', 1) !== undefined);
    await importContacts([
      { parameters: ['ordinary'], phones: [mobile('00001')] },
      { parameters: ['now'], phones: [{ ...mobile('00002'), dialNow: true }] },
    ] as never);
    await until('the scheduled call', () => carrier.invites.length > 0);
    await indexed();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(carrier.invites.map((invite) => invite.dialString)).toEqual(['11900000002']);
    const why = await rig.bus.request('dialer.why', { number: '11900000001', campaignId });
    expect(why.found[0]).toMatchObject({ rule: 'window', campaignName: 'test' });
  });

  it('is not called more often in a day than the campaign allows', async () => {
    await start({
      answer: () => ({ kind: 'busy' }),
      campaign: { maxAttemptsPerDay: 2, retries: [{ outcome: 'busy', samePhoneTries: 5, afterMinutes: 0, then: 'next-phone', nextPhoneAfterMinutes: 0 }] },
    });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('the limit', async () => (await rig.facts('PhoneSkipped')).length === 1);
    expect(carrier.invites).toHaveLength(2);
    const [skipped] = await factsOf('PhoneSkipped');
    expect(skipped?.data.rule).toBe('attempts-per-day');
    expect(skipped?.data.retryAt).toBeGreaterThan(Date.now());
    await indexed();
    expect((await rig.bus.request('dialer.why', { number: '900000001', campaignId: null })).found[0]).toMatchObject({ rule: 'retry-wait', nextAt: skipped?.data.retryAt });
  });

  it('is not called on another number after a conversation that nobody tabulated, until somebody does (1.3.1.1)', async () => {
    await start({ answer: (to) => (to.endsWith('1') ? { kind: 'answered', talkMs: 20 } : { kind: 'busy' }) });
    await importOne({ parameters: ['talked'], phones: [mobile('00001'), mobile('00002')] });
    await until('the conversation is over', async () => (await rig.facts('AttemptEnded')).length === 1);
    const next = (await factsOf('AttemptEnded'))[0]?.data.next;
    expect(next).toMatchObject({ kind: 'next-phone' });
    expect(next?.kind === 'next-phone' && next.at).toBeGreaterThan(Date.now() + 50 * 365 * 86_400_000);
    await indexed();
    expect((await rig.bus.request('dialer.why', { number: '11900000002', campaignId })).found[0]).toMatchObject({ rule: 'disposition-wait' });
    await importOne({ parameters: ['another'], phones: [mobile('00003')] });
    await until('the other client', () => carrier.invites.length === 2);
    expect(carrier.invites.map((invite) => invite.dialString)).toEqual(['11900000001', '11900000003']);
    const said = { campaignId, parameter1: 'talked', number: '', dispositionId: asId<never>(93), extension: asExtension('1001'), at: null, callId: null, by };
    rig.put('disposition', 93, { name: 'Outro telefone' });
    await until('the status is known', () => rig.context.directory.get('disposition', 93) !== undefined);
    expect(await rig.bus.request('dialer.disposition.set', said)).toEqual({ ok: true });
    await until('the next number', () => carrier.invites.length === 3);
    expect(carrier.invites[2]?.dialString).toBe('11900000002');
  });

  it('is not called more often in all than the campaign allows, after conversations as after busy tones', async () => {
    await start({
      answer: (to) => (to.endsWith('1') ? { kind: 'answered', talkMs: 20 } : { kind: 'busy' }),
      campaign: { maxAttempts: 2, retries: [{ outcome: 'busy', samePhoneTries: 5, afterMinutes: 0, then: 'next-phone', nextPhoneAfterMinutes: 0 }] },
      dialer: { dispositionWaitMs: 0 },
    });
    await importContacts([
      { parameters: ['busy'], phones: [mobile('00002'), mobile('00003')] },
      { parameters: ['talks'], phones: [mobile('00011'), mobile('00021'), mobile('00031')] },
    ]);
    await until('both are finished', async () => (await rig.facts('ContactFinished')).length === 2);
    expect(carrier.invites.map(({ dialString }) => dialString.slice(-2)).sort()).toEqual(['02', '02', '11', '21']);
  });
});
