/** Sound that goes away, with real RTP: a side that is silent ends the call, a held one does not, a media thread that dies is replaced. */
import { readFile } from 'node:fs/promises';
import { createNativeMediaEngine, parseWav } from '@ritmo/media';
import { freeUdpPortRange, waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

let rig: Rig;
let carrier: FarEnd;
let phone: FarEnd;
const threads: { terminate(): Promise<number> }[] = [];

beforeAll(async () => {
  const portRange = await freeUdpPortRange(100);
  rig = await Rig.start({
    telephony: { media: () => createNativeMediaEngine({ host: '127.0.0.1', portRange, codecs: ['PCMA', 'PCMU'], onThread: (thread) => threads.push(thread) }) },
  });
  carrier = await FarEnd.start({ hz: 500 });
  phone = await FarEnd.start({ hz: 900 });
  rig.put('settings', { id: 1, mediaTimeoutS: 1 });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  await rig.telephony.start();
  await phone.register(rig.port, '1001', 'secret');
});
beforeEach(() => {
  rig.facts.length = 0;
  rig.legs.length = 0;
  for (const end of [carrier, phone]) end.calls.length = 0;
});
afterEach(() => rig.quiet());
afterAll(async () => {
  await Promise.all([phone.stop(), carrier.stop()]);
  await rig.stop();
});

async function talking() {
  const callId = await rig.originate('11988887777');
  const customer = await carrier.invite(1);
  await customer.answer();
  await rig.fact('CallAnswered', callId);
  expect(await rig.offer(callId)).toEqual({ ok: true });
  const agent = await phone.invite(1);
  await agent.answer();
  await waitFor(() => customer.talker.audioPacketsHeard > 20 && agent.talker.audioPacketsHeard > 20, { what: 'sound both ways', timeoutMs: 15_000 });
  return { callId, customer, agent };
}

test.each(['customer', 'agent'] as const)('a call whose %s sends no RTP any more and says no BYE ends with the cause, and frees its channel', async (side) => {
  const call = await talking();
  call[side].talker.stopTalking();
  const ended = await rig.fact('CallEnded', call.callId);
  expect(ended).toMatchObject({ by: 'system', wireOutcome: 'answered', q850: 102 });
  expect(ended.reason).toMatch(new RegExp(`^RTP timeout: nothing from the ${side} for [1-9]`));
  await waitFor(() => call.customer.isOver && call.agent.isOver, { what: 'both sides to be told' });
});

test('the silence of a hold ends nothing', async () => {
  const { callId, customer, agent } = await talking();
  await agent.hold();
  await rig.fact('CallHeld', callId);
  agent.talker.stopTalking();
  const before = customer.talker.packetsHeard;
  // Three times the limit, in packets of 20 ms.
  await waitFor(() => customer.talker.packetsHeard > before + 150, { timeoutMs: 20_000 });
  expect(rig.of('CallEnded', callId)).toEqual([]);
  customer.bye();
  await rig.fact('CallEnded', callId);
});

test('a media thread that dies takes no call with it: sound comes back, the recording goes on in another part', async () => {
  rig.put('settings', { id: 1, mediaTimeoutS: 30 });
  const { callId, customer, agent } = await talking();
  // The file is written once a second: two seconds of speech leave one at least.
  await waitFor(() => customer.talker.audioPacketsHeard > 120, { timeoutMs: 20_000 });
  await threads.at(-1)?.terminate();
  await waitFor(() => threads.length === 2, { timeoutMs: 20_000 });
  const before = [customer.talker.audioPacketsHeard, agent.talker.audioPacketsHeard] as const;
  await waitFor(() => customer.talker.audioPacketsHeard > before[0] + 30 && agent.talker.audioPacketsHeard > before[1] + 30, { timeoutMs: 20_000, what: 'sound again' });
  await rig.fact('RecordingClosed', callId);
  customer.bye();
  await rig.fact('CallEnded', callId);
  const parts = rig.of('RecordingClosed', callId);
  expect(parts.map(({ part }) => part)).toEqual([1, 2]);
  for (const { file, durationMs } of parts) {
    expect(file).toMatch(/recordings\/\d{4}\/\d{2}\/\d{2}\/[^/]+\.wav$/);
    expect(Math.round(parseWav(await readFile(file)).data.length / 16)).toBe(durationMs);
    expect(durationMs).toBeGreaterThan(100);
  }
});
