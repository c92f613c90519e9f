import { NameServer } from '@ritmo/sip/testing';
import { freeUdpPortRange, startCarrier } from '@ritmo/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { check, results, seenOf, trunkAt } from './test/report.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

describe('a trunk whose servers DNS names', () => {
  async function named(...ports: readonly number[]): Promise<readonly string[]> {
    const dns = new NameServer();
    closing.push(() => dns.close());
    dns.a('sbc.test', '127.0.0.1');
    for (const [at, port] of ports.entries()) dns.srv('_sip._udp.carrier.test', at, 1, port, 'sbc.test');
    return [await dns.open()];
  }
  const carrierPort = async (): Promise<number> => {
    const carrier = await startCarrier({ seed: 1, mix: { postDialDelayMs: 20, answerDelayMs: 50, talkMs: 10_000, hangsUpFirstP: 0 } });
    closing.push(() => carrier.stop());
    return carrier.port;
  };
  const byName = trunkAt(0, { host: 'carrier.test' });

  it('is well from name to sound', async () => {
    const port = await carrierPort();
    const report = await check(byName, { number: '1133334444', dnsServers: await named(port) });
    expect(results(report)).toMatchObject({ name: 'ok', transport: 'ok', options: 'ok', codec: 'ok', call: 'ok', sound: 'ok' });
    expect(seenOf(report, 'name')).toBe(`carrier.test is udp 127.0.0.1:${port}`);
  });

  it('is well with a warning where one of them is dead', async () => {
    const [port, [dead]] = [await carrierPort(), await freeUdpPortRange(2)];
    const report = await check(byName, { number: '1133334444', timeoutMs: 500, dnsServers: await named(dead, port) });
    expect(results(report)).toMatchObject({ name: 'ok', transport: 'warns', options: 'ok', call: 'ok' });
    expect(report.ok).toBe(true);
  });

  it('is not found where DNS has no record of it', async () => {
    const report = await check(trunkAt(0, { host: 'nowhere.test' }), { dnsServers: await named() });
    expect(results(report)).toMatchObject({ name: 'fails', transport: 'skipped' });
    expect(seenOf(report, 'name')).toBe('DNS knows no server of nowhere.test');
  });
});
