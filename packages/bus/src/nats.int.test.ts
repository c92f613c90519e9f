import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { asCallId, asExtension, asId, fact, type CampaignId } from '@ritmo/domain';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { busContract } from './contract.ts';
import { createNatsBus } from './nats.ts';
import { natsServerMissing, startNatsServer, type NatsServer } from './testing.ts';

const missing = natsServerMissing();
if (missing !== undefined) console.warn(`skipped: the NATS bus (${missing})`);

describe.skipIf(missing !== undefined)('with a real nats-server', () => {
  let server: NatsServer;
  let installations = 0;
  beforeAll(async () => {
    server = await startNatsServer();
  });
  afterAll(() => server.stop());

  busContract('the NATS bus', async () => {
    const prefix = `test${(installations += 1)}`;
    const [one, other] = await Promise.all([createNatsBus({ url: server.url, prefix }), createNatsBus({ url: server.url, prefix })]);
    return {
      one,
      other,
      async settled() {
        await Promise.all([one.flush(), other.flush()]);
      },
      async close() {
        await Promise.all([one.close(), other.close()]);
      },
    };
  });

  it('carries messages far beyond the server’s limit of one megabyte', async () => {
    const bus = await createNatsBus({ url: server.url, prefix: 'large' });
    bus.serve('directory.snapshot', () => ({
      position: '1',
      entries: Array.from({ length: 20_000 }, (_, id) => ({ kind: 'agent' as const, id, entry: { name: `Agent ${id}`, skills: ['português', 'vendas'] } })),
    }));
    await bus.flush();
    const reply = await bus.request('directory.snapshot', {});
    expect(reply.entries[19_999]).toEqual({ kind: 'agent', id: 19_999, entry: { name: 'Agent 19999', skills: ['português', 'vendas'] } });
    await bus.close();
  });

  it('keeps installations with different prefixes apart', async () => {
    const mine = await createNatsBus({ url: server.url, prefix: 'mine' });
    const theirs = await createNatsBus({ url: server.url, prefix: 'theirs' });
    theirs.serve('acd.queues', () => ({ queues: [] }));
    await theirs.flush();
    await expect(mine.request('acd.queues', {})).rejects.toMatchObject({ name: 'NoResponderError' });
    await Promise.all([mine.close(), theirs.close()]);
  });

  it('does not take an owner that stands still for one that declines, and forgets one that is gone', async () => {
    const prefix = 'still';
    const [asks, quick] = await Promise.all([1, 2].map(() => createNatsBus({ url: server.url, prefix })));
    quick?.serve('telephony.hangup', () => undefined, { scope: 'owner' });
    const child = fork(fileURLToPath(new URL('./standing-still.ts', import.meta.url)), [server.url, prefix], { execArgv: ['--import', 'tsx'] });
    await new Promise((resolve) => child.once('message', resolve));
    // It stands still for most of a second as soon as it is asked, before it can say that it is at it.
    const hangup = () => asks?.request('telephony.hangup', { callId: asCallId('1.1'), by: 'system', reason: 'test' }, { timeoutMs: 20_000 });
    expect(await hangup()).toEqual({ ok: true });
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(await hangup()).toEqual({ ok: false, code: 'unknown-call' });
    await Promise.all([asks?.close(), quick?.close()]);
  }, 60_000);

  it('waits for an owner that takes its time while the others decline', async () => {
    const [slow, quick] = await Promise.all([1, 2].map(() => createNatsBus({ url: server.url, prefix: 'owners' })));
    slow?.serve('telephony.release', () => new Promise((resolve) => setTimeout(() => resolve({ ok: true }), 300)), { scope: 'owner' });
    quick?.serve('telephony.release', () => undefined, { scope: 'owner' });
    await Promise.all([slow?.flush(), quick?.flush()]);
    expect(await quick?.request('telephony.release', { slots: [] })).toEqual({ ok: true });
    await Promise.all([slow?.close(), quick?.close()]);
  });
});

describe.skipIf(missing !== undefined)('when the nats-server goes away', () => {
  it('comes back by itself, hears and serves again, and drops what does not fit while it waits', async () => {
    const first = await startNatsServer();
    const lines: string[] = [];
    const bus = await createNatsBus({ url: first.url, maxPendingBytes: 1_000, log: (line) => lines.push(line) });
    const heard: string[] = [];
    bus.subscribe('signal.registration', (message) => void heard.push(message.contact));
    bus.serve('acd.queues', () => ({ queues: [] }));
    await bus.flush();
    await first.stop();
    await vi.waitFor(() => expect(lines).toContain('NATS is away; reconnecting'), { timeout: 5_000 });
    const registration = { extension: asExtension('4001'), registered: true, userAgent: null, reason: 'registered' as const, at: 1 };
    for (let n = 0; n < 100; n += 1) bus.publish('signal.registration', { ...registration, contact: `sip:${n}` });
    const second = await startNatsServer(first.port);
    await vi.waitFor(() => expect(lines.some((line) => /back; \d+ messages were dropped/.test(line))).toBe(true), { timeout: 10_000 });
    await vi.waitFor(() => expect(heard[0]).toBe('sip:0'), { timeout: 5_000 });
    expect(heard.length).toBeLessThan(20);
    await vi.waitFor(async () => expect(await bus.request('acd.queues', {}, { timeoutMs: 500 })).toEqual({ queues: [] }), { timeout: 5_000 });
    bus.publish('fact.CampaignActivated', fact('CampaignActivated', 1, { campaignId: asId<CampaignId>(1), by: { kind: 'system' } }));
    await bus.close();
    await second.stop();
  });

  it('tells at the start that no server is there', async () => {
    await expect(createNatsBus({ url: 'nats://127.0.0.1:1' })).rejects.toThrow();
  });
});
