import { asCallId, asId, type CampaignId, type QueueId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import type { ArrivedCall } from './calls.ts';
import { agentConfig, campaignConfig, queueConfig, scenario } from './scenario.test-support.ts';

const setUp = (graceClock: 'answer' | 'detection-end', agents = 1) => {
  const ids = Array.from({ length: agents }, (_, index) => index + 1);
  const run = scenario(ids.map((id) => agentConfig(id)), [queueConfig(1, ids)], [campaignConfig(7, 1, { graceClock, detectionMs: 3_000 })]);
  run.register(...ids);
  const say = (callId: string, verdict: 'person' | 'machine', afterMs = 0) => run.do({ kind: 'call-classified', callId: asCallId(callId), verdict }, afterMs);
  return { run, say };
};

describe('a campaign that waits for detection', () => {
  test('offers nobody before it has spoken, and a person at once then, whose wait begins there', () => {
    const { run, say } = setUp('detection-end');
    run.arrive('9.1', 1, 7);
    expect([run.ringing(1), run.facts('CallQueued')]).toEqual([undefined, []]);
    say('9.1', 'person', 1_200);
    expect(run.facts('CallQueued')).toMatchObject([{ callId: '9.1', position: 1 }]);
    run.answer(1);
    expect(run.facts('CallDelivered')).toMatchObject([{ callId: '9.1', waitMs: 0 }]);
  });

  test('hangs up on a machine without an agent and without an abandoned call', () => {
    const { run, say } = setUp('detection-end');
    const callId = run.arrive('9.1', 1, 7);
    expect(say('9.1', 'machine', 900)).toEqual([{ kind: 'hangup', callId, by: 'system', reason: 'a machine answered' }]);
    run.do({ kind: 'call-ended', callId, by: 'system' }, 20);
    expect([run.facts('OfferMade'), run.facts('CallAbandoned'), run.core.calls.size, run.core.timers.size]).toEqual([[], [], 0, 0]);
  });

  test('takes silence of the detector for a person, and says so', () => {
    const { run, say } = setUp('detection-end');
    run.arrive('9.1', 1, 7);
    run.do({ kind: 'tick' }, 2_999);
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'tick' }, 1);
    expect(run.facts('AnswerClassified')).toEqual([{ callId: '9.1', campaignId: 7, verdict: 'person', detectMs: 3_000 }]);
    expect(run.ringing(1)).toMatchObject({ callId: '9.1' });
    // A late word changes nothing any more.
    expect(say('9.1', 'machine')).toEqual([]);
    run.answer(1);
    expect(run.facts('CallDelivered')).toHaveLength(1);
  });

  test('waits 4 s where the campaign was stored before that could be set', () => {
    const { run } = setUp('detection-end');
    const { detectionMs: _, ...stored } = campaignConfig(7, 1, { graceClock: 'detection-end' });
    run.do({ kind: 'put-campaign', campaign: stored });
    run.arrive('9.1', 1, 7);
    run.do({ kind: 'tick' }, 3_999);
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'tick' }, 1);
    expect(run.ringing(1)).toMatchObject({ callId: '9.1' });
  });

  test('counts who hangs up before it has spoken as one who waited since the answer', () => {
    const { run } = setUp('detection-end');
    const callId = run.arrive('9.1', 1, 7);
    run.do({ kind: 'call-ended', callId, by: 'customer' }, 700);
    expect(run.facts('CallAbandoned')).toMatchObject([{ callId, by: 'customer', waitMs: 700 }]);
  });

  test('does not queue a person whose queue was removed meanwhile', () => {
    const { run, say } = setUp('detection-end');
    const callId = run.arrive('9.1', 1, 7);
    run.do({ kind: 'remove-queue', queueId: asId<QueueId>(1) });
    expect(say('9.1', 'person')).toEqual([{ kind: 'hangup', callId, by: 'system', reason: 'the queue was removed' }]);
    run.do({ kind: 'call-ended', callId, by: 'system' }, 20);
    expect(run.facts('CallAbandoned')).toHaveLength(1);
  });

  test('queues a person where its queue is now, though it was removed and made again meanwhile', () => {
    const { run, say } = setUp('detection-end');
    run.arrive('9.1', 1, 7);
    run.do({ kind: 'remove-queue', queueId: asId<QueueId>(1) });
    run.do({ kind: 'put-queue', queue: queueConfig(1, [1]) });
    say('9.1', 'person');
    expect(run.ringing(1)).toMatchObject({ callId: '9.1' });
  });

  test('lets calls that come in by themselves wait for nothing', () => {
    const { run } = setUp('detection-end');
    run.arrive('9.1');
    expect(run.ringing(1)).toMatchObject({ callId: '9.1' });
  });
});

describe('a detector beside a campaign that offers at the answer', () => {
  test("takes a machine from the agent whose phone rings, and from the queue", () => {
    const { run, say } = setUp('answer');
    const first = run.arrive('9.1', 1, 7);
    const second = run.arrive('9.2', 1, 7);
    const third = run.arrive('9.3', 1, 7);
    expect(say('9.2', 'machine')).toEqual([{ kind: 'hangup', callId: second, by: 'system', reason: 'a machine answered' }]);
    expect(say('9.1', 'machine').map(({ kind }) => kind)).toEqual(expect.arrayContaining(['cancel-offer', 'hangup', 'offer']));
    expect(run.ringing(1)).toMatchObject({ callId: third });
    for (const callId of [first, second]) run.do({ kind: 'call-ended', callId, by: 'system' }, 20);
    expect(run.facts('CallAbandoned')).toEqual([]);
  });

  test('does not end a call that an agent has taken', () => {
    const { run, say } = setUp('answer');
    run.arrive('9.1', 1, 7);
    run.answer(1);
    expect(say('9.1', 'machine')).toEqual([]);
  });

  test('does not end one that an agent has taken and passed on, to a queue or to a colleague', () => {
    const { run, say } = setUp('answer', 2);
    const callId = run.arrive('9.1', 1, 7);
    const taker = run.ringing(1) ? 1 : 2;
    run.answer(taker);
    run.do({ kind: 'transfer', callId, target: { kind: 'agent', agent: run.agent(3 - taker) } });
    run.miss(3 - taker);
    run.do({ kind: 'set-status', agent: run.agent(taker), statusId: 6 as never, by: { kind: 'system' } });
    expect(say('9.1', 'machine')).toEqual([]);
    expect(run.core.calls.get(callId)?.phase.kind).not.toBe('closing');
  });
});

describe('a call that an acd of before has left', () => {
  const adopt = (graceClock: 'answer' | 'detection-end', heard: ArrivedCall['heard'], agoMs: number, detectedAgoMs = 0) => {
    const { run, say } = setUp(graceClock);
    const callId = asCallId('9.1');
    const at = run.now - detectedAgoMs;
    const call = { callId, direction: 'campaign', queueId: asId<QueueId>(1), campaignId: asId<CampaignId>(7), number: '1133334444', answeredAt: run.now - agoMs, record: true } as const;
    const made = run.do({ kind: 'call-arrived', call: { ...call, ...(heard === undefined ? {} : { heard: { ...heard, at } }) } });
    return { run, say, callId, made };
  };

  test('whom detection took for a person waits on since then, and is not judged again', () => {
    const { run, say } = adopt('detection-end', { verdict: 'person', at: 0 }, 9_000, 7_500);
    expect([run.facts('AnswerClassified'), say('9.1', 'machine')]).toEqual([[], []]);
    run.answer(1);
    expect(run.facts('CallDelivered')).toMatchObject([{ callId: '9.1', waitMs: 7_500 }]);
  });

  test('a machine is hung up, and no agent rings', () => {
    const { run, callId, made } = adopt('detection-end', { verdict: 'machine', at: 0 }, 9_000, 7_500);
    expect(made).toEqual([{ kind: 'hangup', callId, by: 'system', reason: 'a machine answered' }]);
    run.do({ kind: 'call-ended', callId, by: 'system' }, 20);
    expect([run.facts('CallAbandoned'), run.core.calls.size, run.core.timers.size]).toEqual([[], 0, 0]);
  });

  test('of whom nothing was said in time has waited as a person since then', () => {
    const { run } = adopt('detection-end', undefined, 9_000);
    expect(run.effects.flatMap((effect) => (effect.kind === 'record' && effect.fact.type === 'AnswerClassified' ? [effect.fact.at] : []))).toEqual([run.now - 6_000]);
    expect(run.facts('AnswerClassified')).toMatchObject([{ verdict: 'person', detectMs: 3_000 }]);
    run.answer(1);
    expect(run.facts('CallDelivered')).toMatchObject([{ waitMs: 6_000 }]);
  });

  test('goes on waiting for the word where there is time left', () => {
    const { run, say } = adopt('detection-end', undefined, 2_500);
    expect(run.ringing(1)).toBeUndefined();
    say('9.1', 'person');
    expect(run.ringing(1)).toMatchObject({ callId: '9.1' });
  });
});
