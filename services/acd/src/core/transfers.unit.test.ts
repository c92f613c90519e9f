import { asCallId, asId, asLegId, type QueueId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { beginJoining } from './attended.ts';
import { agentConfig, queueConfig, scenario } from './scenario.test-support.ts';

const operator = { kind: 'admin' } as const;
const agents = (count: number) => Array.from({ length: count }, (_, index) => agentConfig(index + 1));

describe('a transfer', () => {
  const talking = () => {
    const run = scenario(agents(2), [queueConfig(1, [1]), queueConfig(2, [2])]);
    run.register(1, 2);
    run.arrive('1.1');
    run.answer(1);
    return run;
  };

  test('to an agent drops the first and rings the second; a miss falls back to the queue', () => {
    const run = talking();
    run.do({ kind: 'transfer', callId: asCallId('1.1'), target: { kind: 'agent', agent: run.agent(2) } });
    expect(run.effects).toContainEqual({ kind: 'drop-agent', callId: '1.1', legId: '1.1/1' });
    expect(run.facts('CallTransferred')).toMatchObject([{ fromAgentId: 1, toAgentId: 2, attended: false }]);
    expect(run.ringing(2)).toEqual({ callId: '1.1', legId: '1.1/2' });
    run.miss(2);
    expect(run.ringing(1)?.callId).toBe('1.1');
  });

  test('to a queue waits there', () => {
    const run = talking();
    run.do({ kind: 'pause', agent: run.agent(2), by: operator });
    run.do({ kind: 'transfer', callId: asCallId('1.1'), target: { kind: 'queue', queueId: asId<QueueId>(2) } });
    expect(run.facts('CallQueued').at(-1)).toMatchObject({ queueId: 2 });
    run.do({ kind: 'unpause', agent: run.agent(2), by: operator });
    run.answer(2);
    expect(run.facts('CallDelivered').map(({ agentId }) => agentId as number)).toEqual([1, 2]);
  });

  test('begins a new wait: what was talked before it is none', () => {
    const run = talking();
    run.do({ kind: 'pause', agent: run.agent(2), by: operator });
    run.do({ kind: 'transfer', callId: asCallId('1.1'), target: { kind: 'queue', queueId: asId<QueueId>(2) } }, 60_000);
    run.do({ kind: 'unpause', agent: run.agent(2), by: operator }, 5_000);
    run.answer(2);
    run.do({ kind: 'transfer', callId: asCallId('1.1'), target: { kind: 'agent', agent: run.agent(1) } }, 60_000);
    run.now += 3_000;
    run.answer(1);
    expect(run.facts('CallDelivered').map(({ waitMs }) => waitMs)).toEqual([0, 5_000, 3_000]);
    run.do({ kind: 'pause', agent: run.agent(2), by: operator });
    run.do({ kind: 'transfer', callId: asCallId('1.1'), target: { kind: 'queue', queueId: asId<QueueId>(2) } }, 60_000);
    run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'customer' }, 4_000);
    expect(run.facts('CallAbandoned')).toMatchObject([{ queueId: 2, waitMs: 4_000 }]);
  });

  test.each([false, true])('that is attended leaves both calls to the two others (legs heard first: %s)', (legsFirst) => {
    const run = talking();
    run.do({ kind: 'own-call-began', agent: run.agent(1), callId: asCallId('5.1'), number: '1133334444' });
    const joining = beginJoining(run.core, asCallId('1.1'), asLegId('1.1/1'), asCallId('5.1'));
    if (!joining) throw new Error('not joined');
    if (legsFirst) {
      run.do({ kind: 'agent-leg-ended', callId: asCallId('1.1'), legId: '1.1/1' as never });
      run.do({ kind: 'agent-leg-ended', callId: asCallId('5.1'), legId: '5.1/1' as never });
    }
    run.do({ kind: 'joined', joining });
    expect(run.facts('CallTransferred')).toMatchObject([{ callId: '1.1', fromAgentId: 1, toNumber: '1133334444', attended: true }]);
    expect(run.agent(1).calls.size).toBe(0);
    run.do({ kind: 'tick' }, 60_000);
    expect([...run.core.calls.values()].map(({ phase }) => phase.kind)).toEqual(['outside', 'outside']);
    for (const id of ['1.1', '5.1']) run.do({ kind: 'call-ended', callId: asCallId(id), by: 'customer' });
    expect(run.core.calls.size).toBe(0);
  });

  test('of an own call that nobody takes ends it', () => {
    const run = scenario(agents(2), [queueConfig(1, [1, 2])]);
    run.register(1, 2);
    run.do({ kind: 'own-call-began', agent: run.agent(1), callId: asCallId('5.1'), number: '11988887777' });
    run.do({ kind: 'own-call-answered', callId: asCallId('5.1') });
    run.do({ kind: 'transfer', callId: asCallId('5.1'), target: { kind: 'agent', agent: run.agent(2) } });
    run.miss(2);
    expect(run.effects.at(-1)).toMatchObject({ kind: 'hangup', callId: '5.1' });
    run.do({ kind: 'call-ended', callId: asCallId('5.1'), by: 'system' });
    expect(run.core.calls.size).toBe(0);
    expect(run.facts('CallAbandoned')).toEqual([]);
  });
});

describe("an agent's own call", () => {
  test('takes the agent out of its queues until it ends', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.do({ kind: 'own-call-began', agent: run.agent(1), callId: asCallId('5.1'), number: '11988887777' });
    run.arrive('1.1');
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'own-call-failed', callId: asCallId('5.1') });
    expect(run.ringing(1)?.callId).toBe('1.1');
  });

  test('is ended at the ceiling of its agent', () => {
    const run = scenario([agentConfig(1, { maxCallS: 60 })], [queueConfig(1, [1])]);
    run.register(1);
    run.do({ kind: 'own-call-began', agent: run.agent(1), callId: asCallId('5.1'), number: '11988887777' });
    run.do({ kind: 'tick' }, 60_000);
    expect(run.effects.at(-1)).toMatchObject({ kind: 'hangup', callId: '5.1', by: 'system' });
  });
});
