import { readFile } from 'node:fs/promises';
import { asExtension } from '@ritmo/domain';
import { parseWav, decodePcm, encodePcm } from '@ritmo/media';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { toneShare, waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

let rig: Rig;
let acd: AcdApp;
let carrier: FarEnd;
let phone: FarEnd;
let second: FarEnd;

beforeAll(async () => {
  rig = await Rig.start();
  carrier = await FarEnd.start({ hz: 500 });
  phone = await FarEnd.start({ hz: 900 });
  second = await FarEnd.start({ hz: 1300 });
  rig.put('settings', { id: 1 });
  rig.put('user-status', { id: 1, name: 'Logado', pause: false });
  rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  rig.put('route', { id: 1, name: 'all', trunks: [1] });
  rig.put('user-status', { id: 6, name: 'Intervalo de Almoço', pause: true });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  rig.put('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret' });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], numbers: ['1140000000'], wrapUpS: 0 });
  rig.put('queue', { id: 2, name: 'Support', members: [{ agentId: 2, priority: 1, skill: 1 }], numbers: ['1140000002'], missedBeforePause: 2, ringTimeoutS: 1 });
  rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1, maxQueueMs: 1_000 });
  await rig.telephony.start();
  acd = createAcdApp(rig.context, { reconcileEveryMs: 200 });
  await acd.start();
  rig.also(acd);
  await phone.register(rig.port, '1001', 'secret');
  await second.register(rig.port, '1002', 'secret');
  await waitFor(() => rig.of('ExtensionRegistered').length === 2, { what: 'both phones' });
});

beforeEach(() => {
  rig.facts.length = 0;
  for (const end of [carrier, phone, second]) end.calls.length = 0;
});

afterEach(async () => {
  await rig.quiet();
  await waitFor(() => acd.occupied().calls === 0 && acd.occupied().busyAgents === 0, { what: 'the acd to be empty' });
});

const over = (call: { isOver: boolean }, what: string) => waitFor(() => call.isOver, { what });
/** A dialed person who talks with Ana. */
async function talking() {
  const callId = await rig.originate('11988887777');
  const customer = await carrier.invite(1);
  await customer.answer();
  const agent = await phone.invite(1);
  await agent.answer();
  await rig.fact('CallDelivered', callId);
  return { callId, customer, agent };
}

afterAll(async () => {
  await Promise.all([phone.stop(), second.stop(), carrier.stop()]);
  await rig.stop();
});

test('a dialed person reaches an agent: both hear each other, the recording has both, and the hang-up leaves nothing', async () => {
  const callId = await rig.originate('11988887777');
  const customer = await carrier.invite(1);
  expect(customer.incoming?.sipCallId).toBe(`${callId}@ritmo.test`);
  customer.ring();
  await rig.fact('CallRang', callId);
  await customer.answer();
  const agent = await phone.invite(1);
  expect(agent.incoming?.fromUser).toBe('11988887777');
  await agent.answer();
  await rig.fact('CallDelivered', callId);
  await waitFor(() => customer.talker.audioPacketsHeard > 60 && agent.talker.audioPacketsHeard > 60, { what: 'sound both ways' });
  const heard = (packets: { payload: Buffer }[]) => Buffer.concat(packets.slice(-40).map(({ payload }) => payload));
  expect(toneShare(heard(customer.talker.heard), 'PCMA', 900)).toBeGreaterThan(0.9);
  expect(toneShare(heard(agent.talker.heard), 'PCMA', 500)).toBeGreaterThan(0.9);
  agent.bye();
  const ended = await rig.fact('CallEnded', callId);
  expect(ended).toMatchObject({ wireOutcome: 'answered', by: 'agent', direction: 'campaign', queueId: 1 });
  expect(ended.billMs).toBeGreaterThan(1_000);
  await waitFor(() => customer.ended, { what: 'BYE at the customer' });
  const recording = await rig.fact('RecordingClosed', callId);
  expect(recording).toMatchObject({ part: 1, agentId: 1 });
  const wav = parseWav(await readFile(recording.file));
  expect(wav.shape.channels).toBe(2);
  const side = (channel: number) => encodePcm(decodePcm(wav.data, 'PCMA').filter((_, index) => index % 2 === channel).slice(4_000, 8_000), 'PCMA');
  expect(toneShare(side(0), 'PCMA', 500)).toBeGreaterThan(0.9);
  expect(toneShare(side(1), 'PCMA', 900)).toBeGreaterThan(0.9);
  await rig.quiet();
  await waitFor(() => acd.occupied().calls === 0, { what: 'the acd to be empty' });
  const order = rig.facts.filter(({ type, data }) => (data as { callId?: string }).callId === callId && type !== 'PhoneStatusChanged').map(({ type }) => type);
  expect(order).toEqual([
    'CallPlaced', 'CallRang', 'CallAnswered', 'CallQueued', 'OfferMade', 'CallDelivered', 'AgentLegEnded', 'RecordingClosed', 'CallEnded',
  ]);
});

test('nobody is free: music, the safe-harbour message, and an abandoned call that telephony ends', async () => {
  await rig.bus.request('acd.agent.pause', { extension: asExtension('1001'), by: { kind: 'admin' } });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], safeHarbourFile: 'ringback.wav' });
  const callId = await rig.originate('11988887777');
  const customer = await carrier.invite(1);
  await customer.answer();
  expect(await rig.fact('CallAbandoned', callId)).toMatchObject({ by: 'system', message: true, campaignId: 7 });
  expect(customer.talker.audioPacketsHeard).toBeGreaterThan(20);
  expect(customer.isOver).toBe(false);
  await waitFor(() => customer.isOver, { what: 'BYE after the message', timeoutMs: 9_000 });
  expect(await rig.fact('CallEnded', callId)).toMatchObject({ by: 'system', reason: 'the message is over' });
  await rig.bus.request('acd.agent.unpause', { extension: asExtension('1001'), by: { kind: 'admin' } });
});

test('an agent who misses twice is paused; the caller from outside waits on and is served when the agent is back', async () => {
  const caller = await carrier.dial(rig.port, '1140000002', '11977776666');
  await waitFor(() => rig.of('OfferMissed').length === 2, { what: 'two misses', timeoutMs: 12_000 });
  expect(rig.of('OfferMissed')).toMatchObject([{ agentId: 2, queueId: 2, reason: 'no-answer' }, { agentId: 2 }]);
  expect(rig.of('AgentStatusChanged')).toMatchObject([{ agentId: 2, statusId: 6, reason: 'missed-offers' }]);
  expect(caller.isOver).toBe(false);
  await rig.bus.request('acd.agent.unpause', { extension: asExtension('1002'), by: { kind: 'admin' } });
  const agent = await second.invite(3);
  await agent.answer();
  const { waitMs } = await rig.fact('CallDelivered');
  expect(waitMs).toBeGreaterThan(2_000);
  caller.bye();
  await over(agent, 'BYE');
}, 30_000);

test('a blind transfer goes to the other agent, and to a queue by its number', async () => {
  const { callId, customer, agent } = await talking();
  expect(await agent.call?.refer('sip:1002@ritmo.test')).toBe(true);
  await over(agent, 'BYE to the first agent');
  const other = await second.invite(1);
  await other.answer();
  await waitFor(() => rig.of('CallDelivered', callId).length === 2, { what: 'the second delivery' });
  expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, toAgentId: 2, attended: false }]);
  void other.call?.refer('sip:1140000002@ritmo.test');
  const again = await second.invite(2);
  await again.answer();
  await waitFor(() => rig.of('CallDelivered', callId).length === 3, { what: 'the third delivery' });
  const before = customer.talker.audioPacketsHeard;
  await waitFor(() => customer.talker.audioPacketsHeard > before + 10, { what: 'sound' });
  customer.bye();
  await over(again, 'BYE');
  await rig.fact('CallEnded', callId);
  expect(rig.of('RecordingClosed', callId).map(({ part, agentId }) => [part, agentId])).toEqual([[1, 1], [2, 2], [3, 2]]);
});

test('a transfer to a number that the agent may not call is refused, and the agent talks on', async () => {
  const { callId, customer, agent } = await talking();
  expect(await agent.call?.refer('sip:0012125551234@ritmo.test')).toBe(false);
  expect([customer.isOver, agent.isOver]).toEqual([false, false]);
  agent.bye();
  await over(customer, 'BYE');
  expect(await rig.fact('CallEnded', callId)).toMatchObject({ by: 'agent' });
});

test('an attended transfer joins the customer with the number that the agent consulted', async () => {
  const { callId, customer, agent } = await talking();
  await agent.hold();
  const consult = await phone.dial(rig.port, '1133334444', '1001', { username: '1001', password: 'secret' });
  const expert = await carrier.invite(2);
  await expert.answer();
  await waitFor(() => consult.call, { what: 'the consultation' });
  const { localTag, remoteTag, sipCallId } = consult.call?.snapshot() ?? { localTag: '', remoteTag: '', sipCallId: '' };
  const replaces = encodeURIComponent(`${sipCallId};to-tag=${remoteTag};from-tag=${localTag}`);
  expect(await agent.call?.refer(`sip:1133334444@ritmo.test?Replaces=${replaces}`)).toBe(true);
  await Promise.all([over(agent, 'BYE to the first leg'), over(consult, 'BYE to the second leg')]);
  expect(rig.of('CallTransferred', callId)).toMatchObject([{ fromAgentId: 1, attended: true }]);
  const before = expert.talker.audioPacketsHeard;
  await waitFor(() => expert.talker.audioPacketsHeard > before + 20, { what: 'sound between the two' });
  expert.bye();
  await over(customer, 'BYE');
});

test('discar rings the extension and then the number', async () => {
  const reply = await rig.bus.request('acd.dial', { extension: asExtension('1001'), number: '11 3333-2222', by: { kind: 'http' } });
  expect(reply.ok).toBe(true);
  const agent = await phone.invite(1);
  expect(agent.incoming?.header('Call-Info')).toContain('answer-after=0');
  await agent.answer();
  const number = await carrier.invite(1);
  expect(number.incoming?.toUser).toBe('1133332222');
  await number.answer();
  await rig.fact('CallDelivered');
  await waitFor(() => agent.talker.audioPacketsHeard > 20 && number.talker.audioPacketsHeard > 20, { what: 'sound both ways' });
  agent.bye();
  await over(number, 'BYE');
  expect(await rig.fact('CallEnded')).toMatchObject({ direction: 'agent', extension: '1001', by: 'agent' });
});
