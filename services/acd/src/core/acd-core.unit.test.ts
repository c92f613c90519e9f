import { asCallId, asId, type AgentId, type CampaignId, type QueueId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { nextDueAt } from './acd-core.ts';
import { agentConfig, campaignConfig, queueConfig, scenario } from './scenario.test-support.ts';

const agents = (count: number) => Array.from({ length: count }, (_, index) => agentConfig(index + 1));

describe('an answered call', () => {
  test('is offered in the same step to the agent who is idle longest', () => {
    const run = scenario(agents(3), [queueConfig(1, [1, 2, 3])]);
    run.register(2, 1, 3);
    const effects = run.effects.length;
    run.arrive('1.1');
    const first = run.effects.slice(effects).find((effect) => effect.kind === 'offer');
    expect(first).toMatchObject({ request: { callId: '1.1', legId: '1.1/1', agentId: 2, extension: '1002', ringTimeoutMs: 15_000 } });
    expect(run.facts('CallQueued')).toMatchObject([{ callId: '1.1', queueId: 1, position: 1 }]);
    expect(run.facts('OfferMade')).toMatchObject([{ agentId: 2 }]);
  });

  test('waits in order of arrival when nobody is free, and goes to whoever becomes free', () => {
    const run = scenario(agents(2), [queueConfig(1, [1, 2])]);
    run.arrive('1.1');
    run.now += 5;
    run.arrive('1.2');
    run.register(1);
    expect(run.ringing(1)?.callId).toBe('1.1');
    run.register(2);
    expect(run.ringing(2)?.callId).toBe('1.2');
    expect(run.facts('CallQueued').map(({ position }) => position)).toEqual([1, 2]);
  });

  test('waits behind a call of better priority that came later', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { dialerPriority: 10, inboundPriority: 5 })], [campaignConfig(7, 1)]);
    run.arrive('1.1', 1, 7);
    run.now += 50;
    run.arrive('1.2', 1, null);
    run.register(1);
    expect(run.ringing(1)?.callId).toBe('1.2');
  });

  test('goes to the agent who chose to make it, and to the queue when that agent is not free', () => {
    const run = scenario(agents(3), [queueConfig(1, [1, 2, 3])], [campaignConfig(7, 1)]);
    run.register(1, 2, 3);
    const call = { direction: 'campaign' as const, queueId: asId<QueueId>(1), campaignId: asId<CampaignId>(7), number: '1133334444', answeredAt: run.now, record: true, wantedAgentId: asId<AgentId>(3) };
    run.do({ kind: 'call-arrived', call: { ...call, callId: asCallId('1.1') } });
    expect(run.ringing(3)?.callId).toBe('1.1');
    run.do({ kind: 'call-arrived', call: { ...call, callId: asCallId('1.2') } });
    expect(run.ringing(1)?.callId).toBe('1.2');
  });

  test('of a queue that does not exist is hung up', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.arrive('1.1', 99);
    expect(run.effects.at(-1)).toMatchObject({ kind: 'hangup', callId: '1.1' });
    expect(run.core.calls.size).toBe(0);
  });
});

describe('strategies', () => {
  const order = (strategy: 'fewest-calls' | 'priority' | 'skill') => {
    const members = [
      { agentId: 1, priority: 3, skill: 1 },
      { agentId: 2, priority: 1, skill: 5 },
      { agentId: 3, priority: 2, skill: 9 },
    ];
    const run = scenario(agents(3), [queueConfig(1, [], { strategy, members })]);
    run.register(1, 2, 3);
    return run;
  };
  const offered = (run: ReturnType<typeof scenario>) => run.facts('OfferMade').map(({ agentId }) => agentId as number);

  test('priority offers to the lowest number first', () => {
    const run = order('priority');
    for (const id of ['1.1', '1.2', '1.3']) run.arrive(id);
    expect(offered(run)).toEqual([2, 3, 1]);
  });

  test('skill offers to the most skilled first', () => {
    const run = order('skill');
    for (const id of ['1.1', '1.2', '1.3']) run.arrive(id);
    expect(offered(run)).toEqual([3, 2, 1]);
  });

  test('fewest-calls offers to who took the fewest calls today, and midnight makes all equal', () => {
    const run = order('fewest-calls');
    run.arrive('1.1');
    run.answer(1);
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'customer' });
    for (const id of ['1.2', '1.3', '1.4']) run.arrive(id);
    expect(offered(run)).toEqual([1, 2, 3, 1]);
    for (const id of ['1.2', '1.3', '1.4']) run.do({ kind: 'call-ended', callId: asCallId(id), by: 'customer' }, 1);
    run.do({ kind: 'day-began' });
    expect(run.agent(1).callsTaken).toBe(0);
  });
});

describe('a missed offer', () => {
  test('is a TNA, and the caller goes to the next agent ahead of those who came later', () => {
    const run = scenario(agents(2), [queueConfig(1, [1, 2])]);
    run.register(1, 2);
    run.arrive('1.1');
    run.now += 3;
    run.arrive('1.2');
    run.now += 3;
    run.arrive('1.3');
    run.now += 15_000;
    run.miss(1);
    expect(run.facts('OfferMissed')).toMatchObject([{ callId: '1.1', agentId: 1, durationMs: 15_006, reason: 'no-answer' }]);
    run.answer(2);
    run.do({ kind: 'call-ended', callId: asCallId('1.2'), by: 'customer' });
    expect(run.ringing(2)?.callId).toBe('1.1');
    expect(run.ringing(2)?.legId).toBe('1.1/2');
  });

  test('lets the phone rest for a moment before it is rung again', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.arrive('1.1');
    run.miss(1, 'unreachable');
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'tick' }, 2_000);
    expect(run.ringing(1)?.callId).toBe('1.1');
  });

  test('pauses the agent at the third in a row', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { missedBeforePause: 3 })]);
    run.register(1);
    run.arrive('1.1');
    for (let time = 0; time < 3; time += 1) {
      run.miss(1);
      run.do({ kind: 'tick' }, 3_000);
    }
    expect(run.ringing(1)).toBeUndefined();
    expect(run.facts('AgentStatusChanged').at(-1)).toMatchObject({ statusId: 6, previousStatusId: 1, reason: 'missed-offers' });
  });

  test('does not count towards the pause once a call was taken between', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { missedBeforePause: 2 })]);
    run.register(1);
    run.arrive('1.1');
    run.miss(1);
    run.do({ kind: 'tick' }, 3_000);
    run.answer(1);
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'agent' });
    run.arrive('1.2');
    run.miss(1);
    expect(run.agent(1).statusId).toBe(1);
  });

  test('follows when telephony never says how the offer went', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.arrive('1.1');
    run.do({ kind: 'tick' }, 20_001);
    expect(run.facts('OfferMissed')).toMatchObject([{ reason: 'unreachable' }]);
  });
});

describe('waiting', () => {
  test('ends with the safe-harbour message and an abandoned call', () => {
    const run = scenario(agents(0), [queueConfig(1, [])], [campaignConfig(7, 1, { maxQueueMs: 4_000 })]);
    run.arrive('1.1', 1, 7);
    run.do({ kind: 'tick' }, 3_999);
    expect(run.facts('CallAbandoned')).toEqual([]);
    run.do({ kind: 'tick' }, 1);
    expect(run.facts('CallAbandoned')).toMatchObject([{ callId: '1.1', waitMs: 4_000, by: 'system', message: true }]);
    expect(run.effects.at(-1)).toMatchObject({ kind: 'play', file: 'safe-harbour.wav', thenHangup: true });
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'system' }, 3_000);
    expect(run.facts('CallAbandoned')).toHaveLength(1);
    expect(run.core.calls.size).toBe(0);
    expect(nextDueAt(run.core)).toBeUndefined();
  });

  test('that ends by the customer is abandoned by the customer, and frees the agent who was ringing', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.arrive('1.1');
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'customer' }, 700);
    expect(run.facts('CallAbandoned')).toMatchObject([{ by: 'customer', waitMs: 700, message: false }]);
    expect(run.facts('OfferMissed')).toEqual([]);
    run.arrive('1.2');
    expect(run.ringing(1)?.callId).toBe('1.2');
  });

  test('of a call whose offer telephony withdrew brings no new offer', () => {
    const run = scenario(agents(2), [queueConfig(1, [1, 2])]);
    run.register(1, 2);
    run.arrive('1.1');
    const offer = run.ringing(1);
    if (!offer) throw new Error('no offer');
    run.do({ kind: 'offer-withdrawn', ...offer });
    expect(run.ringing(2)).toBeUndefined();
    run.do({ kind: 'tick' }, 3_000);
    expect(run.facts('CallAbandoned')).toHaveLength(1);
    expect(run.core.calls.size).toBe(0);
  });
});

describe('a delivered call', () => {
  test('is followed by the wrap-up of its queue, which `ready` ends', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { wrapUpS: 10 })]);
    run.register(1);
    run.arrive('1.1');
    run.now += 1_200;
    run.answer(1);
    expect(run.facts('CallDelivered')).toMatchObject([{ callId: '1.1', agentId: 1, waitMs: 1_200, queueId: 1 }]);
    run.do({ kind: 'agent-leg-ended', callId: asCallId('1.1'), legId: '1.1/1' as never }, 60_000);
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'agent' });
    run.arrive('1.2');
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'ready', agent: run.agent(1) }, 4_000);
    expect(run.facts('WrapUpEnded')).toMatchObject([{ callId: '1.1', wrapMs: 4_000 }]);
    expect(run.ringing(1)?.callId).toBe('1.2');
  });

  test('is followed by a wrap-up that ends by itself', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { wrapUpS: 10 })]);
    run.register(1);
    run.arrive('1.1');
    run.answer(1);
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'customer' });
    run.do({ kind: 'tick' }, 10_000);
    expect(run.facts('WrapUpEnded')).toMatchObject([{ wrapMs: 10_000 }]);
    expect(run.facts('CallAbandoned')).toEqual([]);
  });
});
