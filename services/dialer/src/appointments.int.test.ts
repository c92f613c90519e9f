/** Reagendamento (manual 1.3.1.7): scheduled calls go ahead of the campaign's, past its filters and restrictions. */
import { expect, it } from 'vitest';
import { until } from './testing/rig.ts';
import { by, campaignId, carrier, closedWindow, factsOf, importContacts, importOne, indexed, mobile, rig, start } from './testing/stage.ts';

const activate = () => rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'activate', by });
const called = (): string[] => carrier.invites.map(({ dialString }) => dialString.slice(-1));

it('DISCAR_AGORA goes ahead of every number, DISCAR_EM at its time ahead of the ordinary ones', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false }, agents: 1 });
  const at = Date.now() + 200;
  await importContacts([
    { parameters: ['ordinary'], phones: [mobile('00001')] },
    { parameters: ['ordinary'], phones: [mobile('00002')] },
    { parameters: ['at its time'], phones: [{ ...mobile('00003'), dialAt: at }] },
    { parameters: ['later'], phones: [{ ...mobile('00004'), dialAt: at + 3_600_000 }] },
    { parameters: ['now'], phones: [{ ...mobile('00005'), dialNow: true }] },
  ] as never);
  await indexed();
  await until('the time has come', () => Date.now() > at);
  await activate();
  await until('all that is due', async () => (await rig.facts('ContactFinished')).length === 4);
  expect(called()).toEqual(['5', '3', '1', '2']);
  expect((await factsOf('AttemptStarted')).map(({ data }) => data.reason)).toEqual(['dial-now', 'callback', 'fresh', 'fresh']);
});

it('a scheduled call is made when the day has no attempt left and the window is closed; the ordinary ones after it wait', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { maxAttemptsPerDay: 1, callWindowId: 1 } });
  rig.put('call-window', 1, { id: 1, ...closedWindow });
  await until('the window is known', () => rig.context.directory.get('call-window', 1) !== undefined);
  const at = Date.now() + 700;
  await importOne({ parameters: ['a'], phones: [{ ...mobile('00001'), dialNow: true }, { ...mobile('00002'), dialAt: at }, mobile('00003')] } as never);
  await until('both scheduled calls', () => carrier.invites.length === 2);
  await until('both ended', async () => (await rig.facts('AttemptEnded')).length === 2);
  await indexed();
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(called()).toEqual(['1', '2']);
  expect((await factsOf('AttemptStarted'))[1]?.at).toBeGreaterThanOrEqual(at);
  expect((await rig.bus.request('dialer.why', { number: '900000003', campaignId })).found[0]).toMatchObject({ rule: 'window' });
});

it('after a scheduled call that failed the strategy goes on with the next phone in order (manual 1.2.2.3)', async () => {
  await start({ answer: () => ({ kind: 'no-answer' }) });
  await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002'), { ...mobile('00003'), dialAt: Date.now() + 200 }] } as never);
  await until('all three', () => carrier.invites.length === 3);
  expect(called()).toEqual(['3', '1', '2']);
});
