import { asId, type PhoneStatus } from '@ritmo/domain';
import { expect, test } from 'vitest';
import { agentConfig, queueConfig, scenario } from './scenario.test-support.ts';

const remember = (phoneStatus: PhoneStatus) => ({ kind: 'remember-agent', agent: { agentId: asId<never>(1), statusId: asId<never>(1), statusSinceAt: 5, phoneStatus } }) as const;

test('a phone that was busy when the process died, and is gone, is told of as gone', () => {
  const run = scenario([agentConfig(1)], [queueConfig(1, [1])]);
  run.do(remember(1));
  expect(run.facts('PhoneStatusChanged')).toMatchObject([{ agentId: 1, phoneStatus: 4 }]);
});

test('a phone that was gone before stays so, and nothing is told again', () => {
  const run = scenario([agentConfig(1)], [queueConfig(1, [1])]);
  run.do(remember(4));
  expect(run.facts('PhoneStatusChanged')).toEqual([]);
  run.register(1);
  expect(run.facts('PhoneStatusChanged')).toMatchObject([{ agentId: 1, phoneStatus: 0 }]);
});
