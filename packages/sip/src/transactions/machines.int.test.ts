import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { ANSWER, OFFER, RecordedInvite, Rig, until } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';

/** 64*T1 is 1.28 s with it. */
const SHORT_T1_MS = 20;

/**
 * The four machines of RFC 3261 17 with the Accepted states of RFC 6026, timer by timer, as a peer sees them. How long a timer runs is never
 * looked at, only what it does: the end of one transaction is the clock by which another is seen to live on.
 */
describe.concurrent('the transaction', () => {
  const rig = new Rig();
  const open: { destroy(): void }[] = [];
  // Side by side, for they wait for timers: all is closed when the last one has ended.
  afterAll(async () => {
    await rig.close();
    for (const each of open.splice(0)) each.destroy();
  });
  const setUp = async (): Promise<{ near: Party; peer: RawPeer }> => {
    const near = await rig.party(createNativeSipStack, { t1Ms: SHORT_T1_MS });
    const peer = new RawPeer();
    open.push({ destroy: () => peer.close() });
    return { near, peer: await peer.open(near.address.port) };
  };
  const inviting = async () => {
    const { near, peer } = await setUp();
    const invite = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'out', body: OFFER });
    return { near, peer, invite, asked: await peer.next(/^INVITE/) };
  };
  const count = (peer: RawPeer, pattern: RegExp): number => peer.received.filter((each) => pattern.test(each)).length;
  /** What was on its way has come: packets on the loopback keep their order. */
  const settled = async (peer: RawPeer): Promise<void> => {
    peer.request('OPTIONS', { branch: 'settled', callId: 'settled' });
    await peer.next(/^SIP\/2.0 200[^]*Call-ID: settled/);
  };
  const ended = (near: Party): Promise<unknown> => until('the end of all transactions', () => near.stack.stats.transactions === 0);

  describe('of an INVITE of ours (17.1.1)', () => {
    it('sends it again, the same bytes, until timer B ends it (timers A and B)', async () => {
      const { near, peer, invite, asked } = await inviting();
      expect(await invite.failed()).toMatchObject({ by: 'transport', sipCode: 408 });
      // A doubles without a ceiling: at 1, 3, 7, 15 and 31 times T1, and 63 at the latest.
      expect(peer.received.length).toBeGreaterThan(2);
      expect(peer.received.length).toBeLessThanOrEqual(7);
      expect(new Set(peer.received)).toEqual(new Set([asked]));
      await ended(near);
    });

    it('is quiet and without an end of its own after a 1xx', async () => {
      const { near, peer, invite, asked } = await inviting();
      peer.reply(asked, '100 Trying', '');
      peer.reply(asked, '180 Ringing', 'raw');
      await invite.ringing();
      await settled(peer);
      const sent = count(peer, /^INVITE/);
      // Timer B of another one passes meanwhile.
      const silent = new RecordedInvite(near.stack, { uri: 'sip:1@127.0.0.1:9', from: { user: '2' }, sipCallId: 'nobody', body: OFFER });
      expect(await silent.failed()).toMatchObject({ by: 'transport' });
      expect([count(peer, /^INVITE/), invite.failures]).toEqual([sent, []]);
      peer.reply(asked, '486 Busy Here', 'raw');
      expect(await invite.failed()).toMatchObject({ sipCode: 486 });
    });

    it('acknowledges each repetition of a refusal in the words of 17.1.1.3, until timer D', async () => {
      const { near, peer, invite, asked } = await inviting();
      peer.reply(asked, '486 Busy Here', 'raw');
      await invite.failed();
      const ack = await peer.next(/^ACK/);
      for (const name of ['Via', 'From', 'Call-ID']) expect(headerIn(ack, name)).toBe(headerIn(asked, name));
      expect([headerIn(ack, 'CSeq'), headerIn(ack, 'To'), ack.split('\r\n', 1)[0]]).toEqual(['1 ACK', `${headerIn(asked, 'To')};tag=raw`, asked.split('\r\n', 1)[0]?.replace('INVITE', 'ACK')]);
      peer.reply(asked, '486 Busy Here', 'raw');
      await until('another ACK', () => count(peer, /^ACK/) === 2);
      expect(invite.failures).toHaveLength(1);
      await ended(near);
      peer.reply(asked, '486 Busy Here', 'raw');
      await until('a response that nobody awaits', () => near.stack.stats.dropped > 0);
      expect(count(peer, /^ACK/)).toBe(2);
    });

    it('hands on each 2xx while it is Accepted, for its ACK, until timer M (RFC 6026 7.2)', async () => {
      const { near, peer, invite, asked } = await inviting();
      peer.reply(asked, '200 OK', 'raw', '', ANSWER);
      await invite.answered();
      for (let repetition = 2; repetition <= 3; repetition++) {
        peer.reply(asked, '200 OK', 'raw', '', ANSWER);
        await until('its ACK', () => count(peer, /^ACK/) === repetition);
      }
      // The ACK of a 2xx is a transaction of its own (13.2.2.4).
      const ack = await peer.next(/^ACK/);
      expect(headerIn(ack, 'Via')).not.toBe(headerIn(asked, 'Via'));
      await ended(near);
      peer.reply(asked, '200 OK', 'raw', '', ANSWER);
      await until('a response that nobody awaits', () => near.stack.stats.dropped > 0);
      expect([count(peer, /^ACK/), invite.answers.length]).toEqual([3, 1]);
    });

    it('knows the 2xx again by its To tag, also by one that is no token', async () => {
      const { peer, invite, asked } = await inviting();
      peer.reply(asked, '200 OK', 'no token', '', ANSWER);
      await invite.answered();
      peer.reply(asked, '200 OK', 'no token', '', ANSWER);
      await until('its ACK', () => count(peer, /^ACK/) === 2);
      await settled(peer);
      expect(count(peer, /^BYE/)).toBe(0);
    });

    it('takes no response with two Vias, nor one of another branch or method (8.1.3.3, 17.1.3)', async () => {
      const { near, peer, invite, asked } = await inviting();
      const refusal = (via: string, method = 'INVITE'): void => peer.send(
        `SIP/2.0 603 Decline\r\nVia: ${via}\r\nFrom: ${headerIn(asked, 'From')}\r\nTo: ${headerIn(asked, 'To')};tag=x\r\nCall-ID: out\r\nCSeq: 1 ${method}\r\nContent-Length: 0\r\n\r\n`,
      );
      const via = headerIn(asked, 'Via');
      refusal(`${via}\r\nVia: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKsecond`);
      refusal(`${via}, SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKsecond`);
      refusal(via.replace(/branch=z9hG4bK/, 'branch=z9hG4bKx'));
      refusal(via, 'BYE');
      await until('all four to be dropped', () => near.stack.stats.dropped === 4);
      peer.reply(asked, '486 Busy Here', 'raw');
      expect(await invite.failed()).toMatchObject({ sipCode: 486 });
    });
  });

  describe('of another request of ours (17.1.2)', () => {
    it('sends it again, the same bytes, until timer F (timers E and F)', async () => {
      const { near, peer } = await setUp();
      const result = near.stack.options({ host: '127.0.0.1', port: peer.port, transport: 'udp' }, 60_000);
      expect(await result).toEqual({ reachable: false, error: 'no answer to OPTIONS (timer F)' });
      expect(peer.received.length).toBeGreaterThan(4);
      expect(peer.received.length).toBeLessThanOrEqual(11);
      expect(new Set(peer.received).size).toBe(1);
      await ended(near);
    });

    it('goes on sending after a 1xx, and absorbs what comes again until timer K', async () => {
      const { near, peer } = await setUp();
      const result = near.stack.options({ host: '127.0.0.1', port: peer.port, transport: 'udp' }, 60_000);
      const asked = await peer.next(/^OPTIONS/);
      peer.reply(asked, '100 Trying', '');
      const sent = peer.received.length;
      await until('a repetition', () => peer.received.length > sent + 1);
      peer.reply(asked, '200 OK', 'raw');
      expect(await result).toMatchObject({ reachable: true, code: 200 });
      peer.reply(asked, '200 OK', 'raw');
      await ended(near);
      peer.reply(asked, '200 OK', 'raw');
      await until('a response that nobody awaits', () => near.stack.stats.dropped > 0);
    });
  });

  describe('of an INVITE to us (17.2.1)', () => {
    it('repeats its last provisional response when the INVITE comes again, and is one call', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER });
      const call = await near.nextCall();
      call.ring();
      await peer.next(/^SIP\/2.0 180/);
      peer.request('INVITE', { branch: 'in', body: OFFER });
      await until('the 180 again', () => count(peer, /^SIP\/2.0 180/) === 2);
      expect(near.incoming).toHaveLength(1);
      call.reject(486);
    });

    it('repeats a refusal until its ACK (timer G), and absorbs what comes late (timer I)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER });
      (await near.nextCall()).reject(486);
      const refusal = await peer.next(/^SIP\/2.0 486/);
      await until('repetitions', () => count(peer, /^SIP\/2.0 486/) >= 3);
      peer.request('ACK', { branch: 'in', to: headerIn(refusal, 'To') });
      peer.request('ACK', { branch: 'in', to: headerIn(refusal, 'To') });
      peer.request('INVITE', { branch: 'in', body: OFFER });
      await ended(near);
      expect([near.incoming.length, new Set(peer.received.filter((each) => each.startsWith('SIP/2.0 486'))).size]).toEqual([1, 1]);
    });

    it('gives a refusal up that nobody acknowledges (timer H)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER });
      (await near.nextCall()).reject(486);
      await ended(near);
      expect(count(peer, /^SIP\/2.0 486/)).toBeGreaterThan(4);
    });

    it('absorbs the INVITE of an answered call until timer L, and lets the 2xx be repeated by the call (RFC 6026 7.1)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER });
      const answered = (await near.nextCall()).answer(ANSWER);
      const ok = await peer.next(/^SIP\/2.0 200/);
      await until('the 200 again', () => count(peer, /^SIP\/2.0 200/) >= 2);
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      await answered;
      await settled(peer);
      const oks = count(peer, /^SIP\/2.0 200/);
      peer.request('INVITE', { branch: 'in', body: OFFER });
      await ended(near);
      expect([near.incoming.length, count(peer, /^SIP\/2.0 200/), near.stack.stats.dialogs]).toEqual([1, oks, 1]);
    });

    it('answers CANCEL 200 with the To tag of the INVITE and the INVITE 487; 481 where there is none, and nothing changes after the 2xx (9.2)', async () => {
      const { near, peer } = await setUp();
      peer.request('CANCEL', { branch: 'none' });
      await peer.next(/^SIP\/2.0 481[^]*CANCEL/);
      peer.request('INVITE', { branch: 'in', body: OFFER });
      (await near.nextCall()).ring();
      peer.request('CANCEL', { branch: 'in' });
      const [ok, gone] = [await peer.next(/^SIP\/2.0 200[^]*CSeq: 1 CANCEL/), await peer.next(/^SIP\/2.0 487/)];
      expect(headerIn(ok, 'To')).toBe(headerIn(gone, 'To'));
      peer.request('ACK', { branch: 'in', to: headerIn(gone, 'To') });
      peer.request('INVITE', { branch: 'in2', callId: 'second', body: OFFER });
      const answered = (await near.nextCall()).answer(ANSWER);
      const answer = await peer.next(/^SIP\/2.0 200[^]*Call-ID: second/);
      peer.request('CANCEL', { branch: 'in2', callId: 'second' });
      await peer.next(/^SIP\/2.0 200[^]*Call-ID: second[^]*CANCEL/);
      peer.request('ACK', { branch: 'ack', callId: 'second', to: headerIn(answer, 'To') });
      await answered;
      expect(near.stack.stats.dialogs).toBe(1);
    });
  });

  describe('of another request to us (17.2.2)', () => {
    it('answers a repetition with the same bytes until timer J, and judges it anew then', async () => {
      const { near, peer } = await setUp();
      peer.request('OPTIONS', { branch: 'in' });
      peer.request('OPTIONS', { branch: 'in' });
      await until('both answers', () => peer.received.length === 2);
      expect(new Set(peer.received).size).toBe(1);
      await ended(near);
      peer.request('OPTIONS', { branch: 'in' });
      await until('a new answer', () => new Set(peer.received).size === 2);
    });

    it('that is refused without one gets the same answer each time (8.2.7)', async () => {
      const { near, peer } = await setUp();
      for (let time = 0; time < 2; time++) peer.request('OPTIONS', { branch: 'in', lines: 'Require: nonsense\r\n' });
      await until('both refusals', () => peer.received.length === 2);
      expect([new Set(peer.received).size, near.stack.stats.transactions]).toEqual([1, 0]);
      peer.request('OPTIONS', { branch: 'other', lines: 'Require: nonsense\r\n' });
      await until('another', () => new Set(peer.received.map((each) => headerIn(each, 'To'))).size === 2);
    });
  });

  describe('on a stream', () => {
    const stream = (port: number): { socket: Socket; readonly text: string } => {
      const socket = connect(port, '127.0.0.1');
      const state = { socket, text: '' };
      socket.on('data', (chunk: Buffer) => (state.text += chunk.toString('latin1')));
      open.push(socket);
      return state;
    };
    const request = (method: string, to = '<sip:55@127.0.0.1>'): string =>
      `${method} sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:9;branch=z9hG4bKin\r\nMax-Forwards: 70\r\nFrom: <sip:11@127.0.0.1>;tag=t\r\nTo: ${to}\r\nCall-ID: t\r\nCSeq: 1 ${method}\r\nContact: <sip:t@127.0.0.1:9;transport=tcp>\r\nContent-Length: 0\r\n\r\n`;

    it('repeats no refusal and ends with its ACK; a 2xx is repeated all the same (timers G and I are 0; 13.3.1.4)', async () => {
      const { near } = await setUp();
      const peer = stream(near.address.port);
      peer.socket.write(request('INVITE'));
      (await near.nextCall()).reject(486);
      await until('the refusal', () => peer.text.includes('SIP/2.0 486'));
      // Another call's 200 comes three times meanwhile.
      peer.socket.write(request('INVITE').replace('Call-ID: t', 'Call-ID: u').replace('bKin', 'bKin2'));
      const answered = (await near.nextCall()).answer(OFFER);
      answered.catch(() => undefined);
      await until('the 200s', () => peer.text.split('SIP/2.0 200').length > 3);
      expect(peer.text.split('SIP/2.0 486')).toHaveLength(2);
      const before = near.stack.stats.transactions;
      peer.socket.write(request('ACK'));
      await until('the end of the first', () => near.stack.stats.transactions === before - 1);
    });

    it('ends with its final response (timers D, J and K are 0)', async () => {
      const { near } = await setUp();
      const far = await rig.party(createNativeSipStack, { t1Ms: 60_000 });
      expect(await near.stack.options({ ...far.address, transport: 'tcp' }, 10_000)).toMatchObject({ reachable: true });
      const invite = new RecordedInvite(far.stack, { uri: near.uri('1'), transport: 'tcp', from: { user: '2' }, sipCallId: 'tcp', body: OFFER });
      (await near.nextCall()).reject(486);
      await invite.failed();
      // With 64*T1 of more than an hour nothing is left.
      await ended(far);
    });
  });
});
