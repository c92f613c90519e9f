import { afterEach, describe, expect, it } from 'vitest';
import { NameServer } from '../contract/name-server.ts';
import type { SipTransport } from '../port.ts';
import { Locator } from './locate.ts';

/** RFC 3263 over a real name server on loopback. */
describe('the servers behind a name', () => {
  const servers: NameServer[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });
  const setUp = async (transports: readonly SipTransport[] = ['udp', 'tcp']) => {
    const dns = new NameServer();
    servers.push(dns);
    const clock = { now: 1_000, random: 0 };
    const locator = new Locator({ transports, family: 4, servers: [await dns.open()], random: () => clock.random, now: () => clock.now });
    const locate = async (host: string, transport: SipTransport = 'udp', port = 0) =>
      (await locator.locate({ host, port, transport })).map((each) => `${each.transport} ${each.host}:${each.port}`);
    return { dns, clock, locator, locate };
  };

  it('are those of the best NAPTR that we can speak, then of the next (4.1)', async () => {
    const { dns, locate } = await setUp();
    dns.naptr('carrier.test', 50, 50, 'SIPS+D2T', '_sips._tcp.carrier.test').naptr('carrier.test', 100, 50, 'SIP+D2U', '_sip._udp.carrier.test').naptr('carrier.test', 90, 50, 'SIP+D2T', '_sip._tcp.carrier.test');
    dns.srv('_sip._tcp.carrier.test', 0, 1, 5070, 'a.carrier.test').srv('_sip._udp.carrier.test', 0, 1, 5080, 'b.carrier.test').a('a.carrier.test', '127.0.0.2').a('b.carrier.test', '127.0.0.3');
    expect(await locate('carrier.test')).toEqual(['tcp 127.0.0.2:5070', 'udp 127.0.0.3:5080']);
    expect(dns.asked).not.toContain('SRV _sips._tcp.carrier.test');
  });

  it('are those of SRV where there is no NAPTR, by priority and all addresses of each (4.2)', async () => {
    const { dns, locate } = await setUp();
    dns.srv('_sip._udp.carrier.test', 20, 0, 5062, 'second.test').srv('_sip._udp.carrier.test', 10, 0, 5061, 'first.test');
    dns.a('first.test', '127.0.0.2').a('first.test', '127.0.0.3').a('second.test', '127.0.0.4');
    expect(await locate('carrier.test')).toEqual(['udp 127.0.0.2:5061', 'udp 127.0.0.3:5061', 'udp 127.0.0.4:5062']);
  });

  it('are drawn by weight within one priority (RFC 2782)', async () => {
    const { dns, clock, locate } = await setUp();
    dns.srv('_sip._udp.carrier.test', 1, 10, 5060, 'light.test').srv('_sip._udp.carrier.test', 1, 90, 5060, 'heavy.test').a('light.test', '127.0.0.2').a('heavy.test', '127.0.0.3');
    await locate('carrier.test');
    let heavyFirst = 0;
    for (let draw = 0; draw < 100; draw++) {
      clock.random = draw / 100;
      if ((await locate('carrier.test'))[0] === 'udp 127.0.0.3:5060') heavyFirst++;
    }
    expect(heavyFirst).toBe(90);
  });

  it('are only those of the transport that was asked for', async () => {
    const { dns, locate } = await setUp(['udp', 'tcp', 'tls']);
    dns.naptr('carrier.test', 1, 1, 'SIP+D2U', '_sip._udp.carrier.test').srv('_sip._udp.carrier.test', 0, 1, 5080, 'b.test').srv('_sips._tcp.carrier.test', 0, 1, 5090, 'b.test').a('b.test', '127.0.0.3');
    expect(await locate('carrier.test', 'tls')).toEqual(['tls 127.0.0.3:5090']);
  });

  it('are its addresses at the default port without SRV, and at the given port without asking for SRV', async () => {
    const { dns, locate } = await setUp();
    dns.a('plain.test', '127.0.0.5');
    expect(await locate('plain.test')).toEqual(['udp 127.0.0.5:5060']);
    dns.asked.length = 0;
    expect(await locate('plain.test', 'udp', 5_099)).toEqual(['udp 127.0.0.5:5099']);
    expect(dns.asked).toEqual(['A plain.test']);
  });

  it('are asked for once while their record lives, by many at the same time as well, and again afterwards', async () => {
    const { dns, clock, locate } = await setUp();
    dns.a('plain.test', '127.0.0.5', 7);
    await Promise.all([locate('plain.test'), locate('plain.test'), locate('plain.test')]);
    clock.now += 6_900;
    await locate('plain.test');
    expect(dns.asked.filter((each) => each === 'A plain.test')).toHaveLength(1);
    clock.now += 200;
    await locate('plain.test');
    expect(dns.asked.filter((each) => each === 'A plain.test')).toHaveLength(2);
  });

  it('do not exist for a while once that was said', async () => {
    const { dns, clock, locate } = await setUp();
    await expect(locate('nowhere.test')).rejects.toThrow('cannot find nowhere.test');
    const asked = dns.asked.length;
    dns.a('nowhere.test', '127.0.0.6');
    clock.now += 29_000;
    await expect(locate('nowhere.test')).rejects.toThrow('cannot find');
    expect(dns.asked).toHaveLength(asked);
    clock.now += 2_000;
    expect(await locate('nowhere.test')).toEqual(['udp 127.0.0.6:5060']);
  });

  it('come last for a while after they failed, and are never lost', async () => {
    const { dns, clock, locator, locate } = await setUp();
    dns.srv('_sip._udp.carrier.test', 10, 0, 5061, 'first.test').srv('_sip._udp.carrier.test', 20, 0, 5061, 'second.test').a('first.test', '127.0.0.2', 600).a('second.test', '127.0.0.3', 600);
    await locate('carrier.test');
    expect(locator.steadyNow({ host: 'carrier.test', port: 0, transport: 'udp' })).toMatchObject({ host: '127.0.0.2' });
    // By its name: the server that it stands for.
    locator.avoid({ host: 'carrier.test', port: 0, transport: 'udp' }, 5_000);
    expect(await locate('carrier.test')).toEqual(['udp 127.0.0.3:5061', 'udp 127.0.0.2:5061']);
    expect(locator.steadyNow({ host: 'carrier.test', port: 0, transport: 'udp' })).toMatchObject({ host: '127.0.0.3' });
    clock.now += 5_001;
    expect(await locate('carrier.test')).toEqual(['udp 127.0.0.2:5061', 'udp 127.0.0.3:5061']);
  });

  it('are none where SRV says so with a lone dot', async () => {
    const { dns, locate } = await setUp(['udp']);
    dns.srv('_sip._udp.carrier.test', 0, 0, 0, '.');
    await expect(locate('carrier.test')).rejects.toThrow();
  });

  it('is found by the list of hosts of the machine as well, which is no DNS', async () => {
    const locator = new Locator({ transports: ['udp'], family: 4 });
    expect(await locator.locate({ host: 'localhost', port: 5_070, transport: 'udp' })).toContainEqual({ host: '127.0.0.1', port: 5_070, transport: 'udp' });
  });
});
