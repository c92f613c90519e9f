/** The acd dies between an agent's answer and its record of it: the next one finds both talking, and tells it late. */
import type { DomainEvent } from '@ritmo/domain';
import { createAcdApp } from '@ritmo/svc-acd';
import { waitFor } from '@ritmo/testing';
import { expect, test } from 'vitest';
import { FarEnd } from './test/far-end.ts';
import { Rig } from './test/rig.ts';

test('a delivery that a dead acd left untold is recorded once, with the moment at which it was', async () => {
  const rig = await Rig.start({ t1Ms: 200 });
  const [carrier, phone] = await Promise.all([FarEnd.start({ hz: 500, t1Ms: 200 }), FarEnd.start({ hz: 900, t1Ms: 200 })]);
  const upAt: number[] = [];
  rig.bus.subscribe('signal.leg', ({ state, at }) => void (state === 'answered' && upAt.push(at)));
  const delivered = () => rig.facts.filter((event): event is DomainEvent<'CallDelivered'> => event.type === 'CallDelivered');
  rig.put('settings', { id: 1 });
  rig.put('user-status', { id: 1, name: 'Logado', pause: false });
  rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
  rig.put('agent', { id: 1, name: 'Ana', extension: '1001', password: 'secret' });
  rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], ringTimeoutS: 30 });
  rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1 });
  await rig.telephony.start();
  const acd = createAcdApp(rig.context, { reconcileEveryMs: 100 });
  await acd.start();
  rig.also(acd);
  /** Its session is cut: what it held in memory is gone at once, and after a second it begins anew, as another process would. */
  const kill = async (): Promise<void> => {
    await rig.context.database.query("SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND classid = 7246040 AND database = (SELECT oid FROM pg_database WHERE datname = current_database())");
    await waitFor(() => acd.occupied().calls === 0, { what: 'the acd to be dead' });
  };
  try {
    await phone.register(rig.port, '1001', 'secret');
    await rig.fact('ExtensionRegistered');
    const callId = await rig.originate('11988887777');
    const customer = await carrier.invite();
    await customer.answer();
    const agent = await phone.invite();
    await kill();
    await agent.answer();
    await waitFor(() => upAt.length === 1, { what: 'both to be bridged' });
    expect(delivered()).toEqual([]);
    await waitFor(() => delivered().length === 1, { what: 'the late CallDelivered', timeoutMs: 15_000 });
    const [late] = delivered();
    expect(late?.data).toMatchObject({ callId, legId: `${callId}/1`, agentId: 1, queueId: 1, campaignId: 7 });
    // The acd begins anew a second after its death: that would be the moment of who tells it, not of the delivery.
    expect(Math.abs((late?.at ?? 0) - (upAt[0] ?? 0))).toBeLessThan(700);
    // A second death: what is told already is not told again.
    await kill();
    await waitFor(() => acd.occupied().busyAgents === 1, { what: 'the agent to be taken again', timeoutMs: 15_000 });
    expect(delivered()).toHaveLength(1);
    agent.bye();
    await waitFor(() => customer.isOver, { what: 'BYE' });
    await rig.fact('CallEnded', callId);
    await rig.quiet();
    await waitFor(() => acd.occupied().calls === 0 && acd.occupied().busyAgents === 0, { what: 'the acd to be empty' });
  } finally {
    await Promise.all([phone.stop(), carrier.stop()]);
    await rig.stop();
  }
}, 60_000);
