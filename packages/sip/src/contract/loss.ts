import { afterAll, describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import { LossyLink } from './lossy-link.ts';
import type { Loss } from './lossy-link.ts';
import { ANSWER, call, HELD, HOLD, RecordedCall } from './rig.ts';
import type { Party, Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

/** Calls over a link that loses packets: each loss is repaired by whoever RFC 3261 says repairs it. */
export function lossContract(make: SipStackFactory): void {
  const links: LossyLink[] = [];
  afterAll(() => {
    for (const link of links) link.close();
  });
  const linked = async (rig: Rig, from: SipStackFactory, to: SipStackFactory, loss: Loss): Promise<{ caller: Party; callee: Party; link: LossyLink; more: object }> => {
    const caller = await rig.party(from);
    const callee = await rig.party(to);
    const link = new LossyLink(callee.address, loss);
    links.push(link);
    return { caller, callee, link, more: { destination: await link.open() } };
  };
  const once = (what: RegExp): Loss => (direction, text, nth) => nth === 1 && what.test(`${direction} ${text}`);

  async function wholeCall(setting: Awaited<ReturnType<typeof linked>>): Promise<void> {
    const { caller, callee, more } = setting;
    const invite = call(caller, callee, more);
    const incoming = await callee.nextCall();
    incoming.ring();
    const there = new RecordedCall(await incoming.answer(ANSWER));
    const { call: here } = await invite.answered();
    expect(await here.call.reinvite(HOLD)).toBe(HELD);
    here.call.hangup();
    expect(await there.ended()).toMatchObject({ by: 'remote' });
    expect(await here.ended()).toMatchObject({ by: 'local' });
    expect(callee.incoming).toHaveLength(1);
  }

  describe.each([
    ['INVITE', /^out INVITE/], ['180', /^back SIP\/2.0 180/], ['200 to INVITE', /^back SIP\/2.0 200[^]*CSeq: \d+ INVITE/], ['ACK', /^out ACK/],
    ['BYE', /^out BYE/], ['200 to BYE', /^back SIP\/2.0 200[^]*CSeq: \d+ BYE/],
  ])('a lost %s', (_name, pattern) => {
    it('is repaired when we call', async ({ rig }) => {
      const setting = await linked(rig, make, createNativeSipStack, once(pattern));
      await wholeCall(setting);
      expect(setting.link.dropped).toHaveLength(1);
    });

    it('is repaired when we are called', async ({ rig }) => {
      const setting = await linked(rig, createNativeSipStack, make, once(pattern));
      await wholeCall(setting);
      expect(setting.link.dropped).toHaveLength(1);
    });
  });

  it('an answer that is never acknowledged ends in a BYE', async ({ rig }) => {
    const caller = await rig.party(createNativeSipStack, { t1Ms: 10 });
    const callee = await rig.party(make, { t1Ms: 10 });
    const link = new LossyLink(callee.address, (direction, text) => direction === 'out' && text.startsWith('ACK'));
    links.push(link);
    const invite = call(caller, callee, { destination: await link.open() });
    const incoming = await callee.nextCall();
    await expect(incoming.answer(ANSWER)).rejects.toThrow('never acknowledged');
    const { call: here } = await invite.answered();
    expect(await here.ended()).toMatchObject({ by: 'remote' });
    expect(callee.stack.stats.dialogs).toBe(0);
  });

  it('calls survive a link that loses one packet in four', async ({ rig }) => {
    let seed = 7;
    const random = (): number => (seed = (seed * 16_807) % 2_147_483_647) / 2_147_483_647;
    const setting = await linked(rig, make, createNativeSipStack, () => random() < 0.25);
    const { caller, callee, more } = setting;
    const calls = Array.from({ length: 10 }, () => call(caller, callee, more));
    for (let taken = 0; taken < calls.length; taken++) {
      const incoming = await callee.nextCall();
      void incoming.answer(ANSWER).then((established) => new RecordedCall(established), () => undefined);
    }
    for (const each of calls) {
      const { call: here } = await each.answered();
      here.call.hangup();
      expect(await here.ended()).toMatchObject({ by: 'local' });
    }
    expect(setting.link.dropped.length).toBeGreaterThan(5);
  });
}
