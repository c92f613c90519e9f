import { afterEach, describe, expect, it } from 'vitest';
import { ANSWER, HELD, OFFER, RecordedCall, Rig, until } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { sipp, sippMissing } from '../contract/sipp.ts';
import { createNativeSipStack } from './stack.ts';

interface Answered {
  readonly call: RecordedCall;
  readonly body: string;
  readonly reoffers: readonly string[];
}

/** Our side of a scenario in which SIPp answers: what we offer, and what came of it. */
const CALLERS: Readonly<Record<string, { readonly offer?: string; readonly see: (answered: Answered) => void }>> = {
  'uas-answers-in-reliable-progress-expect-call': { offer: OFFER, see: ({ body }) => expect(body).toContain('m=audio') },
  'uas-offers-in-reliable-progress-expect-answer-in-prack': { see: ({ body }) => expect(body).toContain('m=audio') },
  'uas-updates-while-ringing-expect-200': {
    offer: OFFER,
    see: ({ body, reoffers }) => {
      expect(body).toContain('a=sendonly');
      expect(reoffers).toHaveLength(1);
    },
  },
};

/** Our side of a scenario in which SIPp calls. */
const CALLEES: Readonly<Record<string, (party: Party) => Promise<void>>> = {
  'uac-prack-offers-again-expect-answer-in-200': async (party) => {
    const incoming = await party.nextCall();
    incoming.onOffer?.(() => HELD);
    incoming.ring(ANSWER);
    const call = new RecordedCall(await incoming.answer(ANSWER));
    expect(await call.ended()).toMatchObject({ by: 'remote' });
  },
  'uac-invitation-expires-expect-487': async (party) => {
    const incoming = await party.nextCall();
    const ends: unknown[] = [];
    incoming.onCancel((end) => void ends.push(end));
    incoming.ring();
    await until('the end', () => ends.length === 1);
    expect(ends[0]).toMatchObject({ by: 'timeout', sipCode: 487 });
  },
  'uac-resumes-without-offer-expect-fresh-offer': async (party) => {
    const incoming = await party.nextCall();
    const call = await incoming.answer(ANSWER);
    const [ends, answers]: [unknown[], string[]] = [[], []];
    call.listen({ ended: (end) => void ends.push(end), reoffer: () => HELD, offer: () => `${ANSWER}a=sendrecv\r\n`, reanswer: (sdp) => void answers.push(sdp) });
    await until('the end', () => ends.length === 1);
    expect(answers[0]).toContain('m=audio');
  },
};

/** SIPp scenarios of what only the native engine does (an engine of another maker keeps offers in early dialogs to itself). */
const missing = sippMissing();
describe.skipIf(missing !== undefined)(`SIPp and the native engine${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const rig = new Rig();
  afterEach(() => rig.close());

  it.each(Object.entries(CALLERS))('%s', async (scenario, { offer, see }) => {
    const far = await sipp(scenario);
    const near = await rig.party(createNativeSipStack, { t1Ms: 200 });
    const answers: { readonly call: RecordedCall; readonly body: string }[] = [];
    const reoffers: string[] = [];
    near.stack.invite({
      uri: `sip:55@${far.address.host}:${far.address.port}`, from: { user: '1130001000' }, sipCallId: `sipp-${scenario}`, ...(offer === undefined ? {} : { body: offer }),
      events: {
        answerOffer: () => ANSWER,
        reoffer: (sdp) => (reoffers.push(sdp), HELD),
        answered: (call, body) => void answers.push({ call: new RecordedCall(call), body }),
        failed: () => undefined,
      },
    });
    const answered = await until('the answer', () => answers[0]);
    see({ ...answered, reoffers });
    answered.call.call.hangup();
    await Promise.all([far.passed(), answered.call.ended()]);
  });

  describe.each(['udp', 'tcp'] as const)('over %s', (transport) => {
    it.each(Object.entries(CALLEES))('%s', async (scenario, act) => {
      const near = await rig.party(createNativeSipStack, { t1Ms: 200 });
      const far = await sipp(scenario, { target: { ...near.address, transport } });
      await Promise.all([far.passed(), act(near)]);
    });
  });
});
