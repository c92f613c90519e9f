import { readFile } from 'node:fs/promises';
import { parseWav, decodePcm, encodePcm } from '@ritmo/media';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { toneShare, waitFor } from '@ritmo/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

let rig: Rig;
let acd: AcdApp;
let carrier: FarEnd;
let phone: FarEnd;

beforeAll(async () => {
  rig = await Rig.start();
  carrier = await FarEnd.start({ hz: 500 });
  phone = await FarEnd.start({ hz: 900 });
  rig.put('settings', { id: 1 });
  rig.put('user-status', { id: 1, name: 'Logado', pause: false });
  rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  rig.put('route', { id: 1, name: 'all', trunks: [1] });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], numbers: ['1140000000'], wrapUpS: 0 });
  rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1, maxQueueMs: 2_000 });
  await rig.telephony.start();
  acd = createAcdApp(rig.context, { reconcileEveryMs: 200 });
  await acd.start();
  rig.also(acd);
  await phone.register(rig.port, '1001', 'secret');
  await rig.fact('ExtensionRegistered');
});

afterAll(async () => {
  await phone.stop();
  await carrier.stop();
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
