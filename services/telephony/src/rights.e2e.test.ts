/** Toll fraud: what an extension may call, how often at once and for how long; by its phone, by discar and by REFER. */
import { asExtension, type CallId } from '@ritmo/domain';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { FarEnd, type FarCall } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

let rig: Rig;
let acd: AcdApp;
let [carrier, ana, rui] = [] as unknown as [FarEnd, FarEnd, FarEnd];
const international = '0012125550100';

const putTrunk = (over: object = {}) => rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 100, ...over });
const putAna = (over: object = {}) => rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret', ...over });

beforeAll(async () => {
  rig = await Rig.start({ t1Ms: 200 });
  [carrier, ana, rui] = (await Promise.all([500, 900, 1300].map((hz) => FarEnd.start({ hz, t1Ms: 200 })))) as [FarEnd, FarEnd, FarEnd];
  rig.put('settings', { id: 1 });
  rig.put('user-status', { id: 1, name: 'Logado', pause: false });
  rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
  putTrunk();
  rig.put('route', { id: 1, name: 'all', trunks: [1], homeAreaCode: '11' });
  putAna();
  rig.put('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret' });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }] });
  rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1 });
  await rig.telephony.start();
  acd = createAcdApp(rig.context, { reconcileEveryMs: 200 });
  await acd.start();
  rig.also(acd);
  await Promise.all([ana.register(rig.port, '1001', 'secret'), rui.register(rig.port, '1002', 'secret')]);
  await waitFor(() => rig.of('ExtensionRegistered').length === 2, { what: 'the phones' });
});

afterAll(async () => {
  await Promise.all([ana.stop(), rui.stop(), carrier.stop()]);
  await rig.stop();
});

beforeEach(() => {
  rig.facts.length = 0;
  for (const end of [carrier, ana, rui]) {
    end.calls.length = 0;
    end.onCall = undefined;
  }
});

afterEach(async () => {
  for (const { callId } of (await rig.bus.request('telephony.calls', {})).calls) await rig.bus.request('telephony.hangup', { callId, by: 'system', reason: 'the test is over' }).catch(() => undefined);
  await rig.quiet();
  await waitFor(() => acd.occupied().calls === 0, { what: 'the acd to be empty' });
  putTrunk();
  putAna();
  rig.put('settings', { id: 1 });
});

const dial = (from: FarEnd, to: string, user: string) => from.dial(rig.port, to, user, { username: user, password: 'secret' });
const refused = (call: FarCall) => waitFor(() => call.failed?.sipCode, { what: 'the refusal', timeoutMs: 8_000 });
const refusalsCounted = async (via: string, rule: string): Promise<number> => {
  const metric = await rig.context.metrics.getSingleMetric('ritmo_acd_calls_refused_total')?.get();
  return metric?.values.find(({ labels }) => labels['via'] === via && labels['rule'] === rule)?.value ?? 0;
};
const tooLongCounted = async (): Promise<number> => (await rig.context.metrics.getSingleMetric('ritmo_telephony_calls_too_long_total')?.get())?.values[0]?.value ?? 0;

async function customerTalksWithAna(nth: number): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const callId = await rig.originate('11988887777');
  const customer = await waitFor(() => carrier.calls.findLast(({ incoming }) => incoming?.sipCallId.startsWith(callId)), { what: 'the INVITE', timeoutMs: 8_000 });
  await customer.answer();
  const agent = await ana.invite(nth);
  await agent.answer();
  await rig.fact('CallDelivered', callId);
  return { callId, customer, agent };
}

describe('kinds of numbers', () => {
  test.each([
    ['an international number', international],
    ['a premium number', '0900123456'],
    ['a service number', '145'],
  ])('a phone that calls %s is refused with 403, and nobody is dialed', async (_name, number) => {
    const before = await refusalsCounted('phone', 'kind');
    const call = await dial(ana, number, '1001');
    expect(await refused(call)).toBe(403);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ agentId: 1, extension: '1001', number, via: 'phone', rule: 'kind' });
    expect(await refusalsCounted('phone', 'kind')).toBe(before + 1);
    expect(carrier.calls).toEqual([]);
  });

  test.each([
    ['local', '33334444'],
    ['mobile', '11988887777'],
    ['interurban', '2133334444'],
    ['interurban-mobile', '21988887777'],
    ['toll-free', '0800123456'],
    ['service', '0900123456'],
  ] as const)('%s numbers are called by an extension that has the right, and by no other', async (kind, number) => {
    const all = ['local', 'mobile', 'interurban', 'interurban-mobile', 'toll-free', 'service', 'international'] as const;
    putAna({ allowedKinds: all.filter((each) => each !== kind) });
    expect(await refused(await dial(ana, number, '1001'))).toBe(403);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ number, rule: 'kind' });
    expect(carrier.calls).toEqual([]);
    putAna({ allowedKinds: [kind] });
    await dial(ana, number, '1001');
    expect((await carrier.invite()).incoming?.toUser).toContain(number);
  });

  test('a pattern that cannot be read opens nothing', async () => {
    putAna({ allowedKinds: ['local', 'mobile', 'international'] });
    rig.put('settings', { id: 1, destinationAllow: ['*11', '', 'x*', '1*1'] });
    for (const [at, number] of [international, '1133334444'].entries()) {
      expect(await refused(await dial(ana, number, '1001'))).toBe(403);
      expect(rig.of('OwnCallRefused')[at]).toMatchObject({ number, rule: 'destination' });
    }
    expect(carrier.calls).toEqual([]);
  });

  test('discar is refused by the same right', async () => {
    expect(await rig.bus.request('acd.dial', { extension: asExtension('1001'), number: international, by: { kind: 'http' } })).toEqual({ ok: false, code: 'not-allowed' });
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ number: international, via: 'discar', rule: 'kind', callId: null });
    expect([carrier.calls, ana.calls]).toEqual([[], []]);
  });

  test('a transfer by REFER is refused by the same right, and both talk on', async () => {
    const { callId, customer, agent } = await customerTalksWithAna(1);
    expect(await agent.call?.refer(`sip:${international}@127.0.0.1`)).toBe(false);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ number: international, via: 'transfer', rule: 'kind', callId });
    expect([customer.isOver, agent.isOver, carrier.calls.length]).toEqual([false, false, 1]);
  });

  test('the right alone does not open the world: the destination must be on the list', async () => {
    putAna({ allowedKinds: ['local', 'international'] });
    const first = await dial(ana, international, '1001');
    expect(await refused(first)).toBe(403);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ rule: 'destination' });
    rig.put('settings', { id: 1, destinationAllow: ['001212*', '11*'] });
    await dial(ana, international, '1001');
    expect((await carrier.invite()).incoming?.toUser).toBe(international);
    const elsewhere = await dial(rui, '2133334444', '1002');
    expect(await refused(elsewhere)).toBe(403);
  });
});

describe('ceilings of an extension', () => {
  test('the third call at once is refused with 403', async () => {
    for (const [index, number] of ['1133334441', '1133334442'].entries()) {
      await dial(ana, number, '1001');
      await carrier.invite(index + 1);
    }
    const third = await dial(ana, '1133334443', '1001');
    expect(await refused(third)).toBe(403);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ via: 'phone', rule: 'extension-calls' });
    expect(carrier.calls).toHaveLength(2);
  });

  test('calls that were passed on to outside numbers still count for who began them', async () => {
    putAna({ maxConcurrentCalls: 1 });
    const first = await customerTalksWithAna(1);
    const outcome = first.agent.call?.refer('sip:1133334441@127.0.0.1');
    const outside = await carrier.invite(2);
    await outside.answer();
    expect(await outcome).toBe(true);
    const second = await customerTalksWithAna(2);
    expect(await second.agent.call?.refer('sip:1133334442@127.0.0.1')).toBe(false);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ via: 'transfer', rule: 'extension-calls', number: '1133334442' });
    expect(second.agent.isOver).toBe(false);
  });

  test('a call that it began is ended at its duration', async () => {
    putAna({ maxCallS: 2 });
    const call = await dial(ana, '1133334441', '1001');
    await (await carrier.invite()).answer();
    await waitFor(() => call.ended, { what: 'the end', timeoutMs: 10_000 });
    expect(await rig.fact('CallEnded')).toMatchObject({ by: 'system', reason: 'longer than 2 s', wireOutcome: 'answered' });
  });
});

describe('ceilings of an extension on what it passed on', () => {
  test('the outside call of its transfer is ended at its duration too', async () => {
    putAna({ maxCallS: 2 });
    const { customer, agent } = await customerTalksWithAna(1);
    const outcome = agent.call?.refer('sip:1133334441@127.0.0.1');
    const outside = await carrier.invite(2);
    await outside.answer();
    expect(await outcome).toBe(true);
    await waitFor(() => outside.isOver && customer.isOver, { what: 'BYE to both', timeoutMs: 10_000 });
    const ends = rig.of('CallEnded').filter(({ reason }) => reason === 'longer than 2 s');
    expect(ends).toEqual([expect.objectContaining({ direction: 'agent', extension: '1001', by: 'system' })]);
  });
});

describe('ceilings of a trunk', () => {
  test('agents begin no more calls at once than it allows, campaigns go on', async () => {
    putTrunk({ maxOwnCalls: 1 });
    await dial(ana, '1133334441', '1001');
    await carrier.invite();
    const second = await dial(rui, '1133334442', '1002');
    expect(await refused(second)).toBe(403);
    expect(await rig.fact('OwnCallRefused')).toMatchObject({ extension: '1002', via: 'phone', rule: 'trunk-calls' });
    expect(await rig.bus.request('acd.dial', { extension: asExtension('1002'), number: '1133334442', by: { kind: 'http' } })).toMatchObject({ code: 'not-allowed' });
    await rig.originate('11988887777');
    await carrier.invite(2);
  });

  test('no call lasts longer than it allows, whoever began it', async () => {
    putTrunk({ maxCallS: 1 });
    const before = await tooLongCounted();
    const { callId, customer } = await customerTalksWithAna(1);
    expect(await rig.fact('CallEnded', callId)).toMatchObject({ by: 'system', reason: 'longer than 1 s' });
    await waitFor(() => customer.isOver, { what: 'BYE' });
    expect(await tooLongCounted()).toBe(before + 1);
  });
});
