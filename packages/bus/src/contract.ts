/** What every Bus must do. An adapter's test hands over a factory of two connections to one bus and gets the whole suite. */
import { fact, asCallId, asExtension, asId, type CampaignId, type DomainEvent, type EventType, type TrunkId } from '@ritmo/domain';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Bus } from './port.ts';
import { BusClosedError, NoResponderError, RemoteError, RequestTimeoutError } from './port.ts';

export interface BusesUnderTest {
  /** The same bus twice: as one process sees it and as another does. One object where there is but one process. */
  readonly one: Bus;
  readonly other: Bus;
  /** Resolves when what was subscribed or served so far is in force for both. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

const campaign = (id: number): CampaignId => asId<CampaignId>(id);
const decided = (start: number): DomainEvent<'PacingDecided'> =>
  fact('PacingDecided', 1_700_000_000_000, { campaignId: campaign(1), start, reason: 'test', inputs: {} });
const rang = fact('CallRang', 1_700_000_000_000, { callId: asCallId('1.1'), sipCode: 180, earlyMedia: false });
const released = { slots: [] };

export function busContract(name: string, factory: () => Promise<BusesUnderTest>): void {
  describe(name, () => {
    let buses: BusesUnderTest;
    beforeEach(async () => {
      buses = await factory();
    });
    afterEach(() => buses.close());
    publishing(() => buses);
    requesting(() => buses);
    closing(() => buses);
  });
}

function publishing(get: () => BusesUnderTest): void {
  describe('publish', () => {
    it('reaches every subscriber of the subject, and nobody else', async () => {
      const { one, other, settled } = get();
      const heard: string[] = [];
      one.subscribe('fact.PacingDecided', () => void heard.push('one'));
      other.subscribe('fact.PacingDecided', () => void heard.push('other'));
      other.subscribe('fact.CallRang', () => void heard.push('wrong subject'));
      await settled();
      one.publish('fact.PacingDecided', decided(1));
      await vi.waitFor(() => expect(heard.sort()).toEqual(['one', 'other']));
    });

    it('reaches subscribers of fact.* with every fact and with no signal', async () => {
      const { one, other, settled } = get();
      const heard: DomainEvent<EventType>[] = [];
      other.subscribe('fact.*', (event) => void heard.push(event));
      await settled();
      one.publish('signal.registration', { extension: asExtension('4001'), registered: true, contact: 'sip:a@b', userAgent: null, reason: 'registered', at: 1 });
      one.publish('fact.PacingDecided', decided(3));
      one.publish('fact.CallRang', rang);
      await vi.waitFor(() => expect(heard).toEqual([decided(3), rang]));
    });

    it('never runs a handler inside the call of publish', async () => {
      const { one, settled } = get();
      const order: string[] = [];
      one.subscribe('fact.CallRang', () => void order.push('handled'));
      await settled();
      one.publish('fact.CallRang', rang);
      order.push('published');
      await vi.waitFor(() => expect(order).toEqual(['published', 'handled']));
    });

    it('keeps the order of one publisher', async () => {
      const { one, other, settled } = get();
      const heard: number[] = [];
      other.subscribe('fact.PacingDecided', (event) => void heard.push(event.data.start));
      await settled();
      for (let n = 0; n < 500; n += 1) one.publish('fact.PacingDecided', decided(n));
      await vi.waitFor(() => expect(heard).toHaveLength(500));
      expect(heard).toEqual(Array.from({ length: 500 }, (_, n) => n));
    });

    it('gives each message to one member of a group', async () => {
      const { one, other, settled } = get();
      const heard: number[] = [];
      let everybody = 0;
      one.subscribe('fact.PacingDecided', (event) => void heard.push(event.data.start), { group: 'workers' });
      other.subscribe('fact.PacingDecided', (event) => void heard.push(event.data.start), { group: 'workers' });
      other.subscribe('fact.PacingDecided', () => void (everybody += 1));
      await settled();
      for (let n = 0; n < 40; n += 1) one.publish('fact.PacingDecided', decided(n));
      await vi.waitFor(() => expect(everybody).toBe(40));
      await vi.waitFor(() => expect(heard).toHaveLength(40));
      expect(new Set(heard).size).toBe(40);
    });

    it('goes on after handlers that throw or reject', async () => {
      const { one, settled } = get();
      let heard = 0;
      one.subscribe('fact.CallRang', () => {
        throw new Error('thrown');
      });
      one.subscribe('fact.CallRang', async () => {
        throw new Error('rejected');
      });
      one.subscribe('fact.CallRang', () => void (heard += 1));
      await settled();
      one.publish('fact.CallRang', rang);
      one.publish('fact.CallRang', rang);
      await vi.waitFor(() => expect(heard).toBe(2));
    });

    it('is not heard by a subscription that was stopped', async () => {
      const { one, settled } = get();
      const heard: string[] = [];
      const stopped = one.subscribe('fact.CallRang', () => void heard.push('stopped'));
      one.subscribe('fact.CallRang', () => void heard.push('running'));
      await settled();
      stopped.stop();
      one.publish('fact.CallRang', rang);
      await vi.waitFor(() => expect(heard).toEqual(['running']));
    });
  });
}

function requesting(get: () => BusesUnderTest): void {
  describe('request', () => {
    it('brings back what the handler answers', async () => {
      const { one, other, settled } = get();
      other.serve('recorder.find', async (request) => ({
        parts: [{ recordingId: request.recordingId ?? 0, part: 1, file: 'á.wav', bytes: 5, durationMs: 6 }],
      }));
      await settled();
      const reply = await one.request('recorder.find', { callId: null, recordingId: 9 });
      expect(reply).toEqual({ parts: [{ recordingId: 9, part: 1, file: 'á.wav', bytes: 5, durationMs: 6 }] });
    });

    it('goes to one of several servers', async () => {
      const { one, other, settled } = get();
      let served = 0;
      for (const bus of [one, other]) bus.serve('telephony.release', () => ({ ok: ((served += 1), true) }));
      await settled();
      await Promise.all(Array.from({ length: 20 }, () => one.request('telephony.release', released)));
      expect(served).toBe(20);
    });

    it('goes to every owner, and the one that does not decline answers', async () => {
      const { one, other, settled } = get();
      one.serve('telephony.release', () => undefined, { scope: 'owner' });
      other.serve('telephony.release', async () => ({ ok: true }), { scope: 'owner' });
      one.serve('telephony.release', async () => undefined, { scope: 'owner' });
      await settled();
      expect(await one.request('telephony.release', released)).toEqual({ ok: true });
      expect(await other.request('telephony.release', released)).toEqual({ ok: true });
    });

    it('rejects with NoResponderError when every owner declines', async () => {
      const { one, other, settled } = get();
      one.serve('telephony.release', () => undefined, { scope: 'owner' });
      other.serve('telephony.release', async () => undefined, { scope: 'owner' });
      await settled();
      await expect(one.request('telephony.release', released, { timeoutMs: 1_000 })).rejects.toBeInstanceOf(NoResponderError);
    });

    it('is told by a reply that nobody has the call, when every owner declines a request about one', async () => {
      const { one, other, settled } = get();
      for (const bus of [one, other]) bus.serve('telephony.hangup', () => undefined, { scope: 'owner' });
      await settled();
      const reply = await one.request('telephony.hangup', { callId: asCallId('1.1'), by: 'system', reason: 'test' }, { timeoutMs: 2_000 });
      expect(reply).toEqual({ ok: false, code: 'unknown-call' });
    });

    it('that every process answers brings back the union', async () => {
      const { one, other, settled } = get();
      const trunk = (id: number) => ({
        trunkId: asId<TrunkId>(id), name: `t${id}`, up: true, registered: null, channelsUsed: 0, channelLimit: 1, callsPerSecondLimit: 1, detail: '',
      });
      const serving = [
        one.serve('telephony.trunks', () => ({ trunks: [trunk(1)] }), { scope: 'every' }),
        other.serve('telephony.trunks', async () => ({ trunks: [trunk(2), trunk(3)] }), { scope: 'every' }),
      ];
      await settled();
      for (const bus of [one, other]) expect((await bus.request('telephony.trunks', {})).trunks.map(({ name }) => name).sort()).toEqual(['t1', 't2', 't3']);
      serving[0]?.stop();
      await settled();
      expect((await one.request('telephony.trunks', {})).trunks.map(({ name }) => name).sort()).toEqual(['t2', 't3']);
    });

    it('that one of those who answer it cannot fails as a whole', async () => {
      const { one, other, settled } = get();
      one.serve('telephony.trunks', () => ({ trunks: [] }), { scope: 'every' });
      other.serve('telephony.trunks', () => Promise.reject(new Error('half of it')), { scope: 'every' });
      await settled();
      await expect(one.request('telephony.trunks', {})).rejects.toBeInstanceOf(RemoteError);
    });

    it('rejects at once with NoResponderError when nobody serves the subject', async () => {
      const { one } = get();
      await expect(one.request('acd.queues', {})).rejects.toMatchObject({ name: NoResponderError.name, subject: 'acd.queues' });
    });

    it('rejects with RequestTimeoutError when no answer comes in time', async () => {
      const { one, other, settled } = get();
      other.serve('acd.queues', () => new Promise(() => undefined));
      await settled();
      const late = one.request('acd.queues', {}, { timeoutMs: 60 });
      await expect(late).rejects.toMatchObject({ name: RequestTimeoutError.name, subject: 'acd.queues', timeoutMs: 60 });
    });

    it('rejects with RemoteError, message and code kept, when the handler fails', async () => {
      const { one, other, settled } = get();
      other.serve('acd.queues', async () => {
        throw Object.assign(new Error('disk on fire'), { code: 'E_FIRE' });
      });
      other.serve('acd.agents', () => {
        throw new Error('thrown at once');
      });
      await settled();
      await expect(one.request('acd.queues', {})).rejects.toMatchObject({ name: RemoteError.name, code: 'E_FIRE', subject: 'acd.queues' });
      await expect(one.request('acd.queues', {})).rejects.toThrow('disk on fire');
      await expect(one.request('acd.agents', {})).rejects.toBeInstanceOf(RemoteError);
    });

    it('answers many requests at once, each its own', async () => {
      const { one, other, settled } = get();
      other.serve('dialer.why', async (request) => ({ phone: request.number, found: [] }));
      await settled();
      const replies = await Promise.all(Array.from({ length: 200 }, (_, n) => one.request('dialer.why', { number: String(n), campaignId: null })));
      expect(replies.map((reply) => reply.phone)).toEqual(Array.from({ length: 200 }, (_, n) => String(n)));
    });

    it('does not reach a server that was stopped', async () => {
      const { one, settled } = get();
      const serving = one.serve('acd.queues', () => ({ queues: [] }));
      await settled();
      expect(await one.request('acd.queues', {})).toEqual({ queues: [] });
      serving.stop();
      await settled();
      await expect(one.request('acd.queues', {})).rejects.toBeInstanceOf(NoResponderError);
    });
  });
}

function closing(get: () => BusesUnderTest): void {
  describe('close', () => {
    it('ends requests that wait and refuses what comes after', async () => {
      const { one, other, settled } = get();
      other.serve('acd.queues', () => new Promise(() => undefined));
      await settled();
      const waiting = one.request('acd.queues', {});
      const refused = expect(waiting).rejects.toBeInstanceOf(BusClosedError);
      await one.close();
      await refused;
      expect(() => one.publish('fact.CallRang', rang)).toThrow(BusClosedError);
    });

    it('delivers first what was published before', async () => {
      const { one, other, settled } = get();
      let heard = 0;
      other.subscribe('fact.CallRang', () => void (heard += 1));
      await settled();
      for (let n = 0; n < 10; n += 1) one.publish('fact.CallRang', rang);
      await one.flush();
      await one.close();
      await vi.waitFor(() => expect(heard).toBe(10));
    });
  });
}
