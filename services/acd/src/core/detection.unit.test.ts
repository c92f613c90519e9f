import { asCallId, asId, type QueueId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
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
});
