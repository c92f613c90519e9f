import { asCallId, asId, type CallId, type TrunkId } from '@ritmo/domain';
import { freeUdpPortRange, startCarrier, waitFor } from '@ritmo/testing';
import { afterEach, expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig, type RigOptions } from './test/rig.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function rigWith(options: RigOptions = {}): Promise<Rig> {
  const rig = await Rig.start(options);
  cleanups.push(() => rig.stop());
  return rig;
}

async function farEnd(t1Ms = 100): Promise<FarEnd> {
  const end = await FarEnd.start({ hz: 500, t1Ms });
  cleanups.push(() => end.stop());
  return end;
}

const status = async (rig: Rig, id = 1) => (await rig.bus.request('telephony.trunks', {})).trunks.find(({ trunkId }) => (trunkId as number) === id);
const reserve = (rig: Rig, count = 1, id = 1) => rig.bus.request('telephony.reserve', { trunkId: asId<TrunkId>(id), count });

test('the carrier never sees more calls in a second, nor at once, than the trunk allows', async () => {
  const rig = await rigWith({ telephony: { rateMarginMs: 100 } });
  const carrier = await farEnd();
  const [arrivals, spans] = [[] as number[], [] as { from: number; to: number }[]];
  carrier.onCall = async (call) => {
    arrivals.push(call.atMs);
    const span = { from: call.atMs, to: Infinity };
    spans.push(span);
    await call.answer();
    setTimeout(() => {
      call.bye();
      span.to = performance.now();
    }, 250 + (arrivals.length % 5) * 150);
  };
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 12, channels: 5 });
  await rig.telephony.start();
  const until = performance.now() + 4_500;
  let last = 0;
  while (performance.now() < until) {
    for (const slot of (await reserve(rig, 4)).slots) await rig.originate('119', { slot, callId: asCallId(`1700000000.${(last += 1)}`) });
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
  await waitFor(() => spans.every(({ to }) => to < Infinity), { what: 'all calls to end' });
  await rig.quiet();
  const inSecond = arrivals.map((from) => arrivals.filter((time) => time >= from && time < from + 1_000).length);
  const atOnce = spans.map(({ from }) => spans.filter((span) => span.from <= from && span.to > from).length);
  expect(arrivals.length).toBeGreaterThan(12);
  expect(Math.max(...inSecond)).toBeLessThanOrEqual(12);
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(5);
});

test('a trunk that does not answer OPTIONS is down, gives no slots, and comes back', async () => {
  const rig = await rigWith({ telephony: { optionsTimeoutMs: 100 } });
  const carrier = await farEnd();
  const [deadPort] = await freeUdpPortRange(2);
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: deadPort, optionsIntervalS: 1 });
  await rig.telephony.start();
  await waitFor(async () => (await status(rig))?.up === false, { what: 'the trunk to be down' });
  expect(await reserve(rig)).toMatchObject({ slots: [], up: false });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, optionsIntervalS: 1 });
  await waitFor(async () => (await status(rig))?.up === true, { what: 'the trunk to be up' });
  await rig.slot();
  expect(rig.of('TrunkStateChanged').map(({ up }) => up)).toContain(false);
  expect(rig.of('TrunkStateChanged').at(-1)).toMatchObject({ up: true, registered: null });
});

test('a trunk that asks for a registration gets one before it is used', async () => {
  const rig = await rigWith();
  const carrier = await startCarrier({ seed: 1, credentials: { username: 'ritmo', password: 'secret' }, speaks: false });
  cleanups.push(() => carrier.stop());
  rig.put('trunk', { id: 1, name: 'right', host: '127.0.0.1', port: carrier.port, register: true, username: 'ritmo', password: 'secret', optionsIntervalS: 0 });
  rig.put('trunk', { id: 2, name: 'wrong', host: '127.0.0.1', port: carrier.port, register: true, username: 'ritmo', password: 'wrong', optionsIntervalS: 0 });
  await rig.telephony.start();
  await waitFor(async () => (await status(rig))?.registered === true, { what: 'the registration' });
  await rig.slot();
  expect(await status(rig, 2)).toMatchObject({ up: false, registered: false });
  expect((await reserve(rig, 1, 2)).slots).toEqual([]);
});

test('a new limit, a removed and an added trunk count from the next slot on', async () => {
  const rig = await rigWith();
  const carrier = await farEnd();
  const trunk = { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, callsPerSecond: 50 };
  rig.put('trunk', { ...trunk, channels: 2 });
  await rig.telephony.start();
  await rig.slot();
  expect((await reserve(rig, 5)).slots).toHaveLength(1);
  rig.put('trunk', { ...trunk, channels: 6 });
  await waitFor(async () => (await status(rig))?.channelLimit === 6, { what: 'the new limit' });
  expect((await reserve(rig, 9)).slots).toHaveLength(4);
  rig.put('trunk', { ...trunk, channels: 6, enabled: false });
  await waitFor(async () => (await status(rig)) === undefined, { what: 'the trunk to go' });
  await expect(reserve(rig)).rejects.toThrow('nobody serves');
  rig.put('trunk', { ...trunk, id: 2, channels: 1 });
  await rig.slot(2);
});

test('calls from outside take channels too, and are refused beyond them', async () => {
  const rig = await rigWith();
  const carrier = await farEnd();
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, channels: 2 });
  await rig.telephony.start();
  const came: CallId[] = [];
  rig.bus.subscribe('signal.incoming', ({ callId }) => void came.push(callId));
  const callers = [await carrier.dial(rig.port, '4000', '1'), await carrier.dial(rig.port, '4000', '2')];
  await waitFor(() => came.length === 2, { what: 'two calls' });
  const third = await carrier.dial(rig.port, '4000', '3');
  await waitFor(() => third.failed, { what: 'the refusal' });
  expect(third.failed).toMatchObject({ sipCode: 486, q850: 34 });
  // It is told as a call that found the house busy; what goes on occupies nothing.
  expect(await rig.fact('CallEnded')).toMatchObject({ direction: 'inbound', from: '3', to: '4000', wireOutcome: 'busy', by: 'system', sipCode: 486, q850: 34, ringMs: 0, billMs: 0 });
  expect(rig.of('CallPlaced').map(({ from }) => from)).toEqual(['1', '2', '3']);
  expect(await reserve(rig)).toMatchObject({ slots: [], channelsFree: 0, detail: 'channel-limit' });
  for (const caller of callers) caller.outgoing?.cancel();
  await rig.quiet();
});

test('a flood of calls from outside beyond the channels is refused, and not told call by call', async () => {
  const rig = await rigWith();
  const carrier = await farEnd();
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port, channels: 1 });
  await rig.telephony.start();
  const first = await carrier.dial(rig.port, '4000', '1');
  await waitFor(() => rig.of('CallPlaced').length === 1, { what: 'the first call' });
  const refused = await Promise.all(Array.from({ length: 60 }, (_, n) => carrier.dial(rig.port, '4000', `2${n}`)));
  await waitFor(() => refused.every(({ failed }) => failed), { what: 'the refusals', timeoutMs: 15_000 });
  const seconds = (Math.max(...rig.facts.map(({ at }) => at)) - Math.min(...rig.facts.map(({ at }) => at))) / 1_000;
  expect(rig.of('CallEnded').length).toBeGreaterThan(0);
  expect(rig.of('CallEnded').length).toBeLessThanOrEqual(10 * (Math.floor(seconds) + 2));
  first.outgoing?.cancel();
  await rig.quiet();
});

test('what comes from nobody we know is not answered', async () => {
  const rig = await rigWith();
  await rig.telephony.start();
  // It gives up after 64 of these.
  const stranger = await farEnd(20);
  const call = await stranger.dial(rig.port, '5511999998888', 'stranger');
  await waitFor(() => call.failed, { what: 'the time-out', timeoutMs: 10_000 });
  expect(call.failed?.sipCode).toBe(408);
  expect(call.provisionals).toEqual([]);
});

test('40: a stop lets calls finish for the grace time, refuses new ones, and then hangs up', async () => {
  const rig = await Rig.start();
  const carrier = await farEnd();
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  await rig.telephony.start();
  const slots = (await waitFor(async () => ((await reserve(rig, 3)).slots.length > 0 ? 1 : 0)).then(() => reserve(rig, 3))).slots;
  const callId = await rig.originate('1', { slot: slots[0] ?? '' });
  const other = await rig.originate('2', { slot: slots[1] ?? '' });
  await (await carrier.invite(1)).answer();
  (await carrier.invite(2)).ring();
  await rig.fact('CallRang', other);
  const stopped = rig.stop(400);
  expect(await rig.bus.request('telephony.reserve', { trunkId: asId<TrunkId>(1), count: 1 })).toMatchObject({ slots: [], detail: 'shutting down' });
  expect(carrier.calls.some((call) => call.isOver)).toBe(false);
  await stopped;
  expect(rig.of('CallEnded', callId)).toMatchObject([{ wireOutcome: 'answered', by: 'system', reason: 'the service stops' }]);
  expect(rig.of('CallEnded', other)).toMatchObject([{ wireOutcome: 'cancelled' }]);
  expect(carrier.calls.every((call) => call.isOver)).toBe(true);
});
