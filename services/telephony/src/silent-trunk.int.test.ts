/** A trunk that takes INVITEs and says nothing: the call goes elsewhere, the trunk's health shows it, and what it says late is no second call. */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { startTestDatabase } from '@ritmo/database/testing';
import { asId, type CallId, type TrunkId } from '@ritmo/domain';
import { RawPeer } from '@ritmo/sip/testing';
import { waitFor } from '@ritmo/testing';
import { afterEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig, type RigOptions } from './test/rig.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const sdp = 'v=0\r\no=- 2 2 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 40000 RTP/AVP 8\r\n';

/** Trunk 1 is mute, trunk 2 is not. */
async function setUp(options: RigOptions['telephony'] = {}): Promise<{ rig: Rig; mute: RawPeer; carrier: FarEnd }> {
  const rig = await Rig.start({ t1Ms: 50, telephony: options });
  cleanups.push(() => rig.stop());
  const mute = await new RawPeer().open(0);
  cleanups.push(() => mute.close());
  const carrier = await FarEnd.start({ hz: 500, t1Ms: 100 });
  cleanups.push(() => carrier.stop());
  rig.put('trunk', { id: 1, name: 'mute', host: '127.0.0.1', port: mute.port, optionsIntervalS: 0, silenceTimeoutS: 1 });
  rig.put('trunk', { id: 2, name: 'carrier', host: '127.0.0.1', port: carrier.port, optionsIntervalS: 0 });
  await rig.telephony.start();
  return { rig, mute, carrier };
}

const status = async (rig: Rig, id = 1) => (await rig.bus.request('telephony.trunks', {})).trunks.find(({ trunkId }) => (trunkId as number) === id);
const inviteOf = (mute: RawPeer, callId: CallId): Promise<string> => mute.next(new RegExp(`^INVITE [^]*Call-ID: ${callId}@`));
const rows = async (rig: Rig, callId: CallId): Promise<number> => (await rig.context.database.query('select from telephony.open_calls where call_id = $1', [callId])).rows.length;

/** A call that failed over trunk 1, and the one that the dialer would place next, over trunk 2. */
async function failedOver({ rig, mute, carrier }: { rig: Rig; mute: RawPeer; carrier: FarEnd }) {
  const first = await rig.originate('11988887777');
  const request = await inviteOf(mute, first);
  expect(await rig.fact('CallEnded', first)).toMatchObject({ wireOutcome: 'trunk-failure', by: 'carrier', sipCode: 408, trunkId: 1 });
  const second = await rig.originate('11988887777', { slot: await rig.slot(2), trunkId: asId<TrunkId>(2) });
  return { first, second, request, customer: await carrier.invite() };
}

test('a call over a mute trunk fails as the trunk; picked up after the next trunk was tried it is hung up, and holds its channel and its row until then', async () => {
  const parts = await setUp();
  const { rig, mute } = parts;
  const { first, second, request, customer } = await failedOver(parts);
  await customer.answer();
  await rig.fact('CallAnswered', second);
  expect([(await status(rig))?.channelsUsed, await rows(rig, first)]).toEqual([1, 1]);
  mute.reply(request, '200 OK', 'late', '', sdp);
  await mute.next(/^ACK/);
  mute.reply(await mute.next(/^BYE/), '200 OK', 'late');
  await waitFor(async () => (await status(rig))?.channelsUsed === 0 && (await rows(rig, first)) === 0, { what: 'the channel and the row to be free' });
  expect(rig.of('CallAnswered').map(({ callId }) => callId)).toEqual([second]);
  expect(rig.of('CallEnded').map(({ callId }) => callId)).toEqual([first]);
  expect(customer.isOver).toBe(false);
  customer.bye();
  expect(await rig.fact('CallEnded', second)).toMatchObject({ wireOutcome: 'answered', by: 'customer' });
  await rig.quiet();
});

test('a call over a mute trunk that rings after the next trunk was tried is cancelled', async () => {
  const parts = await setUp();
  const { rig, mute } = parts;
  const { first, second, request, customer } = await failedOver(parts);
  customer.ring();
  await rig.fact('CallRang', second);
  mute.reply(request, '180 Ringing', 'late');
  mute.reply(await mute.next(/^CANCEL/), '200 OK', 'late');
  mute.reply(request, '487 Request Terminated', 'late');
  await mute.next(/^ACK/);
  await waitFor(async () => (await status(rig))?.channelsUsed === 0, { what: 'the channel to be free' });
  expect(rig.of('CallRang').map(({ callId }) => callId)).toEqual([second]);
  expect(rig.of('CallEnded', first)).toHaveLength(1);
  customer.reject(486);
  expect(await rig.fact('CallEnded', second)).toMatchObject({ wireOutcome: 'busy' });
  await rig.quiet();
});

test('a call over a mute trunk that is picked up after a kill is hung up by the next process, which counts its channel until then', async () => {
  const db = await startTestDatabase();
  cleanups.push(() => db.close());
  const mute = await new RawPeer().open(0);
  cleanups.push(() => mute.close());
  const child = fork(fileURLToPath(new URL('./test/crash-child.ts', import.meta.url)), [db.url, String(mute.port), '11988887777', 'at once', '1'], { execArgv: ['--import', 'tsx'], stdio: 'inherit' });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  let port = 0;
  const failed = new Promise<void>((resolve) => child.on('message', (message: { port?: number; failed?: boolean }) => {
    port = message.port ?? port;
    if (message.failed === true) resolve();
  }));
  const request = await mute.next(/^INVITE/);
  await failed;
  child.kill('SIGKILL');
  await exited;
  const rig = await Rig.start({ database: db, sipPort: port, t1Ms: 200 });
  cleanups.push(() => rig.stop());
  rig.put('trunk', { id: 1, name: 'mute', host: '127.0.0.1', port: mute.port, optionsIntervalS: 0 });
  await rig.telephony.start();
  const cancel = await mute.next(/^CANCEL/);
  expect((await status(rig))?.channelsUsed).toBe(1);
  mute.reply(request, '200 OK', 'late', '', sdp);
  mute.reply(cancel, '200 OK', 'late');
  await mute.next(/^ACK/);
  mute.reply(await mute.next(/^BYE/), '200 OK', 'late');
  await waitFor(async () => (await status(rig))?.channelsUsed === 0, { what: 'the channel to be free' });
  await rig.quiet();
}, 60_000);

test('a trunk that says nothing to five INVITEs in a row is down for a while; then one more silence suffices, and one answer clears it', async () => {
  const { rig, mute } = await setUp({ silentTrunkRestMs: 300 });
  const silent = async (count: number): Promise<void> => {
    const calls: CallId[] = [];
    while (calls.length < count) calls.push(await rig.originate('11988887777'));
    for (const callId of calls) expect(await rig.fact('CallEnded', callId)).toMatchObject({ wireOutcome: 'trunk-failure' });
  };
  const states = () => rig.of('TrunkStateChanged').filter(({ trunkId }) => (trunkId as number) === 1).map(({ up }) => up);
  await silent(4);
  expect((await status(rig))?.up).toBe(true);
  await silent(1);
  await waitFor(() => states().at(-1) === false, { what: 'the trunk to be down' });
  expect(rig.of('TrunkStateChanged').at(-1)).toMatchObject({ detail: 'said nothing to 5 INVITEs in a row' });
  await waitFor(() => states().at(-1) === true, { what: 'the end of its rest' });
  await silent(1);
  await waitFor(() => states().filter((up) => !up).length === 2, { what: 'its second rest' });
  await waitFor(() => states().at(-1) === true, { what: 'the end of its second rest' });
  const heard = await rig.originate('11988887777');
  mute.reply(await inviteOf(mute, heard), '486 Busy Here', 'busy');
  expect(await rig.fact('CallEnded', heard)).toMatchObject({ wireOutcome: 'busy' });
  await silent(1);
  expect((await status(rig))?.up).toBe(true);
});

test('a silent INVITE has OPTIONS asked at once: a trunk that died is down long before its next OPTIONS would be', async () => {
  const { rig } = await setUp({ optionsTimeoutMs: 200 });
  const live = await FarEnd.start({ hz: 500, t1Ms: 100 });
  rig.put('trunk', { id: 1, name: 'dies', host: '127.0.0.1', port: live.port, optionsIntervalS: 3_600, silenceTimeoutS: 1 });
  await waitFor(async () => (await status(rig))?.detail === 'answers OPTIONS with 200', { what: 'OPTIONS' });
  await live.stop();
  await rig.originate('11988887777');
  await waitFor(async () => (await status(rig))?.up === false, { what: 'the trunk to be down', timeoutMs: 15_000 });
});
