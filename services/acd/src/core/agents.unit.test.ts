import { asExtension, asId, type UserStatusId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { agentConfig, queueConfig, scenario } from './scenario.test-support.ts';

const operator = { kind: 'admin' } as const;
const agents = (count: number) => Array.from({ length: count }, (_, index) => agentConfig(index + 1));

describe('an agent', () => {
  test('in a pause is offered nothing until it comes back', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.do({ kind: 'pause', agent: run.agent(1), by: operator });
    run.arrive('1.1');
    expect(run.ringing(1)).toBeUndefined();
    run.do({ kind: 'unpause', agent: run.agent(1), by: operator }, 60_000);
    expect(run.ringing(1)?.callId).toBe('1.1');
    expect(run.facts('AgentStatusChanged').map(({ statusId, previousMs }) => [statusId, previousMs])).toEqual([
      [1, 1],
      [6, 0],
      [1, 60_000],
    ]);
  });

  test('in a status that is no pause is offered calls', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.do({ kind: 'set-status', agent: run.agent(1), statusId: asId<UserStatusId>(9), by: operator });
    run.arrive('1.1');
    expect(run.ringing(1)?.callId).toBe('1.1');
  });

  test('who goes into a pause while ringing refuses the call', () => {
    const run = scenario(agents(2), [queueConfig(1, [1, 2])]);
    run.register(1, 2);
    run.arrive('1.1');
    run.do({ kind: 'pause', agent: run.agent(1), by: operator });
    expect(run.effects).toContainEqual({ kind: 'cancel-offer', callId: '1.1', legId: '1.1/1' });
    expect(run.facts('OfferMissed')).toMatchObject([{ agentId: 1, reason: 'rejected' }]);
    expect(run.ringing(2)?.callId).toBe('1.1');
  });

  test('does not come in by a status or a pause where every licence is taken, and does once one is free', () => {
    const run = scenario(agents(2), []);
    run.do({ kind: 'put-statuses', statuses: [...run.core.statuses.values()], pauseStatusId: run.core.pauseStatusId, licences: 1 });
    run.register(1);
    run.do({ kind: 'set-status', agent: run.agent(2), statusId: asId<UserStatusId>(9), by: operator });
    run.do({ kind: 'pause', agent: run.agent(2), by: operator });
    expect(run.agent(2).statusId).toBe(2);
    run.do({ kind: 'set-status', agent: run.agent(1), statusId: asId<UserStatusId>(9), by: operator });
    expect(run.agent(1).statusId).toBe(9);
    run.do({ kind: 'set-status', agent: run.agent(1), statusId: asId<UserStatusId>(2), by: operator });
    run.do({ kind: 'pause', agent: run.agent(2), by: operator });
    expect([run.agent(1).statusId, run.agent(2).statusId]).toEqual([2, 6]);
  });

  test('logs in with its registration and out when the phone is closed', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    const gone = { extension: asExtension('1001'), registered: false, contact: '', userAgent: null, reason: 'requested' } as const;
    run.do({ kind: 'registration', change: gone }, 500);
    expect(run.facts('AgentStatusChanged').map(({ statusId, reason }) => [statusId, reason])).toEqual([
      [1, 'registration'],
      [2, 'registration'],
    ]);
    expect(run.facts('PhoneStatusChanged').map(({ phoneStatus }) => phoneStatus)).toEqual([0, 4]);
    expect(run.facts('ExtensionUnregistered')).toMatchObject([{ reason: 'requested' }]);
  });

  test('keeps its pause when the registration only lapsed', () => {
    const run = scenario(agents(1), [queueConfig(1, [1])]);
    run.register(1);
    run.do({ kind: 'pause', agent: run.agent(1), by: operator });
    run.do({ kind: 'registration', change: { extension: asExtension('1001'), registered: false, contact: '', userAgent: null, reason: 'expired' } });
    run.register(1);
    run.arrive('1.1');
    expect(run.agent(1).statusId).toBe(6);
    expect(run.ringing(1)).toBeUndefined();
  });

  test('of two queues takes the better call of both', () => {
    const run = scenario(agents(1), [queueConfig(1, [1], { inboundPriority: 5 }), queueConfig(2, [1], { inboundPriority: 3 })]);
    run.arrive('1.1', 1);
    run.now += 10;
    run.arrive('1.2', 2);
    run.register(1);
    expect(run.ringing(1)?.callId).toBe('1.2');
  });

  test('who logged in at a shared extension is rung there', () => {
    const run = scenario([agentConfig(1, { kind: 'hardphone' })], [queueConfig(1, [1])]);
    run.do({ kind: 'move-to-station', agent: run.agent(1), station: asExtension('50001') });
    run.do({ kind: 'registration', change: { extension: asExtension('50001'), registered: true, contact: 'c', userAgent: null, reason: 'registered' } });
    run.arrive('1.1');
    expect(run.effects.find((effect) => effect.kind === 'offer')).toMatchObject({ request: { agentId: 1, extension: '50001' } });
    expect(run.facts('OfferMade')).toMatchObject([{ extension: '1001' }]);
  });
});
