/** tshark reads a set of calls on the loopback: SIP, SDP and RTP without a malformed packet and without an error of its dissectors. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgents, startCarrier, waitFor } from '@ritmo/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { faultsIn, readCapture, startCapture } from './capture.ts';
import { mayCapture } from './programs.ts';
import { passwordOf, queueNumber, Ritmo } from './ritmo.ts';

const contacts = 8;
/** Calls are enough when this many have ended: one agent takes them one by one. */
const dialed = 6;

describe.skipIf(!mayCapture())('what is on the wire', { timeout: 180_000 }, () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-wire-'));
    await chmod(folder, 0o755);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('is well formed: registrations, dialed calls of every kind, calls that come in', async () => {
    const talkMs = { min: 500, max: 900 };
    const carrier = await startCarrier({
      host: '127.0.0.1', seed: 3,
      mix: { busyP: 0.15, noAnswerP: 0, rejectP: 0.1, invalidP: 0.1, earlyMediaP: 0.3, lateAnswerP: 0, hangsUpFirstP: 0.5, answerDelayMs: { min: 100, max: 200 }, postDialDelayMs: { min: 20, max: 50 }, talkMs },
    });
    const ritmo = await Ritmo.start({ folder, trunk: { host: '127.0.0.1', port: carrier.port } });
    const file = join(folder, 'calls.pcap');
    const capture = await startCapture(file, `udp port ${ritmo.sipPort} or udp portrange ${ritmo.rtpPorts[0]}-${ritmo.rtpPorts[1]}`);
    const agents = await startAgents({
      host: '127.0.0.1', registrar: { host: '127.0.0.1', port: ritmo.sipPort }, seed: 3, accounts: [{ extension: '1001', password: passwordOf('1001') }], missP: 0,
      answerDelayMs: { min: 50, max: 100 }, talkMs, hangsUpP: 0.5, longestTalkMs: 1_500, wrapUpMs: { min: 0, max: 10 },
    });
    try {
      await waitFor(async () => (await ritmo.ask<{ agents: { state: string }[] }>('GET', '/v1/live/agents')).agents.some(({ state }) => state === 'free'), { timeoutMs: 30_000 });
      const numbers = Array.from({ length: contacts }, (_, index) => `98888${7_710 + index}`);
      await ritmo.ask('POST', '/v1/campaigns/100/contacts', { contacts: numbers.map((number) => ({ parameters: [number], phones: [{ areaCode: '11', number }] })) });
      await ritmo.ask('POST', '/v1/campaigns/100/activate', {});
      await waitFor(async () => (await ritmo.facts('CallEnded')).length >= dialed, { timeoutMs: 90_000, everyMs: 300, what: 'the calls' });
      await ritmo.ask('POST', '/v1/campaigns/100/deactivate', {});
      expect(await carrier.call({ host: '127.0.0.1', port: ritmo.sipPort, to: queueNumber, from: '11988887704', talkMs: 800 })).toMatchObject({ answered: true });
      await ritmo.quiet();
    } finally {
      await agents.stop();
      await carrier.stop();
      await ritmo.stop();
      await capture.stop();
    }
    const seen = (filter: string): number => readCapture(file, ritmo.sipPort, filter).length;
    expect(seen('sip.Method == "INVITE" and not sip.to.tag')).toBeGreaterThan(dialed);
    expect(seen('sdp')).toBeGreaterThan(dialed);
    expect(seen('sip.Method == "BYE"')).toBeGreaterThan(0);
    expect(seen('rtp')).toBeGreaterThan(50);
    expect(faultsIn(file, ritmo.sipPort)).toEqual([]);
  });
});
