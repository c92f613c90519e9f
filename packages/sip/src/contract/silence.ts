import { afterAll, describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import type { OutgoingInvite } from '../port.ts';
import { headerIn, RawPeer } from './raw-peer.ts';
import { ANSWER, OFFER, RecordedCall, RecordedInvite, until } from './rig.ts';
import type { Party, Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

let serial = 0;

/** A server that says nothing to an INVITE, and one that says something when nobody waits for it any more (RFC 3263 4.3). */
export function silenceContract(make: SipStackFactory): void {
  const peers: RawPeer[] = [];
  afterAll(() => {
    for (const peer of peers) peer.close();
  });

  const setUp = async (rig: Rig): Promise<{ near: Party; mute: RawPeer }> => {
    const near = await rig.party(make);
    const mute = await new RawPeer().open(near.address.port);
    peers.push(mute);
    return { near, mute };
  };
  const dial = ({ stack }: Party, { port }: RawPeer, more: Partial<OutgoingInvite> = {}): RecordedInvite =>
    new RecordedInvite(stack, {
      uri: `sip:5511999998888@127.0.0.1:${port}`, from: { user: '1130001000' }, sipCallId: `silence-${process.pid}-${++serial}`, body: OFFER, silenceTimeoutMs: 300, ...more,
    });
  /** Of this call: its port may have been another's a moment ago. */
  const methods = (peer: RawPeer, { outgoing }: RecordedInvite): string[] => [...new Set(peer.received.filter((each) => headerIn(each, 'Call-ID') === outgoing.sipCallId).map((each) => each.slice(0, each.indexOf(' '))))];

  describe('an INVITE that meets silence', () => {
    it('fails by transport when the time for it is over, and is not cancelled: nobody may be before a 1xx (RFC 3261 9.1)', async ({ rig }) => {
      const { near, mute } = await setUp(rig);
      const invite = dial(near, mute);
      expect(await invite.failed()).toMatchObject({ by: 'transport', sipCode: 408 });
      await invite.gone();
      expect(methods(mute, invite)).toEqual(['INVITE']);
      expect(invite.failures).toHaveLength(1);
    });

    it('fails by transport too where its ring time is over first', async ({ rig }) => {
      const { near, mute } = await setUp(rig);
      expect(await dial(near, mute, { silenceTimeoutMs: 20_000, ringTimeoutMs: 200 }).failed()).toMatchObject({ by: 'transport', sipCode: 408 });
    });

    it('rings on where 100 came in time', async ({ rig }) => {
      const { near, mute } = await setUp(rig);
      const invite = dial(near, mute, { ringTimeoutMs: 1_000 });
      const request = await mute.next(/^INVITE/);
      mute.reply(request, '100 Trying', 'mute');
      mute.reply(await mute.next(/^CANCEL/), '200 OK', 'mute');
      mute.reply(request, '487 Request Terminated', 'mute');
      expect(await invite.failed()).toMatchObject({ by: 'timeout', sipCode: 487 });
    });

    it('is cancelled when it rings after it was given up, and not over before that is done', async ({ rig }) => {
      const { near, mute } = await setUp(rig);
      const invite = dial(near, mute);
      await invite.failed();
      const request = await mute.next(/^INVITE/);
      mute.reply(request, '180 Ringing', 'late');
      mute.reply(await mute.next(/^CANCEL/), '200 OK', 'late');
      expect(invite.isGone).toBe(false);
      mute.reply(request, '487 Request Terminated', 'late');
      await mute.next(/^ACK/);
      await invite.gone();
      expect([invite.failures.length, invite.answers, invite.provisionals]).toEqual([1, [], []]);
    });

    it('is acknowledged and hung up when it is answered after it was given up, each repetition of the answer too', async ({ rig }) => {
      const { near, mute } = await setUp(rig);
      const invite = dial(near, mute);
      await invite.failed();
      const request = await mute.next(/^INVITE/);
      mute.reply(request, '200 OK', 'late', '', ANSWER);
      await mute.next(/^ACK/);
      const bye = await mute.next(/^BYE/);
      mute.reply(request, '200 OK', 'late', '', ANSWER);
      await until('the second ACK', () => mute.received.filter((each) => each.startsWith('ACK')).length > 1);
      mute.reply(bye, '200 OK', 'late');
      await invite.gone();
      expect([invite.failures.length, invite.answers]).toEqual([1, []]);
      expect(new Set(mute.received.filter((each) => each.startsWith('BYE')).map((each) => /branch=([^;\r]+)/.exec(each)?.[1])).size).toBe(1);
      expect(near.troubles.map(({ message }) => message)).toEqual([expect.stringContaining('answered it later')]);
    });
  });

  describe('an INVITE whose first server says nothing', () => {
    const twoServers = async (rig: Rig) => {
      const { near, mute } = await setUp(rig);
      const far = await rig.party(createNativeSipStack);
      const destination = { host: '127.0.0.1', port: mute.port, transport: 'udp' } as const;
      const invite = dial(near, mute, { destination, alternatives: [far.address] });
      return { near, far, mute, invite, incoming: await far.nextCall(), request: await mute.next(/^INVITE/) };
    };

    it('is answered by the next one, and what the first one says later is cancelled', async ({ rig }) => {
      const { far, mute, invite, incoming, request } = await twoServers(rig);
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller } = await invite.answered();
      mute.reply(request, '183 Session Progress', 'late', '', ANSWER);
      mute.reply(await mute.next(/^CANCEL/), '200 OK', 'late');
      mute.reply(request, '487 Request Terminated', 'late');
      await mute.next(/^ACK/);
      expect([invite.answers.length, invite.failures, invite.provisionals, caller.ends, callee.ends]).toEqual([1, [], [], [], []]);
      expect(invite.wentOn).toEqual([far.address.port]);
      callee.call.hangup();
      expect(await caller.ended()).toMatchObject({ by: 'remote' });
    });

    it('is the call of the next one though the first one picks up while it rings there', async ({ rig }) => {
      const { mute, invite, incoming, request } = await twoServers(rig);
      incoming.ring();
      await invite.ringing();
      mute.reply(request, '200 OK', 'late', '', ANSWER);
      expect(await mute.next(/^ACK/)).toContain('tag=late');
      mute.reply(await mute.next(/^BYE/), '200 OK', 'late');
      expect(invite.answers).toEqual([]);
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller } = await invite.answered();
      expect([invite.answers.length, invite.failures, callee.ends]).toEqual([1, [], []]);
      caller.call.hangup();
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('fails as the next one says, and is gone when the first one can bring nothing more', async ({ rig }) => {
      const { mute, invite, incoming, request } = await twoServers(rig);
      incoming.reject(486);
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 486 });
      expect(invite.isGone).toBe(false);
      mute.reply(request, '404 Not Found', 'late');
      await mute.next(/^ACK/);
      await invite.gone();
    });
  });
}
