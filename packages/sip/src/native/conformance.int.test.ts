import { networkInterfaces } from 'node:os';
import { afterEach, describe, expect, it } from 'vitest';
import { LossyLink } from '../contract/lossy-link.ts';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { ANSWER, call, connected, HELD, HOLD, OFFER, RecordedCall, RecordedInvite, Rig, until } from '../contract/rig.ts';
import { createNativeSipStack } from './stack.ts';

/** Situations that need a peer who does the unusual, or an eye on the wire. */
describe('the native stack', () => {
  const rig = new Rig();
  const open: { close(): void }[] = [];
  afterEach(async () => {
    await rig.close();
    for (const each of open.splice(0)) each.close();
  });
  const rawPeer = async (to: number): Promise<RawPeer> => {
    const peer = new RawPeer();
    open.push(peer);
    return peer.open(to);
  };

  describe('a request that comes twice by different paths (RFC 3261 8.2.2.2)', () => {
    it('is answered once, and 482 the other time', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await rawPeer(near.address.port);
      peer.request('INVITE', { branch: 'one', body: OFFER });
      const incoming = await near.nextCall();
      peer.request('INVITE', { branch: 'two', body: OFFER });
      expect(await peer.next(/^SIP\/2.0 482/)).toContain('branch=z9hG4bKtwo');
      peer.request('OPTIONS', { branch: 'three', callId: 'other' });
      await peer.next(/^SIP\/2.0 200[^]*OPTIONS/);
      peer.request('OPTIONS', { branch: 'four', callId: 'other' });
      expect(await peer.next(/^SIP\/2.0 482[^]*OPTIONS/)).toContain('branch=z9hG4bKfour');
      incoming.reject(486);
      expect(near.incoming).toHaveLength(1);
    });

    it('is no merge when it is a retransmission, another CSeq, or another caller', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await rawPeer(near.address.port);
      peer.request('OPTIONS', { branch: 'a1' });
      peer.request('OPTIONS', { branch: 'a1' });
      peer.request('OPTIONS', { branch: 'a2', cseq: 2 });
      peer.request('OPTIONS', { branch: 'a3', fromTag: 'another' });
      await until('four answers', () => peer.received.length === 4);
      expect(peer.received.map((each) => each.slice(0, 11))).toEqual(new Array(4).fill('SIP/2.0 200'));
    });
  });

  describe('an offer by UPDATE (RFC 3311)', () => {
    it('that crosses one of the peer is retried, and both are carried out', async () => {
      const [near, far] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
      const { caller, callee } = await connected(near, far);
      expect(await Promise.all([caller.call.update(HOLD), callee.call.update(OFFER)])).toEqual([HELD, HELD]);
      expect([caller.offers, callee.offers]).toEqual([[OFFER], [HOLD]]);
    });

    it('that crosses a re-INVITE of the peer is retried as well', async () => {
      const [near, far] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
      const { caller, callee } = await connected(near, far);
      expect(await Promise.all([caller.call.update(HOLD), callee.call.reinvite(OFFER)])).toEqual([HELD, HELD]);
      expect([caller.offers, callee.offers]).toEqual([[OFFER], [HOLD]]);
    });

    it('becomes a re-INVITE where the peer does not take it', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await rawPeer(near.address.port);
      const invite = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'no-update', body: OFFER });
      peer.reply(await peer.next(/^INVITE/), '200 OK', 'raw', 'Allow: INVITE, ACK, BYE, CANCEL\r\n', ANSWER);
      const { call: caller } = await invite.answered();
      const held = caller.call.update(HOLD);
      const again = await peer.next(/^INVITE[^]*CSeq: 2 INVITE/);
      expect(again).toContain('a=sendonly');
      peer.reply(again, '200 OK', 'raw', '', HELD);
      expect(await held).toBe(HELD);
    });

    it('is 491 while the offer of our INVITE waits, and 500 while the offer of theirs does (5.2)', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await rawPeer(near.address.port);
      const invite = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'early-update', body: OFFER });
      const asked = await peer.next(/^INVITE/);
      peer.reply(asked, '180 Ringing', 'raw');
      await invite.ringing();
      peer.request('UPDATE', { branch: 'early', callId: 'early-update', to: headerIn(asked, 'From'), body: HOLD });
      await peer.next(/^SIP\/2.0 491[^]*UPDATE/);
      invite.outgoing.cancel();
      peer.request('INVITE', { branch: 'in', callId: 'in', body: OFFER });
      const incoming = await near.nextCall();
      incoming.ring();
      const ringing = await peer.next(/^SIP\/2.0 180[^]*Call-ID: in/);
      peer.request('UPDATE', { branch: 'in-update', callId: 'in', cseq: 2, to: headerIn(ringing, 'To'), body: HOLD });
      expect(await peer.next(/^SIP\/2.0 500[^]*UPDATE/)).toMatch(/Retry-After: \d/);
      incoming.reject(486);
    });
  });

  describe('a proxy that forks our INVITE (RFC 3261 12.1, 13.2.2.4)', () => {
    it('makes one early dialog per To tag, and the one that answers is the call', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await rawPeer(near.address.port);
      const invite = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'forked', body: OFFER });
      const asked = await peer.next(/^INVITE/);
      const reliable = 'Require: 100rel\r\nRSeq: 7\r\n';
      peer.reply(asked, '180 Ringing', 'phone-a', reliable);
      peer.reply(asked, '183 Session Progress', 'phone-b', reliable, ANSWER);
      // Each fork numbers by itself (RFC 3262 4), and each PRACK goes to its own dialog.
      expect(headerIn(await peer.next(/^PRACK[^]*tag=phone-a/), 'RAck')).toBe('7 1 INVITE');
      expect(headerIn(await peer.next(/^PRACK[^]*tag=phone-b/), 'RAck')).toBe('7 1 INVITE');
      for (const prack of peer.received.filter((each) => each.startsWith('PRACK'))) peer.reply(prack, '200 OK', 'x');
      expect(invite.provisionals).toEqual([{ code: 180, body: undefined }, { code: 183, body: ANSWER }]);
      peer.reply(asked, '200 OK', 'phone-c', '', ANSWER);
      await peer.next(/^ACK[^]*tag=phone-c/);
      const { call: caller } = await invite.answered();
      expect(caller.call.snapshot().remoteTag).toBe('phone-c');
      // A second phone answered at the same moment: acknowledged and hung up, and the call goes on.
      peer.reply(asked, '200 OK', 'phone-a', '', ANSWER);
      await peer.next(/^ACK[^]*tag=phone-a/);
      peer.reply(await peer.next(/^BYE[^]*tag=phone-a/), '200 OK', 'x');
      expect([invite.answers.length, caller.ends]).toEqual([1, []]);
    });
  });

  describe('a large INVITE (RFC 3261 18.1.1)', () => {
    const large = { largeByTcp: true, headers: { 'X-Filler': 'x'.repeat(1_200) } };

    it('goes by TCP, and its CANCEL as well', async () => {
      const [near, far] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
      const invite = call(near, far, large);
      const incoming = await far.nextCall();
      expect(incoming.source.transport).toBe('tcp');
      const cancels: unknown[] = [];
      incoming.onCancel((end) => cancels.push(end));
      incoming.ring();
      await invite.ringing();
      expect(invite.snapshot().destination.transport).toBe('tcp');
      invite.outgoing.cancel();
      await invite.failed();
      expect(cancels).toHaveLength(1);
    });

    it('stays on UDP where nobody said that the peer takes TCP, and a small one always', async () => {
      const [near, far] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
      for (const more of [{ headers: large.headers }, { largeByTcp: true }]) {
        const invite = call(near, far, more);
        const incoming = await far.nextCall();
        expect(incoming.source.transport).toBe('udp');
        incoming.reject(486);
        await invite.failed();
      }
    });
  });

  describe('the refresher of a session (RFC 4028 7.2, 9, 10)', () => {
    it('is us as the caller', async () => {
      const [near, far] = [await rig.party(createNativeSipStack, { minSessionExpiresS: 1 }), await rig.party(createNativeSipStack, { minSessionExpiresS: 1 })];
      const link = new LossyLink(far.address, () => false);
      open.push(link);
      const { caller, callee } = await connected(near, far, { sessionExpiresS: 1, destination: await link.open() });
      await until('two refreshes by the caller', () => link.passed.filter((each) => each === 'out UPDATE').length >= 2);
      expect(link.passed).not.toContain('back UPDATE');
      expect([caller.ends, callee.ends]).toEqual([[], []]);
    });

    it('is us as the callee where the caller names us, by re-INVITE to a peer without UPDATE', async () => {
      const near = await rig.party(createNativeSipStack, { minSessionExpiresS: 1 });
      const peer = await rawPeer(near.address.port);
      peer.request('INVITE', { branch: 'one', body: OFFER, lines: 'Supported: timer\r\nSession-Expires: 1;refresher=uas\r\nAllow: INVITE, ACK, BYE\r\n' });
      const answered = (await near.nextCall()).answer(ANSWER);
      const ok = await peer.next(/^SIP\/2.0 200/);
      expect(headerIn(ok, 'Session-Expires')).toBe('1;refresher=uas');
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      const callee = new RecordedCall(await answered);
      const refresh = await peer.next(/^INVITE/);
      // In a refresh of ours we are the UAC, and stay the refresher.
      expect(headerIn(refresh, 'Session-Expires')).toBe('1;refresher=uac');
      peer.reply(refresh, '200 OK', 'raw', 'Session-Expires: 1;refresher=uac\r\n', OFFER);
      await peer.next(/^ACK[^]*CSeq: 1 ACK/);
      peer.reply(await peer.next(/^INVITE[^]*CSeq: 2 INVITE/), '200 OK', 'raw', 'Session-Expires: 1;refresher=uac\r\n', OFFER);
      expect(callee.ends).toEqual([]);
    });

    it('is the caller where it names nobody and can, and a call whose refresh does not come ends (10)', async () => {
      const near = await rig.party(createNativeSipStack, { minSessionExpiresS: 1 });
      const peer = await rawPeer(near.address.port);
      peer.request('INVITE', { branch: 'one', body: OFFER, lines: 'Supported: timer\r\nSession-Expires: 1\r\n' });
      const answered = (await near.nextCall()).answer(ANSWER);
      const ok = await peer.next(/^SIP\/2.0 200/);
      expect([headerIn(ok, 'Session-Expires'), headerIn(ok, 'Require')]).toEqual(['1;refresher=uac', 'timer']);
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      const callee = new RecordedCall(await answered);
      expect(await callee.ended()).toMatchObject({ by: 'timeout' });
      await peer.next(/^BYE/);
    });
  });

  const loopback6 = Object.values(networkInterfaces()).some((each) => each?.some((address) => address.address === '::1'));
  if (!loopback6) it.skip('a call over IPv6: this machine has no ::1', () => undefined);
  else {
    it.each(['udp', 'tcp'] as const)('calls over %s between IPv6 literals (RFC 3261 19.1.1, 25.1; RFC 5118)', async (transport) => {
      const [near, far] = [await rig.party(createNativeSipStack, { host: '::1' }), await rig.party(createNativeSipStack, { host: '::1' })];
      const invite = call(near, far, { uri: `sip:55@[::1]:${far.address.port}`, transport });
      const incoming = await far.nextCall();
      expect(incoming.source).toMatchObject({ host: '::1', transport });
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller } = await invite.answered();
      expect(caller.call.snapshot().remoteTarget).toContain(`@[::1]:${far.address.port}`);
      expect(await callee.call.reinvite(HOLD)).toBe(HELD);
      caller.call.hangup();
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
      expect(await near.stack.options({ ...far.address, transport }, 5_000)).toMatchObject({ reachable: true });
    });
  }
});
