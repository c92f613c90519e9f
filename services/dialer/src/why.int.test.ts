import { describe, expect, it } from 'vitest';
import { until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, importContacts, importOne, indexed, mobile, rig, start } from './testing/stage.ts';

const why = async (number: string) => (await rig.bus.request('dialer.why', { number, campaignId: null })).found;

describe('why', () => {
  it('says that the campaign rests, and who comes before whom', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    await importContacts([
      { parameters: ['a'], phones: [mobile('00001'), mobile('00002')] },
      { parameters: ['b'], phones: [mobile('00003')] },
    ]);
    await indexed();
    expect((await why('11900000001'))[0]).toMatchObject({ state: 'open', rule: 'campaign-inactive', history: [{ what: 'imported from test' }] });
    expect((await why('900000002'))[0]).toMatchObject({ rule: 'other-phone', explanation: 'priority 1 (11 900000001) comes before it' });
    carrier.setAgents('paused');
    await rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'activate', by });
    expect((await why('(11) 90000-0003'))[0]).toMatchObject({ rule: 'queue-position', explanation: "place 2 in the campaign's queue" });
  });

  it('tells the story of a phone and what ended it', async () => {
    await start({ answer: () => ({ kind: 'busy' }) });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('the end', async () => (await factsOf('ContactFinished')).length === 1);
    await indexed();
    const [answer] = await why('900000001');
    expect(answer).toMatchObject({ campaignName: 'test', state: 'finished', rule: 'finished', nextAt: null });
    expect(answer?.explanation).toBe('every phone was tried as often as the strategy allows; last: Ocupado');
    expect(answer?.history.map(({ what }) => what.replace(/\d{6,}\.\d+/, 'ID'))).toEqual([
      'imported from test', 'attempt ID (fresh) on trunk 1', 'attempt ID ended: busy (SIP 486), then exhausted', 'contact finished: exhausted',
    ]);
  });

  it('says that trunks are down, that a call is on, that a number is blocked, and nothing of numbers it never saw', async () => {
    await start({ answer: () => ({ kind: 'hangs' }), agents: 1 });
    await importOne({ parameters: ['a'], phones: [mobile('00001')] });
    await until('a call', () => carrier.invites.length === 1);
    carrier.setTrunkUp(1, false);
    carrier.setTrunkUp(2, false);
    await importOne({ parameters: ['b'], phones: [mobile('00002')] });
    await importOne({ parameters: ['c'], phones: [mobile('00003')] });
    await rig.bus.request('dialer.blocklist.add', { blockListId: 1 as never, number: '900000003', description: '', by });
    await indexed();
    expect((await why('900000001'))[0]).toMatchObject({ state: 'dialing', rule: 'in-progress' });
    expect((await why('900000002'))[0]).toMatchObject({ rule: 'trunk-down' });
    expect((await why('900000003'))[0]).toMatchObject({ rule: 'blocked' });
    expect(await why('900000004')).toEqual([]);
    expect(await why('1')).toEqual([]);
  });
});
