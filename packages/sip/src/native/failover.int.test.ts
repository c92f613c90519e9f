import { createSocket } from 'node:dgram';
import { afterEach, describe, expect, it } from 'vitest';
import { NameServer } from '../contract/name-server.ts';
import type { RecordedInvite} from '../contract/rig.ts';
import { ANSWER, call, RecordedCall, Rig, until } from '../contract/rig.ts';
import { freePort } from '../contract/sipp.ts';
import { outcomeOf } from '../outcomes.ts';
import { createNativeSipStack } from './stack.ts';

/** Calls to a name, over real sockets and a real name server (RFC 3263 4.3). */
describe('a call to a name', () => {
  const rig = new Rig();
  const servers: NameServer[] = [];
  afterEach(async () => {
    await rig.close();
    for (const server of servers.splice(0)) server.close();
  });
  const setUp = async (t1Ms?: number) => {
    const dns = new NameServer();
    servers.push(dns);
    const near = await rig.party(createNativeSipStack, { dnsServers: [await dns.open()], ...(t1Ms === undefined ? {} : { t1Ms }) });
    return { dns, near };
  };
  const listed = (dns: NameServer, ...ports: readonly number[]): void => {
    dns.a('sbc.test', '127.0.0.1');
    for (const [at, port] of ports.entries()) dns.srv('_sip._udp.carrier.test', at, 1, port, 'sbc.test');
  };
  const uri = 'sip:5511999998888@carrier.test';

  it('goes to the next server when the first is dead, and the next call starts there', async () => {
    const { dns, near } = await setUp(10);
    const far = await rig.party(createNativeSipStack);
    listed(dns, await freePort(), far.address.port);
    const invite = call(near, far, { uri });
    const callee = new RecordedCall(await (await far.nextCall()).answer(ANSWER));
    const { call: caller } = await invite.answered();
    expect(invite.failures).toEqual([]);
    caller.call.hangup();
    await callee.ended();
    const second = call(near, far, { uri });
    const incoming = await far.nextCall();
    // Its first INVITE, and not one that followed another to the dead server.
    expect(second.snapshot()).toMatchObject({ localCSeq: 1, destination: { port: far.address.port } });
    incoming.reject(486);
    expect(await second.failed()).toMatchObject({ sipCode: 486 });
  });

  it('goes to the next server on 503, and fails with it when there is no other', async () => {
    const { dns, near } = await setUp();
    const [busy, good] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
    listed(dns, busy.address.port, good.address.port);
    const invite = call(near, good, { uri });
    (await busy.nextCall()).reject(503, { retryAfterS: 1 });
    (await good.nextCall()).reject(503);
    expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 503 });
  });

  it('that meets nothing but silence until its ring time is over fails by transport: nobody was rung', async () => {
    const { dns, near } = await setUp(20);
    const mute = createSocket('udp4');
    await new Promise<void>((done) => mute.bind(0, '127.0.0.1', done));
    listed(dns, mute.address().port);
    const far = await rig.party(createNativeSipStack);
    const end = await call(near, far, { uri, ringTimeoutMs: 200 }).failed();
    mute.close();
    expect(end).toMatchObject({ by: 'transport', sipCode: 408 });
    expect(outcomeOf(end)).toBe('trunk-failure');
  });

  it('is not sent again to a server that was given up because it said nothing: a copy that arrives late would be a second call', async () => {
    const { near } = await setUp(20);
    const mute = createSocket('udp4');
    const copies: string[] = [];
    mute.on('message', (packet) => void copies.push(packet.toString('latin1')));
    await new Promise<void>((done) => mute.bind(0, '127.0.0.1', done));
    const far = await rig.party(createNativeSipStack);
    const invite = call(near, far, { destination: { host: '127.0.0.1', port: mute.address().port, transport: 'udp' }, alternatives: [far.address], silenceTimeoutMs: 100 });
    const incoming = await far.nextCall();
    const before = copies.length;
    incoming.reject(486);
    await invite.failed();
    // Timer B of the INVITE that was given up: 64*T1.
    await invite.gone();
    mute.close();
    expect(before).toBeGreaterThan(1);
    expect(copies).toHaveLength(before);
  });

  it('leaves a silent server for good, though the one before it could not be sent to at all', async () => {
    const { near } = await setUp(20);
    const mute = createSocket('udp4');
    const copies: string[] = [];
    mute.on('message', (packet) => void copies.push(packet.toString('latin1')));
    await new Promise<void>((done) => mute.bind(0, '127.0.0.1', done));
    const far = await rig.party(createNativeSipStack);
    const silent = { host: '127.0.0.1', port: mute.address().port, transport: 'udp' } as const;
    // No stack of this rig speaks TLS.
    const invite = call(near, far, { destination: { ...silent, transport: 'tls' }, alternatives: [silent, far.address], silenceTimeoutMs: 100 });
    const incoming = await far.nextCall();
    const before = copies.length;
    incoming.ring();
    await invite.ringing();
    // Timer B of whatever was sent to the silent one: 64*T1.
    const nobody = call(near, far, { destination: { ...silent, port: await freePort() } });
    await nobody.failed();
    mute.close();
    expect([copies.length, invite.failures, far.incoming.length]).toEqual([before, [], 1]);
    expect([invite.wentOn, near.troubles]).toEqual([[silent.port, far.address.port], []]);
    incoming.reject(486);
    expect(await invite.failed()).toMatchObject({ sipCode: 486 });
    await until('the end of all transactions', () => near.stack.stats.transactions === 0);
  });

  it('that cannot be sent at all fails when its maker has it in hand, not before', async () => {
    const { near } = await setUp();
    const invite = call(near, near, { destination: { ...near.address, transport: 'tls' } });
    expect(invite.failures).toEqual([]);
    expect(await invite.failed()).toMatchObject({ by: 'transport', reasonPhrase: expect.stringContaining('no tls transport') });
    expect(invite.failures).toHaveLength(1);
  });

  it('takes the time for silence anew for each server, and goes back to none', async () => {
    const { near } = await setUp(20);
    const mutes = [createSocket('udp4'), createSocket('udp4')];
    for (const mute of mutes) await new Promise<void>((done) => mute.bind(0, '127.0.0.1', done));
    const [first, second] = mutes.map((mute) => ({ host: '127.0.0.1', port: mute.address().port, transport: 'udp' }) as const);
    const far = await rig.party(createNativeSipStack);
    const invite = call(near, far, { destination: first ?? far.address, alternatives: second === undefined ? [] : [second], silenceTimeoutMs: 100 });
    await until('the second server', () => invite.snapshot().destination.port === second?.port);
    expect(await invite.failed()).toMatchObject({ by: 'transport', sipCode: 408 });
    await invite.gone();
    for (const mute of mutes) mute.close();
  });

  it('does not go elsewhere after an answer that is one', async () => {
    const { dns, near } = await setUp();
    const [first, second] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
    listed(dns, first.address.port, second.address.port);
    const invite = call(near, first, { uri });
    (await first.nextCall()).reject(486);
    expect(await invite.failed()).toMatchObject({ sipCode: 486 });
    expect(second.incoming).toEqual([]);
  });

  it('goes by the transport that NAPTR prefers', async () => {
    const { dns, near } = await setUp();
    const far = await rig.party(createNativeSipStack);
    dns.naptr('carrier.test', 1, 1, 'SIP+D2T', '_sip._tcp.carrier.test').srv('_sip._tcp.carrier.test', 0, 0, far.address.port, 'sbc.test').a('sbc.test', '127.0.0.1');
    const invite = call(near, far, { uri });
    const incoming = await far.nextCall();
    expect(incoming.source.transport).toBe('tcp');
    incoming.reject(486);
    await invite.failed();
  });

  it('that does not exist fails by transport, and so does one that is cancelled while the name server is silent', async () => {
    const { dns, near } = await setUp();
    const far = await rig.party(createNativeSipStack);
    expect(await call(near, far, { uri: 'sip:1@nowhere.test' }).failed()).toMatchObject({ by: 'transport', reasonPhrase: expect.stringContaining('cannot find nowhere.test') });
    dns.silent = true;
    const invite = call(near, far, { uri });
    await until('the question', () => dns.asked.some((each) => each.includes('carrier.test')));
    invite.outgoing.cancel();
    expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
    expect(far.incoming).toEqual([]);
  });

  it('cancels at the server that got the INVITE', async () => {
    const { dns, near } = await setUp();
    const [busy, good] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
    listed(dns, busy.address.port, good.address.port);
    const invite: RecordedInvite = call(near, good, { uri });
    (await busy.nextCall()).reject(503);
    const incoming = await good.nextCall();
    const cancels: unknown[] = [];
    incoming.onCancel((end) => cancels.push(end));
    incoming.ring();
    await invite.ringing();
    expect(invite.snapshot().destination).toEqual({ host: '127.0.0.1', port: good.address.port, transport: 'udp' });
    invite.outgoing.cancel();
    await invite.failed();
    expect(cancels).toHaveLength(1);
  });

  it('goes on to the alternatives of a destination that was located before', async () => {
    const { near } = await setUp(10);
    const far = await rig.party(createNativeSipStack);
    const dead = { host: '127.0.0.1', port: await freePort(), transport: 'udp' } as const;
    const invite = call(near, far, { destination: dead, alternatives: [far.address] });
    const incoming = await far.nextCall();
    expect(invite.snapshot().destination).toEqual(far.address);
    incoming.reject(486);
    expect(await invite.failed()).toMatchObject({ sipCode: 486 });
  });

  it('is asked OPTIONS at the next server when the first is dead, which then comes last', async () => {
    const { dns, near } = await setUp();
    const far = await rig.party(createNativeSipStack);
    const dead = await freePort();
    listed(dns, dead, far.address.port);
    const carrier = { host: 'carrier.test', port: 0, transport: 'udp' } as const;
    expect(await near.stack.options(carrier, 1_000)).toMatchObject({ reachable: true, code: 200 });
    expect((await near.stack.locate(carrier)).map(({ port }) => port)).toEqual([far.address.port, dead]);
    await expect(near.stack.locate({ ...carrier, host: 'nowhere.test' })).rejects.toThrow('cannot find nowhere.test');
    expect(await near.stack.locate(far.address)).toEqual([far.address]);
  });

  it('registers and asks OPTIONS by name as well', async () => {
    const { dns, near } = await setUp();
    const far = await rig.party(createNativeSipStack, { handlers: { classify: () => 'extension', credentialsOf: () => ({ username: '200', password: 'segredo' }) } });
    listed(dns, far.address.port);
    const carrier = { host: 'carrier.test', port: 0, transport: 'udp' } as const;
    expect(await near.stack.options(carrier, 5_000)).toMatchObject({ reachable: true, code: 200 });
    const states: unknown[] = [];
    near.stack.register({ registrar: carrier, user: '200', domain: 'carrier.test', credentials: { username: '200', password: 'segredo' }, changed: (state) => void states.push(state) });
    await until('the registration', () => states.length === 1);
    expect(states).toEqual([{ registered: true, code: 200 }]);
  });
});
