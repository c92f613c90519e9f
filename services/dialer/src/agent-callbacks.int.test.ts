/** Disposition 1002 (manual 1.1.15, 1.2.1.5, 1.2.2.2): announced at its minute, once, never dialed by itself, as many as the agent may have. */
import { asExtension } from '@ritmo/domain';
import { expect, it } from 'vitest';
import { until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, importContacts, importOne, indexed, mobile, rig, start } from './testing/stage.ts';

const set = (changed: Partial<Parameters<typeof rig.bus.request<'dialer.disposition.set'>>[1]>) =>
  rig.bus.request('dialer.disposition.set', {
    campaignId, parameter1: 'a', number: '900000001', dispositionId: 1002, extension: asExtension('1001'), at: null, callId: null, by, ...changed,
  });
const announced = async () => (await factsOf('AgentCallbackDue')).length;
/** Long enough for another turn of every process that runs. */
const anotherTurn = () => new Promise((resolve) => setTimeout(resolve, 1_300));

it('is announced once at its minute, by one of several processes, and nothing of the contact is dialed', async () => {
  await start({ answer: () => ({ kind: 'answered', talkMs: 10 }) });
  await rig.another().start();
  await importOne({ parameters: ['a'], phones: [mobile('00001'), mobile('00002')] });
  await until('an end', async () => (await rig.facts('AttemptEnded')).length === 1);
  expect(await set({ at: Date.now() - 1 })).toMatchObject({ code: 'not-in-future' });
  expect(await set({})).toMatchObject({ code: 'not-in-future' });
  const at = Date.now() + 300;
  expect(await set({ at })).toEqual({ ok: true });
  await until('the announcement', async () => (await announced()) > 0);
  await anotherTurn();
  const due = await factsOf('AgentCallbackDue');
  expect(due.map(({ data }) => [data.agentId, data.at])).toEqual([[1, at]]);
  expect(due[0]?.at).toBeGreaterThanOrEqual(at);
  expect(carrier.invites).toHaveLength(1);
  await indexed();
  const why = await rig.bus.request('dialer.why', { number: '900000002', campaignId });
  expect(why.found[0]).toMatchObject({ rule: 'agent-callback', explanation: 'agent 1 was reminded and has not said yet what came of it' });
  // What the agent says then lets the strategy go on.
  expect(await set({ dispositionId: 102 })).toEqual({ ok: true });
  await until('the next phone', () => carrier.invites.length === 2);
});

it('is announced after a crash too, late rather than never, when readers have had time to come back, and once', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false }, startDialer: false, dialer: { callbackSettleMs: 1_500 } });
  const first = rig.mortal();
  await first.app.start();
  await importOne({ parameters: ['a'], phones: [mobile('00001')] });
  await importOne({ parameters: ['b'], phones: [mobile('00002')] });
  const at = Date.now() + 1_000;
  expect(await set({ at })).toEqual({ ok: true });
  expect(await set({ parameter1: 'b', number: '900000002', at: at + 2_000 })).toEqual({ ok: true });
  first.kill();
  await until('the minute has passed', () => Date.now() > at);
  expect(await announced()).toBe(0);
  const beganAt = Date.now();
  const second = rig.mortal();
  await second.app.start();
  await until('both announcements', async () => (await announced()) === 2);
  second.kill();
  await rig.another().start();
  await anotherTurn();
  await anotherTurn();
  const due = await factsOf('AgentCallbackDue');
  expect(due).toHaveLength(2);
  expect(due.find(({ data }) => data.at === at)?.at).toBeGreaterThanOrEqual(beganAt + 1_500);
});

it('an agent has as many as it may, however fast they come; another time for one is not one more', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
  rig.put('agent', 1, { maxCallbacks: 2 });
  rig.put('agent', 2, { name: 'Rui', extension: '1002', password: 'secret', maxCallbacks: 1 });
  await until('the agents are known', () => rig.context.directory.get('agent', 2) !== undefined && rig.context.directory.get('agent', 1)?.maxCallbacks === 2);
  await importContacts(Array.from({ length: 5 }, (_, index) => ({ parameters: [`c${index}`], phones: [mobile(`1000${index}`), mobile(`2000${index}`)] })));
  await indexed();
  const at = Date.now() + 3_600_000;
  const all = await Promise.all(Array.from({ length: 5 }, (_, index) => set({ parameter1: `c${index}`, number: `90001000${index}`, at })));
  expect(all.map((reply) => (reply.ok ? 'ok' : reply.code)).sort()).toEqual(['callbacks-exceeded', 'callbacks-exceeded', 'callbacks-exceeded', 'ok', 'ok']);
  const mine = all.findIndex(({ ok }) => ok);
  expect(await set({ parameter1: `c${mine}`, number: `90001000${mine}`, at: at + 60_000 })).toEqual({ ok: true });
  // The same contact's other phone, for another agent: each has what is its own.
  expect(await set({ parameter1: `c${mine}`, number: `90002000${mine}`, at, extension: asExtension('1002') })).toEqual({ ok: true });
  expect(await set({ parameter1: `c${mine}`, number: `90002000${mine}`, at, extension: asExtension('1001') })).toMatchObject({ code: 'callbacks-exceeded' });
  // The system's own callbacks are not the agent's.
  expect(await set({ parameter1: 'c4', number: '900010004', dispositionId: 101, at })).toEqual({ ok: true });
});

it('makes room again once it was announced', async () => {
  await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
  rig.put('agent', 1, { maxCallbacks: 1 });
  await until('the agent is known', () => rig.context.directory.get('agent', 1)?.maxCallbacks === 1);
  await importContacts([{ parameters: ['a'], phones: [mobile('00001')] }, { parameters: ['b'], phones: [mobile('00002')] }]);
  expect(await set({ at: Date.now() + 400 })).toEqual({ ok: true });
  const other = { parameter1: 'b', number: '900000002', at: Date.now() + 3_600_000 };
  expect(await set(other)).toMatchObject({ code: 'callbacks-exceeded' });
  await until('the announcement', async () => (await announced()) === 1);
  expect(await set(other)).toEqual({ ok: true });
});
