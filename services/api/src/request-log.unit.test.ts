import pino from 'pino';
import { afterEach, expect, test, vi } from 'vitest';
import { createRequestLog } from './request-log.ts';

function logged(): { readonly lines: Record<string, unknown>[]; readonly log: pino.Logger } {
  const lines: Record<string, unknown>[] = [];
  return { lines, log: pino({ base: null, timestamp: false }, { write: (line: string) => void lines.push(JSON.parse(line) as Record<string, unknown>) }) };
}

afterEach(() => void vi.useRealTimers());

test('the same question of the same caller is told once and then counted by the second', () => {
  vi.useFakeTimers();
  const { lines, log } = logged();
  const requests = createRequestLog(log);
  for (let time = 0; time < 1_000; time += 1) requests.tellCounted('10.0.0.1', 'status_ramal', '1 record', time === 500 ? 7 : 1);
  requests.tellCounted('10.0.0.2', 'status_ramal', '1 record', 1);
  expect(lines).toHaveLength(2);
  vi.advanceTimersByTime(1_000);
  expect(lines.slice(2)).toEqual([{ level: 30, caller: '10.0.0.1', function: 'status_ramal', answer: '1 record', ms: 7, count: 999, msg: 'api' }]);
  requests.tellCounted('10.0.0.1', 'status_ramal', '1 record', 1);
  expect(lines).toHaveLength(4);
});

test('a command has a line of its own, however often it comes', () => {
  const { lines, log } = logged();
  const requests = createRequestLog(log);
  for (let time = 0; time < 3; time += 1) requests.tell('10.0.0.1', 'discar', 'DISCANDO', 2);
  expect(lines).toHaveLength(3);
});

test('what was counted is told when the port closes', () => {
  const { lines, log } = logged();
  const requests = createRequestLog(log);
  for (let time = 0; time < 5; time += 1) requests.tellCounted('10.0.0.1', 'campanhas', 'CHAVE DA API INVÁLIDA', 0);
  requests.stop();
  expect(lines.at(-1)).toMatchObject({ count: 4 });
});
