import { connect, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { headerIn } from '../contract/raw-peer.ts';
import type { RawPeer } from '../contract/raw-peer.ts';
import { RawSetting } from '../contract/raw-setting.ts';
import { ANSWER, HOLD, OFFER, RecordedCall, RecordedInvite, until } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { createNativeSipStack } from './stack.ts';

/** Where the requests of a dialog go: route sets, targets that move, connections that are lost. */
describe('a dialog', () => {
  const setting = new RawSetting();
  afterEach(() => setting.close());

  describe('in a dialog with a route set (RFC 3261 12.1, 12.2.1.1)', () => {
    // Both lead to the raw peer: the first hop of the route is where the request goes.
    const routes = (peer: RawPeer, more: string): string => `Record-Route: <sip:127.0.0.1:${peer.port}${more}>, <sip:p2@192.0.2.2;lr>\r\nRecord-Route: <sip:p1@192.0.2.1;lr>\r\n`;

    it('routes loosely as the callee: in the order it came, the target in the Request-URI', async () => {
      const { near, peer } = await setting.setUp();
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
      const { near, peer } = await setting.setUp();
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
      const { near, peer } = await setting.setUp();
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
      const { near, peer } = await setting.setUp();
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
    const movedPeer = (near: Party): Promise<RawPeer> => setting.peer(near.address.port);
    const contactAt = (message: string, peer: RawPeer, moved: RawPeer): string => message.replace(`raw@127.0.0.1:${peer.port}`, `moved@127.0.0.1:${moved.port}`);

    it.each(['INVITE', 'UPDATE'])('by the %s of the peer, once it is answered 2xx', async (method) => {
      const { near, peer, to, callee } = await setting.answered();
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
      const { near, peer, callee } = await setting.answered();
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

  describe('with a transport that changes (RFC 3261 18)', () => {
    it('sends an INVITE that went to TCP for its size by UDP where nobody listens there (18.1.1)', async () => {
      const { near, peer } = await setting.setUp();
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
        setting.keep(socket);
        socket.on('data', (chunk: Buffer) => (heard.text += chunk.toString('latin1')));
      });
      setting.keep({ destroy: () => server.close() });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const { port } = server.address() as AddressInfo;
      const line = () => {
        const socket: Socket = connect(near.address.port, '127.0.0.1');
        setting.keep(socket);
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
      const near = await setting.rig.party(createNativeSipStack);
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
      const near = await setting.rig.party(createNativeSipStack);
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
