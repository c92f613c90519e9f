import { describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import { ANSWER, call, connected, OFFER, RecordedCall, RecordedInvite, ringing, until } from './rig.ts';
import type { Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

/** Calls between the stack under test and the native one, over real sockets. */
export function callContract(make: SipStackFactory): void {
  const pair = async (rig: Rig) => ({ near: await rig.party(make), far: await rig.party(createNativeSipStack) });

  describe.each(['udp', 'tcp'] as const)('a call over %s', (transport) => {
    it('rings, is answered and ended by the caller', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far, { transport, headers: { 'X-Attempt': 'a-1', 'P-Asserted-Identity': '<sip:1130001000@ritmo>' } });
      const incoming = await far.nextCall();
      expect(incoming.fromDisplayName).toBe('Ação Ritmo');
      expect([incoming.fromUser, incoming.toUser, incoming.verdict, incoming.body]).toEqual(['1130001000', '5511999998888', 'trunk', OFFER]);
      expect([incoming.header('x-attempt'), incoming.header('P-Asserted-Identity')]).toEqual(['a-1', '<sip:1130001000@ritmo>']);
      expect(incoming.source.transport).toBe(transport);
      incoming.ring();
      expect(await invite.ringing()).toEqual({ code: 180, body: undefined });
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller, body } = await invite.answered();
      expect(body).toBe(ANSWER);
      caller.call.hangup({ q850: 16, text: 'Normal call clearing' });
      expect(await callee.ended()).toEqual({ by: 'remote', sipCode: 200, q850: 16, reasonPhrase: 'Normal call clearing' });
      expect(await caller.ended()).toEqual({ by: 'local', sipCode: 200 });
      caller.call.hangup();
      expect([near.stack.stats.dialogs, far.stack.stats.dialogs]).toEqual([0, 0]);
      expect([near.troubles, far.troubles]).toEqual([[], []]);
    });

    it('is ended by the callee', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(near, far, { transport });
      callee.call.hangup({ q850: 31 });
      expect(await caller.ended()).toMatchObject({ by: 'remote', sipCode: 200, q850: 31 });
      expect(await callee.ended()).toMatchObject({ by: 'local' });
    });

    it('comes in, is answered and ended by us', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { caller, callee } = await connected(far, near, { transport });
      callee.call.hangup();
      expect(await caller.ended()).toMatchObject({ by: 'remote' });
      expect(await callee.ended()).toMatchObject({ by: 'local' });
    });
  });

  describe('the history of a call', () => {
    // One line with two values, as far as a header of ours goes: RFC 3261 7.3.1 makes that the same as two lines.
    const DIVERSIONS = '<sip:1130002000@ritmo>;reason=unconditional;counter=1, <sip:1130003000@ritmo>;reason=user-busy';
    const HISTORY = '<sip:1130003000@ritmo>;index=1, <sip:1130002000@ritmo?Reason=SIP%3Bcause%3D486>;index=1.1';
    const headers = { 'Diversion': DIVERSIONS, 'History-Info': HISTORY, 'P-Asserted-Identity': '<sip:1130001000@ritmo>', 'Privacy': 'id' };

    it.for(['out', 'in'] as const)('goes %s with it: Diversion (RFC 5806), History-Info (RFC 7044), identity and privacy (RFC 3325)', async (direction, { rig }) => {
      const { near, far } = await pair(rig);
      const [from, to] = direction === 'out' ? [near, far] : [far, near];
      const invite = call(from, to, { headers });
      const incoming = await to.nextCall();
      expect(incoming.headers('diversion')).toEqual(['<sip:1130002000@ritmo>;reason=unconditional;counter=1', '<sip:1130003000@ritmo>;reason=user-busy']);
      expect(incoming.headers('History-Info')).toEqual(['<sip:1130003000@ritmo>;index=1', '<sip:1130002000@ritmo?Reason=SIP%3Bcause%3D486>;index=1.1']);
      expect([incoming.header('p-asserted-identity'), incoming.header('privacy'), incoming.headers('x-none')]).toEqual(['<sip:1130001000@ritmo>', 'id', []]);
      incoming.reject(486);
      await invite.failed();
    });
  });

  describe('a refusal', () => {
    it.for([[486, 17], [404, 1], [603, 21], [503, 34]] as const)('with %i reaches the caller with its Q.850 cause %i', async ([code, q850], { rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far);
      (await far.nextCall()).reject(code, { reason: { q850 } });
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: code, q850 });
      expect(invite.answers).toEqual([]);
    });

    it('of ours reaches the peer with Retry-After', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(far, near);
      (await near.nextCall()).reject(503, { retryAfterS: 5 });
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 503, reasonPhrase: 'Service Unavailable' });
    });

    it('by a redirect is a failure', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far);
      (await far.nextCall()).reject(302);
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 302 });
    });
  });

  describe('early media', () => {
    it('is told with its SDP before the answer', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far);
      const incoming = await far.nextCall();
      incoming.ring(ANSWER);
      expect(await invite.ringing()).toEqual({ code: 183, body: ANSWER });
      await incoming.answer(ANSWER);
      expect((await invite.answered()).body).toBe(ANSWER);
    });

    it('is sent when we ring with a body, and a late 180 may follow', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(far, near);
      const incoming = await near.nextCall();
      incoming.ring(ANSWER);
      await invite.ringing();
      incoming.ring();
      await until('the 180', () => invite.provisionals.length === 2);
      expect(invite.provisionals.map((each) => each.code)).toEqual([183, 180]);
    });
  });

  describe('a call given up', () => {
    it('by our cancel ends for both, with the reason', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { invite, incoming, cancels } = await ringing(near, far);
      invite.outgoing.cancel({ q850: 26, text: 'lost race' });
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      expect(cancels).toEqual([{ by: 'remote', sipCode: 487, q850: 26, reasonPhrase: 'lost race' }]);
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
    });

    it('by the caller is told to us, and our answer is too late', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const { invite, incoming, cancels } = await ringing(far, near);
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      await until('the cancel', () => cancels.length === 1);
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
      expect(near.stack.stats.dialogs).toBe(0);
    });

    it('before any provisional response is cancelled when one comes', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far);
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      const incoming = await far.nextCall();
      await expect(incoming.answer(ANSWER)).rejects.toThrow();
    });

    it('by ring time ends as a timeout', async ({ rig }) => {
      const { near, far } = await pair(rig);
      const invite = call(near, far, { ringTimeoutMs: 150 });
      const incoming = await far.nextCall();
      incoming.ring();
      expect(await invite.failed()).toMatchObject({ by: 'timeout', sipCode: 487 });
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
    });

    it('that races with the answer is hung up and never established', async ({ rig }) => {
      const { near, far } = await pair(rig);
      for (let round = 0; round < 20; round++) {
        const { invite, incoming } = await ringing(near, far);
        const answer = incoming.answer(ANSWER).then((established) => new RecordedCall(established), () => undefined);
        invite.outgoing.cancel();
        const callee = await answer;
        expect(await invite.failed()).toMatchObject({ by: 'local' });
        expect(invite.answers).toEqual([]);
        if (callee !== undefined) expect(await callee.ended()).toMatchObject({ by: 'remote' });
      }
      await until('no dialog left', () => near.stack.stats.dialogs === 0 && far.stack.stats.dialogs === 0);
    });
  });

  describe('a peer that cannot be reached', () => {
    it('fails the call by transport when nothing answers', async ({ rig }) => {
      const near = await rig.party(make, { t1Ms: 10 });
      const invite = new RecordedInvite(near.stack, { uri: 'sip:1@127.0.0.1:9', from: { user: '2' }, sipCallId: 'nobody', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });

    it('fails the call at once when the connection is refused', async ({ rig }) => {
      const near = await rig.party(make);
      const invite = new RecordedInvite(near.stack, { uri: 'sip:1@127.0.0.1:9', transport: 'tcp', from: { user: '2' }, sipCallId: 'refused', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });

    it('fails the call when its URI is none', async ({ rig }) => {
      const near = await rig.party(make);
      const invite = new RecordedInvite(near.stack, { uri: 'not a uri', from: { user: '2' }, sipCallId: 'none', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });
  });
}
