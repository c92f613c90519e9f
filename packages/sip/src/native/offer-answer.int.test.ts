import { afterEach, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { ANSWER, connected, HELD, HOLD, OFFER, RecordedCall, Rig, until } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { createNativeSipStack } from './stack.ts';

const OTHER = ANSWER.replace('40000', '40002');
const RELIABLE = 'Require: 100rel\r\nRSeq: 1\r\n';
const bodyOf = (message: string): string => message.slice(message.indexOf('\r\n\r\n') + 4);

/** Every place in which an offer or an answer may stand (RFC 3261 13.2.1 and 14, RFC 3262 5, RFC 3311 5; the table of RFC 6337 2.2). */
describe('offers and answers', () => {
  const rig = new Rig();
  const peers: RawPeer[] = [];
  afterEach(async () => {
    await rig.close();
    for (const peer of peers.splice(0)) peer.close();
  });
  const setUp = async (): Promise<{ near: Party; peer: RawPeer }> => {
    const near = await rig.party(createNativeSipStack);
    const peer = new RawPeer();
    peers.push(peer);
    return { near, peer: await peer.open(near.address.port) };
  };

  describe('of a call of ours', () => {
    const called = async (offer: string | undefined, events: { answerOffer?(sdp: string): string; reoffer?(sdp: string): string } = {}) => {
      const { near, peer } = await setUp();
      const answers: { readonly call: RecordedCall; readonly body: string }[] = [];
      near.stack.invite({
        uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'out', ...(offer === undefined ? {} : { body: offer }),
        events: { ...events, answered: (call, body) => void answers.push({ call: new RecordedCall(call), body }), failed: () => undefined },
      });
      return { near, peer, invite: await peer.next(/^INVITE/), answered: () => until('the answer', () => answers[0]) };
    };

    it('are over with a reliable 183: a 200 without SDP is taken, and one with another SDP changes nothing', async () => {
      for (const late of ['', OTHER]) {
        const { peer, invite, answered } = await called(OFFER);
        peer.reply(invite, '183 Session Progress', 'raw', RELIABLE, ANSWER);
        const prack = await peer.next(/^PRACK/);
        expect([headerIn(prack, 'RAck'), bodyOf(prack)]).toEqual(['1 1 INVITE', '']);
        peer.reply(prack, '200 OK', 'raw');
        peer.reply(invite, '200 OK', 'raw', '', late);
        const { body } = await answered();
        expect(body).toBe(ANSWER);
        expect(bodyOf(await peer.next(/^ACK/))).toBe('');
      }
    });

    it('take the answer of an unreliable 183 where the 200 has none, and that of the 200 where it has one', async () => {
      for (const [late, expected] of [['', ANSWER], [OTHER, OTHER]] as const) {
        const { peer, invite, answered } = await called(OFFER);
        peer.reply(invite, '183 Session Progress', 'raw', '', ANSWER);
        peer.reply(invite, '200 OK', 'raw', '', late);
        expect((await answered()).body).toBe(expected);
      }
    });

    it('answer the offer of a reliable 183 in its PRACK, and put none into the ACK', async () => {
      const offers: string[] = [];
      const { peer, invite, answered } = await called(undefined, { answerOffer: (sdp) => (offers.push(sdp), HELD) });
      expect(bodyOf(invite)).toBe('');
      peer.reply(invite, '183 Session Progress', 'raw', RELIABLE, OFFER);
      const prack = await peer.next(/^PRACK/);
      expect([headerIn(prack, 'Content-Type'), bodyOf(prack)]).toEqual(['application/sdp', HELD]);
      peer.reply(prack, '200 OK', 'raw');
      peer.reply(invite, '200 OK', 'raw');
      expect(bodyOf(await peer.next(/^ACK/))).toBe('');
      expect([offers, (await answered()).body]).toEqual([[OFFER], OFFER]);
    });

    it('take the next offer by UPDATE before the call is answered, which the 200 keeps', async () => {
      const offers: string[] = [];
      const { peer, invite, answered } = await called(OFFER, { reoffer: (sdp) => (offers.push(sdp), HELD) });
      const update = (cseq: number, body: string): void => {
        peer.request('UPDATE', { branch: `u${cseq}`, callId: 'out', cseq, to: headerIn(invite, 'From'), body });
      };
      peer.reply(invite, '183 Session Progress', 'raw', RELIABLE, ANSWER);
      peer.reply(await peer.next(/^PRACK/), '200 OK', 'raw');
      update(5, HOLD);
      const ok = await peer.next(/^SIP\/2.0 200[^]*CSeq: 5 UPDATE/);
      expect([bodyOf(ok), headerIn(ok, 'Contact')]).toEqual([HELD, expect.stringContaining('sip:ritmo@') as string]);
      // Out of order (RFC 3261 12.2.2), and one that only refreshes the target.
      update(4, OTHER);
      await peer.next(/^SIP\/2.0 500[^]*CSeq: 4 UPDATE/);
      update(6, '');
      expect(bodyOf(await peer.next(/^SIP\/2.0 200[^]*CSeq: 6 UPDATE/))).toBe('');
      peer.reply(invite, '200 OK', 'raw');
      expect([(await answered()).body, offers]).toEqual([HOLD, [HOLD]]);
      // The peer's numbers go on where its UPDATE left them.
      peer.request('BYE', { branch: 'b', callId: 'out', cseq: 6, to: headerIn(invite, 'From') });
      await peer.next(/^SIP\/2.0 500[^]*CSeq: 6 BYE/);
    });

    it('refuse with 488 what nobody listens for', async () => {
      const { peer, invite } = await called(OFFER);
      peer.reply(invite, '183 Session Progress', 'raw', RELIABLE, ANSWER);
      peer.reply(await peer.next(/^PRACK/), '200 OK', 'raw');
      peer.request('UPDATE', { branch: 'u', callId: 'out', to: headerIn(invite, 'From'), body: HOLD });
      await peer.next(/^SIP\/2.0 488[^]*UPDATE/);
    });

    it('are found in a part of a multipart body (RFC 5621)', async () => {
      const { peer, invite, answered } = await called(OFFER);
      const body = `--b\r\nContent-Type: application/isup;version=itu\r\nContent-Disposition: signal;handling=optional\r\n\r\n\x01\x02\r\n--b\r\nContent-Type: application/sdp\r\n\r\n${ANSWER}\r\n--b--\r\n`;
      peer.send(
        `SIP/2.0 200 OK\r\nVia: ${headerIn(invite, 'Via')}\r\nFrom: ${headerIn(invite, 'From')}\r\nTo: ${headerIn(invite, 'To')};tag=raw\r\nCall-ID: out\r\nCSeq: 1 INVITE\r\n` +
        `Contact: <sip:raw@127.0.0.1:${peer.port}>\r\nContent-Type: multipart/mixed;boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      expect((await answered()).body).toBe(ANSWER);
    });
  });

  describe('of a call to us', () => {
    const incoming = async (lines: string, body: string) => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body, lines });
      return { near, peer, call: await near.nextCall() };
    };
    const REQUIRED = 'Require: 100rel\r\n';
    const pracks = (peer: RawPeer, ringing: string, cseq: number, body = '', rack = `${headerIn(ringing, 'RSeq')} 1 INVITE`): void => {
      peer.request('PRACK', { branch: `p${cseq}`, cseq, to: headerIn(ringing, 'To'), lines: `RAck: ${rack}\r\n`, body });
    };

    it('ring reliably one after the other, and answer only behind the PRACK (RFC 3262 3)', async () => {
      const { peer, call } = await incoming(REQUIRED, OFFER);
      call.ring();
      const first = await peer.next(/^SIP\/2.0 180/);
      call.ring(ANSWER);
      const answered = call.answer(ANSWER);
      expect(peer.received.some((each) => each.startsWith('SIP/2.0 183') || each.startsWith('SIP/2.0 200'))).toBe(false);
      // RAck of another response or another request: 481, and the response is repeated.
      pracks(peer, first, 2, '', '99 1 INVITE');
      await peer.next(/^SIP\/2.0 481[^]*CSeq: 2 PRACK/);
      pracks(peer, first, 3, '', `${headerIn(first, 'RSeq')} 9 INVITE`);
      await peer.next(/^SIP\/2.0 481[^]*CSeq: 3 PRACK/);
      await until('a repetition', () => peer.received.filter((each) => each.startsWith('SIP/2.0 180')).length >= 2);
      pracks(peer, first, 4);
      await peer.next(/^SIP\/2.0 200[^]*CSeq: 4 PRACK/);
      const ok = await peer.next(/^SIP\/2.0 200[^]*CSeq: 1 INVITE/);
      expect(bodyOf(ok)).toBe(ANSWER);
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      await answered;
    });

    it('keep the 183 that came while a 180 waited for its PRACK, and number it next', async () => {
      const { peer, call } = await incoming(REQUIRED, OFFER);
      call.ring();
      const first = await peer.next(/^SIP\/2.0 180/);
      call.ring(ANSWER);
      pracks(peer, first, 2);
      const second = await peer.next(/^SIP\/2.0 183/);
      expect([Number(headerIn(second, 'RSeq')), bodyOf(second)]).toEqual([Number(headerIn(first, 'RSeq')) + 1, ANSWER]);
      pracks(peer, second, 3);
      // Settled: no second answer in the 2xx (RFC 3261 13.2.1).
      const answered = call.answer(OTHER);
      const ok = await peer.next(/^SIP\/2.0 200[^]*CSeq: 1 INVITE/);
      expect(bodyOf(ok)).toBe('');
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      await answered;
    });

    it('end with 504 when no PRACK comes', async () => {
      const near = await rig.party(createNativeSipStack, { t1Ms: 10 });
      const peer = new RawPeer();
      peers.push(await peer.open(near.address.port));
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: REQUIRED });
      (await near.nextCall()).ring();
      await peer.next(/^SIP\/2.0 504/);
      expect(peer.received.filter((each) => each.startsWith('SIP/2.0 180')).length).toBeGreaterThan(3);
    });

    it('are made in a reliable 183 to an INVITE without one, and answered in the PRACK (RFC 3262 5)', async () => {
      const { peer, call } = await incoming(REQUIRED, '');
      // Without SDP it may not go out: the first reliable response must have the offer.
      call.ring();
      call.ring(OFFER);
      const ringing = await peer.next(/^SIP\/2.0 183/);
      expect(peer.received.filter((each) => each.startsWith('SIP/2.0 180'))).toEqual([]);
      pracks(peer, ringing, 2, HELD);
      expect(bodyOf(await peer.next(/^SIP\/2.0 200[^]*PRACK/))).toBe('');
      const answered = call.answer(OFFER);
      const ok = await peer.next(/^SIP\/2.0 200[^]*CSeq: 1 INVITE/);
      expect(bodyOf(ok)).toBe('');
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      const callee = new RecordedCall(await answered);
      await until('the answer', () => callee.answers[0] === HELD);
    });

    it.each(['PRACK', 'UPDATE'])('come again with %s once the 183 settled the first, and are answered in its 200', async (method) => {
      const { peer, call } = await incoming(REQUIRED, OFFER);
      const offers: string[] = [];
      call.onOffer?.((sdp) => (offers.push(sdp), HELD));
      call.ring(ANSWER);
      const ringing = await peer.next(/^SIP\/2.0 183/);
      if (method === 'PRACK') pracks(peer, ringing, 2, HOLD);
      else {
        pracks(peer, ringing, 2);
        await peer.next(/^SIP\/2.0 200[^]*CSeq: 2 PRACK/);
        peer.request('UPDATE', { branch: 'u', cseq: 3, to: headerIn(ringing, 'To'), body: HOLD });
      }
      const ok = await peer.next(new RegExp(`^SIP/2.0 200[^]*CSeq: ${method === 'PRACK' ? 2 : 3} ${method}`));
      expect([bodyOf(ok), offers]).toEqual([HELD, [HOLD]]);
      call.reject(486);
      await peer.next(/^SIP\/2.0 486/);
    });

    it('of a PRACK get what was agreed, and of an UPDATE 488, where nobody listens', async () => {
      const { peer, call } = await incoming(REQUIRED, OFFER);
      call.ring(ANSWER);
      const ringing = await peer.next(/^SIP\/2.0 183/);
      pracks(peer, ringing, 2, HOLD);
      expect(bodyOf(await peer.next(/^SIP\/2.0 200[^]*PRACK/))).toBe(ANSWER);
      peer.request('UPDATE', { branch: 'u', cseq: 3, to: headerIn(ringing, 'To'), body: HOLD });
      await peer.next(/^SIP\/2.0 488[^]*UPDATE/);
      call.reject(486);
    });

    it('are read from a part of a multipart body, and an INVITE with parts but no SDP is 415 (RFC 5621)', async () => {
      const { near, peer } = await setUp();
      const parts = (type: string): string => `--b\r\nContent-Type: text/plain\r\nContent-Disposition: render;handling=optional\r\n\r\nhello\r\n--b\r\nContent-Type: ${type}\r\n\r\n${OFFER}\r\n--b--\r\n`;
      const send = (branch: string, body: string): void => peer.send(
        `INVITE sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${branch};rport\r\nFrom: <sip:11@127.0.0.1>;tag=1\r\nTo: <sip:55@127.0.0.1>\r\nCall-ID: ${branch}\r\nCSeq: 1 INVITE\r\n` +
        `Contact: <sip:raw@127.0.0.1:${peer.port}>\r\nContent-Type: multipart/mixed;boundary=b\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      );
      send('with', parts('application/sdp'));
      const call = await near.nextCall();
      expect(call.body).toBe(OFFER);
      call.reject(486);
      send('without', parts('application/pidf+xml'));
      expect(headerIn(await peer.next(/^SIP\/2.0 415[^]*Call-ID: without/), 'Accept')).toBe('application/sdp');
    });

    it('that is not for us to understand is left alone where the caller says so (RFC 3261 20.11)', async () => {
      const { near, peer } = await setUp();
      const send = (branch: string, disposition: string): void => peer.send(
        `INVITE sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bK${branch};rport\r\nFrom: <sip:11@127.0.0.1>;tag=1\r\nTo: <sip:55@127.0.0.1>\r\nCall-ID: ${branch}\r\nCSeq: 1 INVITE\r\n` +
        `Contact: <sip:raw@127.0.0.1:${peer.port}>\r\nContent-Type: application/isup\r\n${disposition}Content-Length: 2\r\n\r\nxy`,
      );
      send('required', '');
      await peer.next(/^SIP\/2.0 415[^]*Call-ID: required/);
      send('optional', 'Content-Disposition: signal;handling=optional\r\n');
      const call = await near.nextCall();
      expect(call.body).toBe('');
      call.reject(486);
    });
  });

  describe('inside a call', () => {
    it('a re-INVITE without SDP is offered what a new call would be, not the answer to the hold before (14.2)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER });
      const answering = (await near.nextCall()).answer(ANSWER);
      const to = headerIn(await peer.next(/^SIP\/2.0 200/), 'To');
      peer.request('ACK', { branch: 'ack', to });
      const answers: string[] = [];
      const call = await answering;
      call.listen({ ended: () => undefined, reoffer: () => HELD, offer: () => OTHER, reanswer: (sdp) => void answers.push(sdp) });
      peer.request('INVITE', { branch: 'hold', cseq: 2, to, body: HOLD });
      expect(bodyOf(await peer.next(/^SIP\/2.0 200[^]*CSeq: 2 INVITE/))).toBe(HELD);
      peer.request('ACK', { branch: 'ack2', cseq: 2, to });
      peer.request('INVITE', { branch: 'resume', cseq: 3, to });
      expect(bodyOf(await peer.next(/^SIP\/2.0 200[^]*CSeq: 3 INVITE/))).toBe(OTHER);
      // Our offer waits for its answer: another of the peer is glare (RFC 3311 5.2).
      peer.request('UPDATE', { branch: 'early', cseq: 4, to, body: HOLD });
      await peer.next(/^SIP\/2.0 491[^]*CSeq: 4 UPDATE/);
      peer.request('ACK', { branch: 'ack3', cseq: 3, to, body: ANSWER });
      await until('the answer', () => answers[0] === ANSWER);
      peer.request('UPDATE', { branch: 'now', cseq: 5, to, body: HOLD });
      await peer.next(/^SIP\/2.0 200[^]*CSeq: 5 UPDATE/);
    });

    it.each(['UPDATE', 'INVITE'])('one by %s that came too early is made again when the 500 says so (14.2, RFC 3311 5.2)', async (method) => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: method === 'UPDATE' ? 'Allow: INVITE, ACK, BYE, UPDATE\r\n' : '' });
      const answering = (await near.nextCall()).answer(ANSWER);
      peer.request('ACK', { branch: 'ack', to: headerIn(await peer.next(/^SIP\/2.0 200/), 'To') });
      const callee = new RecordedCall(await answering);
      const held = callee.call.update(HOLD);
      peer.reply(await peer.next(new RegExp(`^${method}`)), '500 Server Internal Error', 'x', 'Retry-After: 0\r\n');
      peer.reply(await peer.next(new RegExp(`^${method}[^]*CSeq: 2 ${method}`)), '200 OK', 'x', '', HELD);
      expect(await held).toBe(HELD);
      // Without a time it is a refusal.
      const again = callee.call.update(OFFER);
      peer.reply(await peer.next(new RegExp(`^${method}[^]*CSeq: 3 ${method}`)), '500 Server Internal Error', 'x');
      await expect(again).rejects.toThrow('500');
      expect(callee.ends).toEqual([]);
    });

    it('one that is refused leaves the session as it was (14.1)', async () => {
      const [near, far] = [await rig.party(createNativeSipStack), await rig.party(createNativeSipStack)];
      const { caller, callee } = await connected(near, far);
      callee.call.listen({ ended: (end) => void callee.ends.push(end), reoffer: () => { throw new Error('no codec in common'); } });
      await expect(caller.call.reinvite(HOLD)).rejects.toThrow('488');
      await expect(caller.call.update(HOLD)).rejects.toThrow('488');
      expect([caller.ends, callee.ends]).toEqual([[], []]);
      caller.call.hangup();
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });
  });
});
