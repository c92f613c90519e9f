/** Tests only: one telephony, a carrier and two phones, for the tests of how calls end. After each test nothing may be held: calls, channels, dialogs, media. */
import { asCallId, asExtension, asId, type AgentId, type CallId, type RouteId, type TrunkId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { FarEnd, type FarCall } from './far-end.ts';
import { Rig } from './rig.ts';

export let rig: Rig;
export let carrier: FarEnd;
export let phone: FarEnd;
export let second: FarEnd;

beforeAll(async () => {
  rig = await Rig.start({ t1Ms: 100 });
  [carrier, phone, second] = await Promise.all([FarEnd.start({ hz: 500, t1Ms: 100 }), FarEnd.start({ hz: 900, t1Ms: 100 }), FarEnd.start({ hz: 1300, t1Ms: 100 })]);
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 200, channels: 20 });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  rig.put('agent', { id: 2, name: 'Rui', extension: '1002', password: 'secret' });
  rig.put('agent', { id: 3, name: 'Eva', extension: '1003', password: 'secret' });
  await rig.telephony.start();
  await phone.register(rig.port, '1001', 'secret');
  await second.register(rig.port, '1002', 'secret');
});

afterAll(async () => {
  await Promise.all([phone.stop(), second.stop(), carrier.stop()]);
  await rig.stop();
});

beforeEach(() => {
  for (const end of [carrier, phone, second]) {
    end.calls.length = 0;
    end.onCall = undefined;
  }
  rig.legs.length = 0;
  rig.facts.length = 0;
});

afterEach(async () => {
  try {
    await rig.quiet();
  } finally {
    // What a failed test left behind must not fail the next one.
    for (const { callId } of (await rig.bus.request('telephony.calls', {})).calls) await hangup(callId);
  }
});

export const ask = <S extends Parameters<Rig['bus']['request']>[0]>(...args: Parameters<typeof rig.bus.request<S>>) => rig.bus.request<S>(...args);
export const hangup = (callId: CallId, by: 'agent' | 'system' = 'system') => ask('telephony.hangup', { callId, by, reason: 'asked' });
export const ended = (callId: CallId) => rig.fact('CallEnded', callId);
export const over = (call: FarCall, what: string) => waitFor(() => call.isOver, { what });
export const agent2 = { agentId: asId<AgentId>(2), extension: asExtension('1002') };

export async function ringing(): Promise<{ callId: CallId; customer: FarCall }> {
  const callId = await rig.originate('11988887777', { ringTimeoutMs: 20_000 });
  const customer = await carrier.invite();
  customer.ring();
  await rig.fact('CallRang', callId);
  return { callId, customer };
}

export async function waiting(): Promise<{ callId: CallId; customer: FarCall }> {
  const { callId, customer } = await ringing();
  await customer.answer();
  await rig.fact('CallAnswered', callId);
  return { callId, customer };
}

export async function offered(): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const { callId, customer } = await waiting();
  expect(await rig.offer(callId)).toEqual({ ok: true });
  const agent = await phone.invite();
  agent.ring();
  await waitFor(() => rig.legs.some(({ state }) => state === 'ringing'), { what: 'the leg to ring' });
  return { callId, customer, agent };
}

export async function talking(): Promise<{ callId: CallId; customer: FarCall; agent: FarCall }> {
  const call = await offered();
  await call.agent.answer();
  await waitFor(() => rig.legs.some(({ state }) => state === 'answered'), { what: 'the leg to be up' });
  return call;
}

/** `discar`: the extension answers, the number is being dialed. */
export async function ownCall(id: string, invite = 1): Promise<{ callId: CallId; extension: FarCall; number: FarCall }> {
  const callId = asCallId(id);
  expect(await dialForAgent(callId)).toEqual({ ok: true });
  const extension = await phone.invite(invite);
  await extension.answer();
  return { callId, extension, number: await carrier.invite(invite) };
}

export const dialForAgent = (callId: CallId, over: { agentLegUp?: boolean; extension?: string } = {}) =>
  ask('telephony.dial-for-agent', {
    callId, agentId: asId<AgentId>(1), extension: asExtension(over.extension ?? '1001'), dialString: '1133332222', trunkId: asId<TrunkId>(1), routeId: asId<RouteId>(1),
    callerId: '1140000000', ringTimeoutMs: 5_000, agentLegUp: over.agentLegUp ?? false, record: true,
  });
