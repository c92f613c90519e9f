/** One test for each row of docs/how-a-call-ends.md from 29 to 39, by its number. */
import { asCallId, asId, type CallId, type QueueId } from '@ritmo/domain';
import { waitFor } from '@ritmo/testing';
import { describe, expect, test } from 'vitest';
import { ask, carrier, dialForAgent, ended, over, ownCall, phone, rig } from './test/ends-stage.ts';

describe("an agent's own call", () => {
  test('29: the extension refuses, and nobody is dialed', async () => {
    const callId = asCallId('1700000003.1');
    await dialForAgent(callId);
    (await phone.invite()).reject(603);
    await waitFor(() => rig.legs.some(({ state }) => state === 'failed'), { what: 'the failed leg' });
    await rig.quiet();
    expect(carrier.calls).toEqual([]);
    expect(rig.facts.filter(({ type }) => type === 'CallPlaced' || type === 'CallEnded')).toEqual([]);
  });

  test('30: the agent hangs up while the number rings', async () => {
    const { callId, extension, number } = await ownCall('1700000003.2');
    number.ring();
    await rig.fact('CallRang', callId);
    extension.bye();
    await over(number, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'agent', direction: 'agent' });
  });

  test('31: the number refuses', async () => {
    const { callId, extension, number } = await ownCall('1700000003.3');
    number.reject(486);
    await over(extension, 'BYE');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'busy' });
  });

  test.each(['extension', 'number'] as const)('32: both talk until the %s hangs up', async (who) => {
    const call = await ownCall(who === 'extension' ? '1700000003.4' : '1700000003.5');
    await call.number.answer();
    await rig.fact('CallAnswered', call.callId);
    await waitFor(() => call.extension.talker.audioPacketsHeard > 20 && call.number.talker.audioPacketsHeard > 20, { what: 'sound both ways' });
    call[who].bye();
    await over(call[who === 'extension' ? 'number' : 'extension'], 'BYE');
    expect(await ended(call.callId)).toMatchObject({ wireOutcome: 'answered', by: who === 'extension' ? 'agent' : 'customer' });
  });

  /** An INVITE of the phone's own, taken by what plays the acd here. */
  const ownInvite = async () => {
    const heard = new Promise<CallId>((resolve) => {
      const subscription = rig.bus.subscribe('signal.incoming', ({ callId, source, extension, to }) => {
        subscription.stop();
        expect([source, extension, to]).toEqual(['extension', '1001', '1133332222']);
        resolve(callId);
      });
    });
    const extension = await phone.dial(rig.port, '1133332222', '1001', { username: '1001', password: 'secret' });
    return { extension, callId: await heard };
  };

  test('33: the phone gives up while the number rings', async () => {
    const { extension, callId } = await ownInvite();
    expect(await dialForAgent(callId, { agentLegUp: true })).toEqual({ ok: true });
    const number = await carrier.invite();
    number.ring();
    await rig.fact('CallRang', callId);
    extension.outgoing?.cancel();
    await over(number, 'CANCEL');
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'agent' });
  });

  test('34: the number refuses the call of a phone', async () => {
    const { extension, callId } = await ownInvite();
    await dialForAgent(callId, { agentLegUp: true });
    (await carrier.invite()).reject(404);
    await over(extension, 'the refusal');
    expect(extension.failed).toMatchObject({ sipCode: 404 });
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'invalid-number' });
  });

  test('35: the call of a phone is answered, hears early media before, and ends by the number', async () => {
    const { extension, callId } = await ownInvite();
    await dialForAgent(callId, { agentLegUp: true });
    const number = await carrier.invite();
    number.ring(true);
    number.hear(number.incoming?.body ?? '');
    await waitFor(() => extension.talker.audioPacketsHeard > 10, { what: 'early media' });
    expect(extension.call).toBeUndefined();
    await number.answer();
    await waitFor(() => extension.call, { what: "the phone's 200" });
    await rig.fact('CallAnswered', callId);
    number.bye();
    await over(extension, 'BYE');
    await ended(callId);
  });

  test('36: the acd refuses the call of a phone', async () => {
    const { extension, callId } = await ownInvite();
    expect(await ask('telephony.reject', { callId, sipCode: 403 })).toEqual({ ok: true });
    await over(extension, 'the refusal');
    expect(extension.failed).toMatchObject({ sipCode: 403 });
  });
});

describe('a call from outside', () => {
  const inbound = async () => {
    const heard = new Promise<CallId>((resolve) => {
      const subscription = rig.bus.subscribe('signal.incoming', ({ callId }) => {
        subscription.stop();
        resolve(callId);
      });
    });
    const caller = await carrier.dial(rig.port, '1140000000', '11977776666');
    return { caller, callId: await heard };
  };

  test('37: the caller gives up before it is taken', async () => {
    const { caller, callId } = await inbound();
    await waitFor(() => caller.provisionals.includes(180), { what: '180' });
    caller.outgoing?.cancel();
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'cancelled', by: 'carrier', direction: 'inbound', from: '11977776666' });
  });

  test('38: the acd refuses it', async () => {
    const { caller, callId } = await inbound();
    await ask('telephony.reject', { callId, sipCode: 404 });
    await over(caller, 'the refusal');
    expect(caller.failed).toMatchObject({ sipCode: 404 });
    expect(await ended(callId)).toMatchObject({ wireOutcome: 'rejected', by: 'system' });
  });

  test.each(['caller', 'agent'] as const)('39: it is taken, offered, and ended by the %s', async (who) => {
    const { caller, callId } = await inbound();
    await ask('telephony.answer', { callId, queueId: asId<QueueId>(4), record: true });
    expect(await rig.fact('CallAnswered', callId)).toMatchObject({ queueId: 4, direction: 'inbound' });
    await rig.offer(callId);
    const agent = await phone.invite();
    await agent.answer();
    await waitFor(() => rig.legs.some(({ state }) => state === 'answered'), { what: 'the leg' });
    await waitFor(() => caller.talker.audioPacketsHeard > 10 && agent.talker.audioPacketsHeard > 10, { what: 'sound both ways' });
    (who === 'caller' ? caller : agent).bye();
    await over(who === 'caller' ? agent : caller, 'BYE');
    expect(await ended(callId)).toMatchObject({ by: who === 'caller' ? 'customer' : 'agent', queueId: 4 });
  });
});
