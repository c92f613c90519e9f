import { expect, test } from 'vitest';
import { accessRules } from './access-rules.ts';

const rulesOf = (...addresses: string[]): readonly string[] =>
  accessRules(
    addresses.map((address) => ({ address, user: 'integracao', database: 'totalipdb' })),
    () => undefined,
  );

test('an address becomes a range of one, a refusal comes before everything else', () => {
  expect(rulesOf('10.0.0.0/8', '192.168.0.7', '!10.0.0.5', '!127.0.0.1')).toEqual([
    'host totalipdb integracao 10.0.0.5/32 reject',
    'host totalipdb integracao 127.0.0.1/32 reject',
    'host all all 127.0.0.1/32 scram-sha-256',
    'host all all ::1/128 scram-sha-256',
    'host totalipdb integracao 10.0.0.0/8 scram-sha-256',
    'host totalipdb integracao 192.168.0.7/32 scram-sha-256',
  ]);
});

test('what is no address never reaches the file, and is told', () => {
  const told: string[] = [];
  const bad = ['all', '10.0.0.0/33', '10.0.0.0/8 trust', '10.0.0.0/8\nhost all all 0.0.0.0/0 trust', '', '::1%eth0'];
  const rules = accessRules(bad.map((address) => ({ address, user: 'integracao', database: 'totalipdb' })), (address) => told.push(address));
  expect(rules).toHaveLength(2);
  expect(told).toEqual(bad);
});

test('a confined user gets into its own database only, from loopback too, and its refusals still come first', () => {
  const rules = accessRules([{ address: '!127.0.0.1', user: 'integracao', database: 'totalipdb' }], () => undefined, [{ user: 'integracao', database: 'totalipdb' }]);
  expect(rules).toEqual([
    'host totalipdb integracao 127.0.0.1/32 reject',
    'host totalipdb integracao 127.0.0.1/32 scram-sha-256',
    'host all integracao 127.0.0.1/32 reject',
    'host totalipdb integracao ::1/128 scram-sha-256',
    'host all integracao ::1/128 reject',
    'host all all 127.0.0.1/32 scram-sha-256',
    'host all all ::1/128 scram-sha-256',
  ]);
});
