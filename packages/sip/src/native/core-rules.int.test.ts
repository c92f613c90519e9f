import { createServer, connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { ANSWER, HOLD, OFFER, RecordedCall, RecordedInvite, Rig, until } from '../contract/rig.ts';
import type { Party, PartyOptions } from '../contract/rig.ts';
import { createNativeSipStack } from './stack.ts';

const bodyOf = (message: string): string => message.slice(message.indexOf('\r\n\r\n') + 4);

/** Rules of the user agent core that a peer sees, each with its section. */
describe('the user agent core', () => {
  const rig = new Rig();
  const open: { destroy(): void }[] = [];
  afterEach(async () => {
    await rig.close();
    for (const each of open.splice(0)) each.destroy();
  });
  const setUp = async (options: PartyOptions = {}): Promise<{ near: Party; peer: RawPeer }> => {
    const near = await rig.party(createNativeSipStack, options);
    const peer = new RawPeer();
    open.push({ destroy: () => peer.close() });
    return { near, peer: await peer.open(near.address.port) };
  };
  /** A call of the raw peer that we answered. `to` has our tag. */
  const answered = async (options: PartyOptions = {}, lines = '') => {
    const { near, peer } = await setUp(options);
    peer.request('INVITE', { branch: 'in', body: OFFER, lines });
    const answering = (await near.nextCall()).answer(ANSWER);
    const ok = await peer.next(/^SIP\/2.0 200/);
    const to = headerIn(ok, 'To');
    peer.request('ACK', { branch: 'ack', to });
    return { near, peer, to, ok, callee: new RecordedCall(await answering, () => ANSWER) };
  };

  describe('for a request', () => {
    it('copies Timestamp into its 100 (RFC 3261 8.2.6.1)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: 'Timestamp: 54.21\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 100/), 'Timestamp')).toBe('54.21');
      (await near.nextCall()).reject(486);
    });

    it('ends an INVITE with 487 when its Expires has passed (13.3.1)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: 'Expires: 1\r\n' });
      const incoming = await near.nextCall();
      const ends: unknown[] = [];
      incoming.onCancel((end) => void ends.push(end));
      incoming.ring();
      await peer.next(/^SIP\/2.0 487/);
      expect(ends).toEqual([{ by: 'timeout', sipCode: 487, reasonPhrase: 'the invitation expired' }]);
      await expect(incoming.answer(ANSWER)).rejects.toThrow();
    });

    it('answers one that was answered in time as if it had no Expires', async () => {
      const { callee, near, peer, to } = await answered({}, 'Expires: 1\r\n');
      // The second of another INVITE passes meanwhile.
      peer.request('INVITE', { branch: 'other', callId: 'other', body: OFFER, lines: 'Expires: 1\r\n' });
      (await near.nextCall()).ring();
      await peer.next(/^SIP\/2.0 487[^]*Call-ID: other/);
      expect(callee.ends).toEqual([]);
      peer.request('BYE', { branch: 'bye', cseq: 2, to });
      expect(await callee.ended()).toMatchObject({ by: 'remote', sipCode: 200 });
    });

    it('names in 420 what Require asked for, and leaves Proxy-Require to proxies (8.2.2.3)', async () => {
      const { peer } = await setUp();
      peer.request('OPTIONS', { branch: 'proxy', callId: 'proxy', lines: 'Proxy-Require: foo, bar\r\n' });
      await peer.next(/^SIP\/2.0 200[^]*Call-ID: proxy/);
      peer.request('OPTIONS', { branch: 'both', callId: 'both', lines: 'Proxy-Require: foo\r\nRequire: timer, one, two\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 420/), 'Unsupported')).toBe('one, two');
    });

    it('says 405 with Allow to MESSAGE, and 489 to an event other than refer, inside a call (8.2.1, RFC 6665 8.2.1)', async () => {
      const { peer, to, callee } = await answered();
      peer.request('MESSAGE', { branch: 'm', cseq: 2, to });
      expect(headerIn(await peer.next(/^SIP\/2.0 405/), 'Allow')).toContain('NOTIFY');
      peer.request('NOTIFY', { branch: 'n', cseq: 3, to, lines: 'Event: message-summary\r\nSubscription-State: active\r\n' });
      expect(headerIn(await peer.next(/^SIP\/2.0 489/), 'Allow-Events')).toBe('refer');
      expect(callee.ends).toEqual([]);
    });

    it('gives its refusals a To tag, also to a version that it does not speak (8.2.6.2, 21.5.6)', async () => {
      const { peer } = await setUp();
      peer.send(`OPTIONS sip:x SIP/3.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKv;rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: v\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`);
      expect(headerIn(await peer.next(/^SIP\/2.0 505/), 'To')).toMatch(/;tag=[0-9a-f]{16}$/);
    });
  });

  it('answers new calls 503 with Retry-After while the process is overloaded, and goes on with what it began (RFC 3261 21.5.4)', async () => {
    const { near, peer, to, callee } = await answered();
    let serial = 0;
    let refused: string | undefined;
    for (let round = 0; round < 60 && refused === undefined; round++) {
      // Ten times a second it is looked at whether the process comes to its turn: it hardly ever does.
      for (const endMs = performance.now() + 220; performance.now() < endMs;);
      for (let call = 0; call < 20; call++) peer.request('INVITE', { branch: `o${++serial}`, callId: `o${serial}`, fromTag: `o${serial}`, body: OFFER });
      for (const incoming of near.incoming.splice(1)) incoming.reject(480);
      for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
      refused = peer.received.find((each) => each.startsWith('SIP/2.0 503'));
    }
    refused ??= 'no 503 at all';
    expect(refused.slice(0, 11)).toBe('SIP/2.0 503');
    expect(Number(headerIn(refused, 'Retry-After'))).toBeGreaterThan(0);
    peer.request('BYE', { branch: 'bye', cseq: 2, to });
    await peer.next(/^SIP\/2.0 200[^]*CSeq: 2 BYE/);
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
  });

  describe('in a dialog with a route set (RFC 3261 12.1, 12.2.1.1)', () => {
    // Both lead to the raw peer: the first hop of the route is where the request goes.
    const routes = (peer: RawPeer, more: string): string => `Record-Route: <sip:127.0.0.1:${peer.port}${more}>, <sip:p2@192.0.2.2;lr>\r\nRecord-Route: <sip:p1@192.0.2.1;lr>\r\n`;

    it('routes loosely as the callee: in the order it came, the target in the Request-URI', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: routes(peer, ';lr') });
      const answering = (await near.nextCall()).answer(ANSWER);
      const ok = await peer.next(/^SIP\/2.0 200/);
      expect(ok.match(/^Record-Route: .*$/gim)).toEqual([`Record-Route: <sip:127.0.0.1:${peer.port};lr>, <sip:p2@192.0.2.2;lr>`, 'Record-Route: <sip:p1@192.0.2.1;lr>']);
      peer.request('ACK', { branch: 'ack', to: headerIn(ok, 'To') });
      (await answering).hangup();
      const bye = await peer.next(/^BYE/);
      expect(bye.split('\r\n', 1)[0]).toBe(`BYE sip:raw@127.0.0.1:${peer.port} SIP/2.0`);
      expect(headerIn(bye, 'Route')).toBe(`<sip:127.0.0.1:${peer.port};lr>, <sip:p2@192.0.2.2;lr>, <sip:p1@192.0.2.1;lr>`);
      peer.reply(bye, '200 OK', 'x');
    });

    it('sends to the maddr of the first hop where it has one (RFC 3263 4)', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: `Record-Route: <sip:proxy.invalid:${peer.port};maddr=127.0.0.1;lr>\r\n` });
      const answering = (await near.nextCall()).answer(ANSWER);
      peer.request('ACK', { branch: 'ack', to: headerIn(await peer.next(/^SIP\/2.0 200/), 'To') });
      const callee = await answering;
      expect(callee.snapshot().destination).toEqual({ host: '127.0.0.1', port: peer.port, transport: 'udp' });
      peer.request('INVITE', { branch: 'in2', callId: 'second', body: OFFER, lines: 'Record-Route: <sip:192.0.2.77:5099;maddr=127.0.0.9;lr>\r\n' });
      const other = (await near.nextCall()).answer(ANSWER);
      peer.request('ACK', { branch: 'ack2', callId: 'second', to: headerIn(await peer.next(/^SIP\/2.0 200[^]*Call-ID: second/), 'To') });
      expect((await other).snapshot().destination).toEqual({ host: '127.0.0.9', port: 5_099, transport: 'udp' });
    });

    it('gives a strict first hop the Request-URI, and the target the end of the route', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'in', body: OFFER, lines: routes(peer, '') });
      const answering = (await near.nextCall()).answer(ANSWER);
      peer.request('ACK', { branch: 'ack', to: headerIn(await peer.next(/^SIP\/2.0 200/), 'To') });
      (await answering).hangup();
      const bye = await peer.next(/^BYE/);
      expect(bye.split('\r\n', 1)[0]).toBe(`BYE sip:127.0.0.1:${peer.port} SIP/2.0`);
      expect(headerIn(bye, 'Route')).toBe(`<sip:p2@192.0.2.2;lr>, <sip:p1@192.0.2.1;lr>, <sip:raw@127.0.0.1:${peer.port}>`);
      peer.reply(bye, '200 OK', 'x');
    });

    it('routes as the caller in the opposite order, the ACK as well, and not what the 18x said but the 2xx (13.2.2.4)', async () => {
      const { near, peer } = await setUp();
      const invite = new RecordedInvite(near.stack, { uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'out', body: OFFER });
      const asked = await peer.next(/^INVITE/);
      peer.reply(asked, '180 Ringing', 'raw', 'Record-Route: <sip:old@192.0.2.9;lr>\r\n');
      peer.reply(asked, '200 OK', 'raw', `Record-Route: <sip:far@192.0.2.1;lr>\r\nRecord-Route: <sip:127.0.0.1:${peer.port};lr>\r\n`, ANSWER);
      const route = `<sip:127.0.0.1:${peer.port};lr>, <sip:far@192.0.2.1;lr>`;
      expect(headerIn(await peer.next(/^ACK/), 'Route')).toBe(route);
      (await invite.answered()).call.call.hangup();
      const bye = await peer.next(/^BYE/);
      expect(headerIn(bye, 'Route')).toBe(route);
      peer.reply(bye, '200 OK', 'x');
    });
  });

  describe('refreshes its target (RFC 3261 12.2, RFC 3311 5.1)', () => {
    const movedPeer = async (near: Party): Promise<RawPeer> => {
      const moved = new RawPeer();
      open.push({ destroy: () => moved.close() });
      return moved.open(near.address.port);
    };
    const contactAt = (message: string, peer: RawPeer, moved: RawPeer): string => message.replace(`raw@127.0.0.1:${peer.port}`, `moved@127.0.0.1:${moved.port}`);

    it.each(['INVITE', 'UPDATE'])('by the %s of the peer, once it is answered 2xx', async (method) => {
      const { near, peer, to, callee } = await answered();
      const moved = await movedPeer(near);
      const text = (cseq: number): string => contactAt(
        `${method} sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKr${cseq};rport\r\nMax-Forwards: 70\r\nFrom: <sip:11@127.0.0.1>;tag=raw\r\nTo: ${to}\r\nCall-ID: raw\r\n` +
        `CSeq: ${cseq} ${method}\r\nContact: <sip:raw@127.0.0.1:${peer.port}>\r\nContent-Type: application/sdp\r\nContent-Length: ${HOLD.length}\r\n\r\n${HOLD}`, peer, moved,
      );
      peer.send(text(2));
      await peer.next(new RegExp(`^SIP/2.0 200[^]*CSeq: 2 ${method}`));
      if (method === 'INVITE') peer.request('ACK', { branch: 'ack2', cseq: 2, to });
      callee.call.hangup();
      const bye = await moved.next(/^BYE sip:moved@/);
      moved.reply(bye, '200 OK', 'x');
      await callee.ended();
    });

    it('by the 2xx to a re-INVITE of ours', async () => {
      const { near, peer, callee } = await answered();
      const moved = await movedPeer(near);
      const held = callee.call.reinvite(HOLD);
      const again = await peer.next(/^INVITE/);
      peer.send(contactAt(
        `SIP/2.0 200 OK\r\nVia: ${headerIn(again, 'Via')}\r\nFrom: ${headerIn(again, 'From')}\r\nTo: ${headerIn(again, 'To')}\r\nCall-ID: raw\r\nCSeq: ${headerIn(again, 'CSeq')}\r\n` +
        `Contact: <sip:raw@127.0.0.1:${peer.port}>\r\nContent-Type: application/sdp\r\nContent-Length: ${ANSWER.length}\r\n\r\n${ANSWER}`, peer, moved,
      ));
      await held;
      await moved.next(/^ACK sip:moved@/);
      callee.call.hangup();
      moved.reply(await moved.next(/^BYE sip:moved@/), '200 OK', 'x');
      await callee.ended();
    });
  });

  describe('ends a call whose peer has lost the dialog (RFC 3261 12.2.1.2)', () => {
    it.each(['481 Call/Transaction Does Not Exist', '408 Request Timeout'])('as %s to its INFO says', async (status) => {
      const { peer, callee } = await answered();
      const sent = callee.call.info('application/dtmf-relay', 'Signal=1\r\n');
      peer.reply(await peer.next(/^INFO/), status, 'x');
      expect(await sent).toBe(false);
      expect(await callee.ended()).toMatchObject({ by: 'timeout' });
      await peer.next(/^BYE/);
    });

    it('but not when an INFO is merely refused', async () => {
      const { peer, callee } = await answered();
      const sent = callee.call.info('application/dtmf-relay', 'Signal=1\r\n');
      peer.reply(await peer.next(/^INFO/), '415 Unsupported Media Type', 'x');
      expect([await sent, callee.ends]).toEqual([false, []]);
    });
  });

  describe('with a REFER (RFC 3515 2.4.4)', () => {
    it('follows its 202 with a NOTIFY at once, whatever is known, and ends the subscription with the last', async () => {
      const { peer, to, callee } = await answered();
      peer.request('REFER', { branch: 'r', cseq: 2, to, lines: 'Refer-To: <sip:300@127.0.0.1>\r\n' });
      const progress = (await until('the REFER', () => callee.refers[0])).accept();
      await peer.next(/^SIP\/2.0 202/);
      const first = await peer.next(/^NOTIFY/);
      expect([headerIn(first, 'Event'), headerIn(first, 'Subscription-State'), bodyOf(first)]).toEqual(['refer;id=2', 'active;expires=60', 'SIP/2.0 100 Trying\r\n']);
      peer.reply(first, '200 OK', 'x');
      progress.trying();
      progress.failed(486);
      progress.succeeded();
      const last = await peer.next(/^NOTIFY[^]*486/);
      expect([headerIn(last, 'Subscription-State'), headerIn(last, 'Content-Type')]).toEqual(['terminated;reason=noresource', 'message/sipfrag;version=2.0']);
      peer.reply(last, '200 OK', 'x');
      expect(new Set(peer.received.filter((each) => each.startsWith('NOTIFY')).map((each) => headerIn(each, 'CSeq'))).size).toBe(2);
    });
  });

  describe('with a session timer, in an offer of its own (RFC 4028 7.4)', () => {
    it.each([
      ['uac', 'uas', 'INVITE', ''], ['uac', 'uas', 'UPDATE', 'Allow: INVITE, ACK, BYE, UPDATE\r\n'], ['uas', 'uac', 'INVITE', ''], ['uas', 'uac', 'UPDATE', 'Allow: INVITE, ACK, BYE, UPDATE\r\n'],
    ])('keeps the interval and who refreshes: the %s of the call is the %s of our %s', async (asked, kept, method, allow) => {
      const { peer, callee } = await answered({}, `Supported: timer\r\nSession-Expires: 600;refresher=${asked}\r\n${allow}`);
      const held = callee.call.update(HOLD);
      const offer = await peer.next(new RegExp(`^${method}`));
      expect([headerIn(offer, 'Session-Expires'), Number(headerIn(offer, 'Min-SE'))]).toEqual([`600;refresher=${kept}`, 90]);
      peer.reply(offer, '200 OK', 'x', `Session-Expires: 600;refresher=${kept}\r\n`, ANSWER);
      expect(await held).toBe(ANSWER);
    });

    it('goes on without one where the peer ends it', async () => {
      const { peer, callee } = await answered({ minSessionExpiresS: 1 }, 'Supported: timer\r\nSession-Expires: 3;refresher=uac\r\n');
      const held = callee.call.reinvite(HOLD);
      peer.reply(await peer.next(/^INVITE/), '200 OK', 'x', '', ANSWER);
      await held;
      // The interval of another call, whose peer promised to refresh, passes meanwhile.
      const other = await answered({ minSessionExpiresS: 1 }, 'Supported: timer\r\nSession-Expires: 3;refresher=uac\r\n');
      expect(await other.callee.ended()).toMatchObject({ by: 'timeout' });
      expect(callee.ends).toEqual([]);
    });
  });

  describe('as the refresher of a session (RFC 4028 10)', () => {
    const TIMER = 'Supported: timer\r\nSession-Expires: 3;refresher=uas\r\nAllow: INVITE, ACK, BYE, UPDATE\r\n';

    it('takes to re-INVITE where UPDATE turns out not to be taken', async () => {
      const { peer, callee } = await answered({ minSessionExpiresS: 1 }, TIMER);
      peer.reply(await peer.next(/^UPDATE/), '405 Method Not Allowed', 'x');
      peer.reply(await peer.next(/^INVITE/), '200 OK', 'x', 'Session-Expires: 3;refresher=uac\r\n', OFFER);
      await peer.next(/^ACK/);
      await peer.next(/^INVITE[^]*CSeq: 3 INVITE/);
      expect(callee.ends).toEqual([]);
    });

    it('asks for the longer interval that a 422 names', async () => {
      const { peer } = await answered({ minSessionExpiresS: 1 }, TIMER);
      peer.reply(await peer.next(/^UPDATE/), '422 Session Interval Too Small', 'x', 'Min-SE: 7\r\n');
      expect(headerIn(await peer.next(/^UPDATE[^]*CSeq: 2 UPDATE/), 'Session-Expires')).toBe('7;refresher=uac');
    });

    it('hangs up when the interval ends and every refresh was refused', async () => {
      const { peer, callee } = await answered({ minSessionExpiresS: 1 }, TIMER);
      const refusing = setInterval(() => {
        for (const update of peer.received.filter((each) => each.startsWith('UPDATE'))) peer.reply(update, '500 Server Internal Error', 'x');
      }, 20);
      open.push({ destroy: () => clearInterval(refusing) });
      expect(await callee.ended()).toEqual({ by: 'timeout', reasonPhrase: 'session expired' });
      expect(peer.received.some((each) => each.startsWith('UPDATE'))).toBe(true);
      await peer.next(/^BYE/);
    });
  });

  describe('answers by datagram (RFC 3261 18.2.2, RFC 3581 4)', () => {
    const options = (branch: string, sentBy: string, more: string): string =>
      `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP ${sentBy};branch=z9hG4bK${branch}${more}\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: ${branch}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`;

    it('to the port of Via where there is no rport, and to the source where there is, which the answer names', async () => {
      const { near, peer } = await setUp();
      const other = new RawPeer();
      open.push({ destroy: () => other.close() });
      await other.open(near.address.port);
      peer.send(options('plain', `127.0.0.1:${other.port}`, ''));
      expect(headerIn(await other.next(/^SIP\/2.0 200/), 'Via')).not.toMatch(/rport|received/);
      // A name in the sent-by: where it really came from is added (18.2.1).
      peer.send(options('named', `phone.invalid:${other.port}`, ''));
      expect(headerIn(await other.next(/^SIP\/2.0 200[^]*Call-ID: named/), 'Via')).toContain(';received=127.0.0.1');
      peer.send(options('rport', `192.168.7.7:5999`, ';rport'));
      expect(headerIn(await peer.next(/^SIP\/2.0 200[^]*Call-ID: rport/), 'Via')).toBe(`SIP/2.0/UDP 192.168.7.7:5999;branch=z9hG4bKrport;rport=${peer.port};received=127.0.0.1`);
      expect([peer.received.length, other.received.length]).toEqual([1, 2]);
    });
  });

  describe('answers to nobody but who asked', () => {
    it('follows no maddr of a Via: a stranger could have our answers sent to another', async () => {
      const { near, peer } = await setUp();
      const victim = new RawPeer();
      open.push({ destroy: () => victim.close() });
      await victim.open(near.address.port, '127.0.0.66');
      peer.send(`OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.66:${victim.port};branch=z9hG4bKm;maddr=127.0.0.66\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: m\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`);
      peer.request('OPTIONS', { branch: 'behind' });
      await peer.next(/^SIP\/2.0 200/);
      expect([near.stack.stats.sent, victim.received]).toEqual([2, []]);
    });
  });

  describe('with a transport that changes (RFC 3261 18)', () => {
    it('sends an INVITE that went to TCP for its size by UDP where nobody listens there (18.1.1)', async () => {
      const { near, peer } = await setUp();
      const invite = new RecordedInvite(near.stack, {
        uri: `sip:55@127.0.0.1:${peer.port}`, from: { user: '11' }, sipCallId: 'large', body: OFFER, largeByTcp: true, headers: { 'X-Filler': 'x'.repeat(1_200) },
      });
      const asked = await peer.next(/^INVITE/);
      expect([headerIn(asked, 'Via').slice(0, 11), headerIn(asked, 'Contact').includes('transport'), headerIn(asked, 'CSeq')]).toEqual(['SIP/2.0/UDP', false, '2 INVITE']);
      peer.reply(asked, '486 Busy Here', 'raw');
      expect(await invite.failed()).toMatchObject({ sipCode: 486 });
    });

    /** A peer that listens on TCP, and the INVITE it sends on a connection of its own. */
    const streamPeer = async (near: Party) => {
      const heard = { text: '' };
      const server = createServer((socket) => {
        open.push(socket);
        socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString('latin1')));
      });
      open.push({ destroy: () => server.close() });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const line = () => {
        const socket: Socket = connect(near.address.port, '127.0.0.1');
        open.push(socket);
        let back = '';
        socket.on('data', (chunk: Buffer) => (back += chunk.toString('latin1')));
        const send = (method: string, to = '<sip:55@127.0.0.1>', cseq = 1): void => void socket.write(
          `${method} sip:55@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:${port};branch=z9hG4bK${method}\r\nMax-Forwards: 70\r\nFrom: <sip:11@127.0.0.1>;tag=t\r\nTo: ${to}\r\nCall-ID: gone\r\n` +
          `CSeq: ${cseq} ${method}\r\nContact: <sip:t@127.0.0.1:${port};transport=tcp>\r\nContent-Length: 0\r\n\r\n`,
        );
        const leave = async (): Promise<void> => {
          const gone = new Promise((resolve) => socket.once('close', resolve));
          socket.destroy();
          await gone;
        };
        return { send, leave, back: () => back };
      };
      const first = line();
      first.send('INVITE');
      return { heard, line, ...first };
    };

    it('answers on a new connection to the sent-by of a request whose connection is gone (18.2.2)', async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await streamPeer(near);
      const incoming = await near.nextCall();
      await peer.leave();
      // Until our side knows as well, what it writes is lost, and over TCP it is not sent again.
      await until('the answer on a connection of our own', () => {
        incoming.ring();
        return peer.heard.text.includes('SIP/2.0 180');
      });
      incoming.reject(486);
      await until('the refusal', () => peer.heard.text.includes('SIP/2.0 486'));
    });

    /** A call whose connection is gone, as our side knows. */
    const stranded = async () => {
      const near = await rig.party(createNativeSipStack);
      const peer = await streamPeer(near);
      const answering = (await near.nextCall()).answer(OFFER);
      const ok = await until('the 200', () => (peer.back().includes('SIP/2.0 200') ? peer.back() : undefined));
      const to = headerIn(ok.slice(ok.indexOf('SIP/2.0 200')), 'To');
      peer.send('ACK', to);
      const callee = new RecordedCall(await answering);
      const { port } = callee.call.snapshot().destination;
      await peer.leave();
      await until('our side to know', () => callee.call.snapshot().destination.port !== port);
      return { peer, to, callee };
    };

    it('sends the BYE of a dialog whose connection is gone to the Contact of the peer', async () => {
      const { peer, callee } = await stranded();
      callee.call.hangup();
      await until('the BYE', () => /^BYE sip:t@/m.test(peer.heard.text));
    });

    it('sends it on the connection by which the peer came back', async () => {
      const { peer, to, callee } = await stranded();
      const second = peer.line();
      second.send('UPDATE', to, 2);
      await until('its answer', () => second.back().includes('SIP/2.0 200'));
      callee.call.hangup();
      await until('the BYE', () => /^BYE sip:t@/m.test(second.back()));
      expect(peer.heard.text).toBe('');
    });
  });
});
