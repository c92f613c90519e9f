/** A trunk whose host is a name: DNS says which servers it has (RFC 3263), and the next one is called when the first is dead. */
import { createNativeSipStack, type DialogSnapshot } from '@ritmo/sip';
import { NameServer, RawPeer } from '@ritmo/sip/testing';
import { waitFor } from '@ritmo/testing';
import { afterEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function setUp(): Promise<{ rig: Rig; dns: NameServer }> {
  const dns = new NameServer();
  const dnsServers = [await dns.open()];
  cleanups.push(() => dns.close());
  const rig = await Rig.start({
    telephony: {
      optionsTimeoutMs: 300,
      sip: (handlers) => createNativeSipStack({ host: '127.0.0.1', port: 0, transports: ['udp', 'tcp'], realm: 'ritmo.test', userAgent: 'Ritmo', t1Ms: 50, dnsServers, handlers }),
    },
  });
  cleanups.push(() => rig.stop());
  return { rig, dns };
}

async function server(): Promise<FarEnd> {
  const end = await FarEnd.start({ hz: 500, t1Ms: 100 });
  cleanups.push(() => end.stop());
  return end;
}

const answering = (rig: Rig) => waitFor(async () => (await status(rig))?.detail === 'answers OPTIONS with 200', { what: 'OPTIONS', timeoutMs: 10_000 });
const status = async (rig: Rig) => (await rig.bus.request('telephony.trunks', {})).trunks[0];

test('is called at the server that its SRV record names, and what is written down of the call names that server', async () => {
  const { rig, dns } = await setUp();
  const carrier = await server();
  dns.srv('_sip._udp.carrier.test', 0, 1, carrier.port, 'sbc.test').a('sbc.test', '127.0.0.1');
  rig.put('trunk', { id: 1, name: 'carrier', host: 'carrier.test', port: 0, optionsIntervalS: 1 });
  await rig.telephony.start();
  await answering(rig);
  const callId = await rig.originate('11988887777');
  const call = await carrier.invite();
  expect(call.incoming?.toUser).toBe('11988887777');
  expect((await rig.fact('CallPlaced', callId)).dialog).toMatchObject({ remoteTarget: 'sip:11988887777@carrier.test', destination: { host: '127.0.0.1', port: carrier.port, transport: 'udp' } });
  call.reject(486);
  await rig.fact('CallEnded', callId);
  await rig.quiet();
});

test('is up and called while one of its servers lives', async () => {
  const { rig, dns } = await setUp();
  const [first, second] = [await server(), await server()];
  dns.srv('_sip._udp.carrier.test', 0, 1, first.port, 'sbc.test').srv('_sip._udp.carrier.test', 1, 1, second.port, 'sbc.test').a('sbc.test', '127.0.0.1');
  rig.put('trunk', { id: 1, name: 'carrier', host: 'carrier.test', port: 0, optionsIntervalS: 1 });
  await rig.telephony.start();
  await answering(rig);
  await first.stack.stop();
  const callId = await rig.originate('11988887777');
  (await second.invite()).reject(486);
  expect(await rig.fact('CallEnded', callId)).toMatchObject({ wireOutcome: 'busy' });
  expect(await status(rig)).toMatchObject({ up: true });
  await rig.quiet();
});

test('is called at the next server when the first one says nothing, and what is written down of the call names that one before it answers', async () => {
  const { rig, dns } = await setUp();
  const mute = await new RawPeer().open(0);
  cleanups.push(() => mute.close());
  const second = await server();
  dns.srv('_sip._udp.carrier.test', 0, 1, mute.port, 'sbc.test').srv('_sip._udp.carrier.test', 1, 1, second.port, 'sbc.test').a('sbc.test', '127.0.0.1');
  rig.put('trunk', { id: 1, name: 'carrier', host: 'carrier.test', port: 0, optionsIntervalS: 0, silenceTimeoutS: 1 });
  await rig.telephony.start();
  const callId = await rig.originate('11988887777');
  const call = await second.invite();
  expect(mute.received.some((each) => each.startsWith('INVITE'))).toBe(true);
  const written = async () => (await rig.context.database.query<{ dialog: DialogSnapshot }>('select dialog from telephony.open_calls where call_id = $1', [callId])).rows[0]?.dialog;
  await waitFor(async () => (await written())?.destination.port === second.port, { what: 'the row to name the second server' });
  expect(await written()).toMatchObject({ state: 'calling', localCSeq: 2 });
  call.reject(486);
  expect(await rig.fact('CallEnded', callId)).toMatchObject({ wireOutcome: 'busy' });
  mute.reply(mute.received[0] ?? '', '404 Not Found', 'late');
  await rig.quiet();
});

test('may call us from any of its servers', async () => {
  const { rig, dns } = await setUp();
  const [first, second] = [await server(), await server()];
  dns.srv('_sip._udp.carrier.test', 0, 1, first.port, 'a.test').srv('_sip._udp.carrier.test', 1, 1, second.port, 'b.test').a('a.test', '127.0.0.2').a('b.test', '127.0.0.1');
  rig.put('trunk', { id: 1, name: 'carrier', host: 'carrier.test', port: 0, optionsIntervalS: 0 });
  await rig.telephony.start();
  await waitFor(async () => (await status(rig)) !== undefined, { what: 'the trunk' });
  const sources: string[] = [];
  rig.bus.subscribe('signal.incoming', ({ source }) => void sources.push(source));
  const caller = await second.dial(rig.port, '4000', 'caller');
  await waitFor(() => sources.length === 1, { what: 'the call' });
  expect(sources).toEqual(['trunk']);
  caller.outgoing?.cancel();
  await rig.quiet();
});

test('that DNS does not know is down, and says so', async () => {
  const { rig } = await setUp();
  rig.put('trunk', { id: 1, name: 'carrier', host: 'nowhere.test', port: 0, optionsIntervalS: 1 });
  await rig.telephony.start();
  await waitFor(async () => (await status(rig))?.up === false, { what: 'the trunk to be down', timeoutMs: 20_000 });
  expect((await status(rig))?.detail).toContain('cannot find nowhere.test');
});
