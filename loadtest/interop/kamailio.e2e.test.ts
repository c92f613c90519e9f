/** A record-routing proxy of another maker between the product and the carrier: whatever belongs to a call takes the way that it laid. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freeUdpPortRange, startAgents, startCarrier, waitFor, type SimulatedAgents, type SimulatedCarrier } from '@ritmo/testing';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Kamailio } from './kamailio.ts';
import { areThere } from './programs.ts';
import { passwordOf, queueNumber, Ritmo } from './ritmo.ts';

const talkMs = { min: 600, max: 900 };
const answers = { busyP: 0, noAnswerP: 0, rejectP: 0, invalidP: 0, earlyMediaP: 0.5, lateAnswerP: 0, answerDelayMs: { min: 100, max: 200 }, postDialDelayMs: { min: 20, max: 50 }, talkMs } as const;

describe.skipIf(!areThere('kamailio'))('calls through Kamailio', { timeout: 120_000 }, () => {
  let folder: string;
  let ritmo: Ritmo;
  let kamailio: Kamailio;
  let carrier: SimulatedCarrier;
  let agents: SimulatedAgents;
  let port: number;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-kamailio-'));
    await chmod(folder, 0o755);
    carrier = await startCarrier({ host: '127.0.0.1', seed: 1, mix: { ...answers, hangsUpFirstP: 1 } });
    [port] = await freeUdpPortRange(2);
    ritmo = await Ritmo.start({ folder, trunk: { host: '127.0.0.1', port } });
    kamailio = await Kamailio.start({ folder, port, carrierPort: carrier.port, ritmoPort: ritmo.sipPort });
  }, 180_000);
  afterEach(async () => {
    await agents?.stop();
    await ritmo.quiet();
    expect(kamailio.passed.filter(({ how }) => how === 'unrouted')).toEqual([]);
    kamailio.passed.length = 0;
  });
  afterAll(async () => {
    await kamailio?.stop();
    await carrier?.stop();
    await ritmo?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  const staff = async (hangsUp: boolean): Promise<void> => {
    agents = await startAgents({
      host: '127.0.0.1', registrar: { host: '127.0.0.1', port: ritmo.sipPort }, seed: 1, accounts: [{ extension: '1001', password: passwordOf('1001') }],
      missP: 0, answerDelayMs: { min: 50, max: 100 }, talkMs, hangsUpP: hangsUp ? 1 : 0, wrapUpMs: { min: 0, max: 10 },
    });
    await waitFor(async () => (await ritmo.ask<{ agents: { state: string }[] }>('GET', '/v1/live/agents')).agents.some(({ state }) => state === 'free'), { timeoutMs: 30_000, what: 'a free agent' });
  };
  /** The campaign dials one number and is stopped when its call has ended. */
  async function dialOne(number: string): Promise<Readonly<Record<string, unknown>>> {
    const before = (await ritmo.facts('CallEnded')).length;
    await ritmo.ask('POST', '/v1/campaigns/100/contacts', { contacts: [{ parameters: [number], phones: [{ areaCode: '11', number }] }] });
    await ritmo.ask('POST', '/v1/campaigns/100/activate', {});
    const { data } = await ritmo.fact('CallEnded', {}, before + 1);
    await ritmo.ask('POST', '/v1/campaigns/100/deactivate', {});
    return data;
  }

  test('a dialed call that the carrier ends', async () => {
    await staff(false);
    expect(await dialOne('988887701')).toMatchObject({ wireOutcome: 'answered', by: 'customer' });
    expect([kamailio.count('INVITE', 'first', 'ritmo'), kamailio.count('ACK', 'loose', 'ritmo'), kamailio.count('BYE', 'loose', 'carrier')]).toEqual([1, 1, 1]);
  });

  test('a dialed call that the agent ends', async () => {
    carrier.change({ mix: { ...answers, hangsUpFirstP: 0 } });
    await staff(true);
    expect(await dialOne('988887702')).toMatchObject({ wireOutcome: 'answered', by: 'agent' });
    expect([kamailio.count('INVITE', 'first', 'ritmo'), kamailio.count('ACK', 'loose', 'ritmo'), kamailio.count('BYE', 'loose', 'ritmo')]).toEqual([1, 1, 1]);
  });

  test('a call that comes in and ends at the carrier', async () => {
    await staff(false);
    const result = await carrier.call({ host: '127.0.0.1', port, to: queueNumber, from: '11988887703', talkMs: 800 });
    expect(result).toMatchObject({ answered: true, endedBy: 'carrier' });
    expect(result.packetsHeard).toBeGreaterThan(5);
    await ritmo.fact('CallEnded', { direction: 'inbound', by: 'customer' });
    expect([kamailio.count('INVITE', 'first', 'carrier'), kamailio.count('ACK', 'loose', 'carrier'), kamailio.count('BYE', 'loose', 'carrier')]).toEqual([1, 1, 1]);
  });

  test('a call that comes in and ends at the agent', async () => {
    await staff(true);
    const result = await carrier.call({ host: '127.0.0.1', port, to: queueNumber, from: '11988887704', talkMs: 30_000 });
    expect(result).toMatchObject({ answered: true, endedBy: 'far-end' });
    await ritmo.fact('CallEnded', { direction: 'inbound', by: 'agent' });
    expect([kamailio.count('INVITE', 'first', 'carrier'), kamailio.count('BYE', 'loose', 'ritmo')]).toEqual([1, 1]);
  });
});
