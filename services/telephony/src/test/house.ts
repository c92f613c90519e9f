/** Tests only: three extensions, a queue and a carrier around telephony and the acd; and what tests of calls between them ask. */
import { asExtension } from '@ritmo/domain';
import { createAcdApp, type AcdApp } from '@ritmo/svc-acd';
import { toneShare, waitFor } from '@ritmo/testing';
import { expect } from 'vitest';
import { FarEnd, type FarCall } from './far-end.ts';
import { Rig } from './rig.ts';

export const queueNumber = '1140000003';
export const [customerHz, anaHz, ruiHz, evaHz] = [500, 900, 1300, 1700] as const;

/** Ana 1001 (agent of the dialed queue), Rui 1002, Eva 1003 (the only agent of the queue that is called), each with a tone of its own. */
export class House {
  readonly rig: Rig;
  readonly acd: AcdApp;
  readonly carrier: FarEnd;
  readonly ana: FarEnd;
  readonly rui: FarEnd;
  readonly eva: FarEnd;

  private constructor(rig: Rig, acd: AcdApp, ends: readonly [FarEnd, FarEnd, FarEnd, FarEnd]) {
    this.rig = rig;
    this.acd = acd;
    [this.carrier, this.ana, this.rui, this.eva] = ends;
  }

  static async open(): Promise<House> {
    const rig = await Rig.start({ t1Ms: 200 });
    const ends = (await Promise.all([customerHz, anaHz, ruiHz, evaHz].map((hz) => FarEnd.start({ hz, t1Ms: 200 })))) as [FarEnd, FarEnd, FarEnd, FarEnd];
    const [carrier, ...phones] = ends;
    rig.put('settings', { id: 1 });
    rig.put('user-status', { id: 1, name: 'Logado', pause: false });
    rig.put('user-status', { id: 2, name: 'Deslogado', pause: true });
    rig.put('user-status', { id: 6, name: 'Intervalo de Almoço', pause: true });
    rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port: carrier.port });
    rig.put('route', { id: 1, name: 'all', trunks: [1] });
    for (const [id, name] of [[1, 'Ana'], [2, 'Rui'], [3, 'Eva'], [4, 'Leo']] as const) rig.put('agent', { id, name, extension: String(1000 + id), password: 'secret' });
    rig.put('queue', { id: 1, name: 'Sales', members: [{ agentId: 1, priority: 1, skill: 1 }], numbers: ['1140000000'] });
    rig.put('queue', { id: 3, name: 'Support', members: [{ agentId: 3, priority: 1, skill: 1 }], numbers: [queueNumber] });
    rig.put('campaign', { id: 7, name: 'Campaign', queueId: 1 });
    await rig.telephony.start();
    const acd = createAcdApp(rig.context, { reconcileEveryMs: 200 });
    await acd.start();
    rig.also(acd);
    await Promise.all(phones.map((phone, index) => phone.register(rig.port, String(1001 + index), 'secret')));
    await waitFor(() => rig.of('ExtensionRegistered').length === 3, { what: 'the phones' });
    return new House(rig, acd, ends);
  }

  begin(): void {
    this.rig.facts.length = 0;
    for (const end of [this.carrier, this.ana, this.rui, this.eva]) end.calls.length = 0;
  }

  /** Nothing is held any more, and everybody is free. */
  async isEmpty(): Promise<void> {
    const { rig, acd } = this;
    try {
      await rig.quiet();
      await waitFor(() => acd.occupied().calls === 0 && acd.occupied().busyAgents === 0, { what: 'the acd to be empty' });
      expect((await rig.bus.request('acd.agents', {})).agents.map(({ state }) => state).filter((state) => state !== 'free' && state !== 'logged-out')).toEqual([]);
    } finally {
      for (const { callId } of (await rig.bus.request('telephony.calls', {})).calls) await rig.bus.request('telephony.hangup', { callId, by: 'system', reason: 'left' }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.ana.stop(), this.rui.stop(), this.eva.stop(), this.carrier.stop()]);
    await this.rig.stop();
  }

  async agent(id: number) {
    return (await this.rig.bus.request('acd.agents', {})).agents.find(({ agentId }) => (agentId as number) === id);
  }

  pause(extension: string, paused: boolean) {
    return this.rig.bus.request(paused ? 'acd.agent.pause' : 'acd.agent.unpause', { extension: asExtension(extension), by: { kind: 'admin' } });
  }

  dial(from: FarEnd, to: string, user: string, headers: Readonly<Record<string, string>> = {}): Promise<FarCall> {
    return from.dial(this.rig.port, to, user, { username: user, password: 'secret' }, headers);
  }

  /** Ana called Rui and both talk. */
  async anaTalksWithRui() {
    const caller = await this.dial(this.ana, '1002', '1001');
    const called = await this.rui.invite();
    called.ring();
    await called.answer();
    await up(caller);
    const { callId } = await this.rig.fact('CallDelivered');
    return { callId, caller, called };
  }

  /** A dialed person talks with Ana. */
  async customerTalksWithAna() {
    const callId = await this.rig.originate('11988887777');
    const customer = await this.carrier.invite();
    await customer.answer();
    const agent = await this.ana.invite();
    await agent.answer();
    await this.rig.fact('CallDelivered', callId);
    return { callId, customer, agent };
  }
}

export const up = (call: FarCall) => waitFor(() => call.call, { what: 'the 200', timeoutMs: 8_000 });
export const over = (call: FarCall, what: string) => waitFor(() => call.isOver, { what, timeoutMs: 8_000 });

/** The last of what a phone heard is the other one's tone. */
export async function hears(call: FarCall, hz: number): Promise<void> {
  await waitFor(() => {
    const heard = call.talker.heard.slice(-15);
    return heard.length === 15 && toneShare(Buffer.concat(heard.map(({ payload }) => payload)), 'PCMA', hz) > 0.9;
  }, { what: `to hear ${hz} Hz`, timeoutMs: 10_000 });
}
