import { asCallId, asId, type UserStatusId } from '@ritmo/domain';
import { expect, test } from 'vitest';
import { reasonNotToRing } from './internal-calls.ts';
import { reasonNotToDial } from './own-calls.ts';
import { agentConfig, queueConfig, scenario } from './scenario.test-support.ts';

const operator = { kind: 'admin' } as const;
const loggedIn = asId<UserStatusId>(1);
const loggedOut = asId<UserStatusId>(2);
const blocked = () => scenario([agentConfig(1, { blocked: true }), agentConfig(2)], [queueConfig(1, [1, 2])]);

test('a blocked agent is not logged in by its registration, by a status or by a pause, and is offered nothing', () => {
  const run = blocked();
  run.register(1);
  run.do({ kind: 'set-status', agent: run.agent(1), statusId: loggedIn, by: operator });
  run.do({ kind: 'pause', agent: run.agent(1), by: operator });
  expect(run.agent(1).statusId).toBe(loggedOut);
  run.arrive('1.1');
  expect(run.ringing(1)).toBeUndefined();
  expect(run.facts('AgentStatusChanged')).toEqual([]);
});

test('a blocked agent neither calls nor is called', () => {
  const run = blocked();
  run.register(1, 2);
  expect(reasonNotToDial(run.core, run.agent(1))).toBe('not-allowed');
  expect(reasonNotToRing(run.core, run.agent(1))).toBe(480);
  expect(reasonNotToDial(run.core, run.agent(2))).toBeNull();
});

test('an agent who is blocked while the phone rings loses the call to the next one, and is logged out', () => {
  const run = scenario([agentConfig(1), agentConfig(2)], [queueConfig(1, [1, 2])]);
  run.register(1, 2);
  run.arrive('1.1');
  expect(run.ringing(1)?.callId).toBe('1.1');
  run.do({ kind: 'put-agent', agent: agentConfig(1, { blocked: true }) });
  expect(run.agent(1).statusId).toBe(loggedOut);
  expect(run.ringing(2)?.callId).toBe('1.1');
});

test('an agent who is blocked while talking talks on, and gets no further call', () => {
  const run = scenario([agentConfig(1)], [queueConfig(1, [1])]);
  run.register(1);
  run.arrive('1.1');
  run.answer(1);
  run.do({ kind: 'put-agent', agent: agentConfig(1, { blocked: true }) });
  expect(run.agent(1).calls.has(asCallId('1.1'))).toBe(true);
  run.do({ kind: 'call-ended', callId: asCallId('1.1'), by: 'customer' });
  run.arrive('1.2');
  expect(run.ringing(1)).toBeUndefined();
});

test('an agent who was blocked while no acd ran is logged out when its past is read', () => {
  const run = blocked();
  run.do({ kind: 'remember-agent', agent: { agentId: asId(1), statusId: loggedIn, statusSinceAt: 5 } });
  expect(run.agent(1).statusId).toBe(loggedOut);
});
