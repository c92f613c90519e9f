import { describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import { connected, HELD, HOLD, OFFER, RecordedCall, until } from './rig.ts';
import type { Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

/** What happens inside a call, between the stack under test and the native one. */
export function inCallContract(make: SipStackFactory): void {
  const pair = async (rig: Rig) => ({ near: await rig.party(make), far: await rig.party(createNativeSipStack) });

  describe('inside a call', () => {
    it('each side can hold and resume', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far);
      expect(await caller.call.reinvite(HOLD)).toBe(HELD);
      expect(callee.offers).toEqual([HOLD]);
      expect(await callee.call.reinvite(OFFER)).toBe(HELD);
      expect(caller.offers).toEqual([OFFER]);
      caller.call.hangup();
      await callee.ended();
    });

    it('offers that cross are both carried out, one after the other', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far);
      const [mine, theirs] = await Promise.all([caller.call.reinvite(HOLD), callee.call.reinvite(OFFER)]);
      expect([mine, theirs]).toEqual([HELD, HELD]);
      expect([caller.offers, callee.offers]).toEqual([[OFFER], [HOLD]]);
    });

    it('an UPDATE carries an offer and its answer, each way (RFC 3311 5)', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far);
      expect(await caller.call.update(HOLD)).toBe(HELD);
      expect(callee.offers).toEqual([HOLD]);
      expect(await callee.call.update(OFFER)).toBe(HELD);
      expect(caller.offers).toEqual([OFFER]);
      expect([caller.ends, callee.ends]).toEqual([[], []]);
    });

    it('digits come by INFO', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(far, near);
      expect(await caller.call.info('application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n')).toBe(true);
      expect(await caller.call.info('application/dtmf', '#')).toBe(true);
      expect(callee.digits).toEqual(['5', '#']);
      expect(await callee.call.info('application/dtmf-relay', 'Signal=*\r\nDuration=100\r\n')).toBe(true);
      expect(caller.digits).toEqual(['*']);
    });

    it('a transfer is asked for, followed and told', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(far, near);
      const outcome = caller.call.refer('sip:300@ritmo?Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2');
      const request = await until('the REFER', () => callee.refers[0]);
      expect(request).toMatchObject({ targetUri: 'sip:300@ritmo', targetUser: '300', replaces: { sipCallId: 'abc@h', toTag: '1', fromTag: '2' } });
      const progress = request.accept();
      progress.succeeded();
      expect(await outcome).toBe(true);
    });

    it('a transfer that fails, or is refused, says so', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far);
      const failing = caller.call.refer('sip:300@ritmo');
      (await until('the REFER', () => callee.refers[0])).accept().failed(486);
      expect(await failing).toBe(false);
      const refused = caller.call.refer('sip:300@ritmo');
      (await until('the second REFER', () => callee.refers[1])).reject(603);
      expect(await refused).toBe(false);
    });

    it('an offer that comes with the 200 is answered in our ACK (RFC 3261 13.2.2.4)', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const answers: RecordedCall[] = [];
      const offers: string[] = [];
      near.stack.invite({
        uri: far.uri('1'), from: { user: '2' }, sipCallId: `late-out-${Date.now()}`,
        events: {
          answerOffer: (sdp) => {
            offers.push(sdp);
            return HELD;
          },
          answered: (established) => void answers.push(new RecordedCall(established)),
          failed: () => undefined,
        },
      });
      const incoming = await far.nextCall();
      expect(incoming.body).toBe('');
      const callee = new RecordedCall(await incoming.answer(OFFER));
      await until('the answer in the ACK', () => callee.answers[0] === HELD);
      expect(offers).toEqual([OFFER]);
      await until('the call', () => answers.length === 1);
    });

    it('a call without SDP is offered ours in the 200, and answered in the ACK', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const answers: RecordedCall[] = [];
      const { body: _body, ...late } = { uri: near.uri('1'), from: { user: '2' }, sipCallId: `late-${Date.now()}`, body: '' };
      far.stack.invite({ ...late, events: { answerOffer: () => HELD, answered: (established) => void answers.push(new RecordedCall(established)), failed: () => undefined } });
      const incoming = await near.nextCall();
      expect(incoming.body).toBe('');
      const callee = new RecordedCall(await incoming.answer(OFFER));
      await until('the answer in the ACK', () => callee.answers[0] === HELD);
    });
  });

  describe('session timers', () => {
    it.for(['udp', 'tcp'] as const)('keep a call alive over %s by refreshing it', async (transport, { rig }) => {
      const near = await rig.party(make, { minSessionExpiresS: 1 });
      const far = await rig.party(createNativeSipStack, { minSessionExpiresS: 1 });
      const { caller, callee } = await connected(near, far, { sessionExpiresS: 1, transport });
      const before = near.stack.stats.received + far.stack.stats.received;
      await until('two refreshes', () => near.stack.stats.received + far.stack.stats.received >= before + 4);
      expect([caller.ends, callee.ends]).toEqual([[], []]);
      caller.call.hangup();
      await callee.ended();
    });

    it('end a call whose peer is gone', async ({ rig }) => {
      const near = await rig.party(make, { minSessionExpiresS: 1, t1Ms: 10 });
      const far = await rig.party(createNativeSipStack, { minSessionExpiresS: 1, t1Ms: 10 });
      const { callee } = await connected(far, near, { sessionExpiresS: 1 });
      await far.stack.stop();
      expect(await callee.ended()).toMatchObject({ by: 'timeout' });
    });
  });
}
