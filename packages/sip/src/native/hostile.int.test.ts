import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { headerIn, RawPeer } from '../contract/raw-peer.ts';
import { call, OFFER, Rig, until } from '../contract/rig.ts';
import type { Party, PartyOptions } from '../contract/rig.ts';
import { createNativeSipStack } from './stack.ts';

const EXTENSION: PartyOptions = {
  handlers: { classify: () => 'extension', credentialsOf: (user) => (user === '200' ? { username: '200', password: 'segredo' } : undefined) },
};

/** Hostile senders over real sockets: what they get, and that everybody else is served as before. */
describe('a hostile sender', () => {
  const rig = new Rig();
  const peers: RawPeer[] = [];
  const closing: (() => void)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0)) close();
    await rig.close();
    for (const peer of peers.splice(0)) peer.close();
  });
  const setUp = async (options: PartyOptions = {}): Promise<{ near: Party; peer: RawPeer }> => {
    const near = await rig.party(createNativeSipStack, options);
    const peer = new RawPeer();
    peers.push(peer);
    return { near, peer: await peer.open(near.address.port) };
  };
  /** The stack still answers. */
  const alive = async (peer: RawPeer): Promise<void> => {
    peer.request('OPTIONS', { branch: 'alive', callId: 'alive' });
    await peer.next(/^SIP\/2.0 200[^]*Call-ID: alive/);
  };

  describe('with a message beyond a limit', () => {
    const via = (count: number): string => `Via: ${new Array<string>(count).fill('SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKx').join(', ')}\r\n`;

    it.each([
      ['more than 200 header lines', 'X: y\r\n'.repeat(200)],
      ['a head of more than 16 KiB', `X: ${'y'.repeat(16_400)}\r\n`],
    ])('of %s is not heard', async (_name, lines) => {
      const { near, peer } = await setUp();
      peer.request('OPTIONS', { branch: 'big', lines });
      await alive(peer);
      expect(peer.received).toHaveLength(1);
      expect(near.stack.stats.parseErrors).toBe(1);
    });

    it('of more than 40 hops is told so', async () => {
      const { peer } = await setUp();
      peer.request('OPTIONS', { branch: 'far', lines: via(40) });
      expect(await peer.next(/^SIP\/2.0 400/)).toContain('bad Via');
      await alive(peer);
    });

    it('of a body that is longer than its Content-Length may say, or shorter than it says, gets 400 or 513 (RFC 3261 18.3)', async () => {
      const { peer } = await setUp();
      const head = (length: number): string =>
        `OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKb${length};rport\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: b${length}\r\nCSeq: 1 OPTIONS\r\nContent-Length: ${length}\r\n\r\n`;
      peer.send(head(10));
      await peer.next(/^SIP\/2.0 400[^]*Call-ID: b10/);
      peer.send(head(70_000));
      await peer.next(/^SIP\/2.0 513[^]*Call-ID: b70000/);
    });

    it('of a route set without end makes a dialog with a route set that has one', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'routes', body: OFFER, lines: `Record-Route: ${new Array<string>(60).fill('<sip:192.0.2.9;lr>').join(', ')}\r\n` });
      const answered = (await near.nextCall()).answer(OFFER);
      peer.request('ACK', { branch: 'ack', to: headerIn(await peer.next(/^SIP\/2.0 200/), 'To') });
      expect((await answered).snapshot().routeSet).toHaveLength(20);
    });

    it('of escapes within escapes is read one level deep', async () => {
      const { near, peer } = await setUp();
      peer.request('INVITE', { branch: 'nested', callId: 'nested', body: OFFER });
      const answered = (await near.nextCall()).answer(OFFER);
      const to = headerIn(await peer.next(/^SIP\/2.0 200/), 'To');
      peer.request('ACK', { branch: 'ack', callId: 'nested', to });
      const established = await answered;
      const targets: unknown[] = [];
      established.listen({ ended: () => undefined, referred: (request) => void targets.push(request.replaces ?? request.targetUser) });
      const deep = `%253C`.repeat(200);
      peer.request('REFER', { branch: 'deep', callId: 'nested', cseq: 2, to, lines: `Refer-To: <sip:${deep}@x?Replaces=%2541%3Bto-tag%3D%2542%3Bfrom-tag%3DC>\r\n` });
      await until('the REFER', () => targets.length === 1);
      expect(targets).toEqual([{ sipCallId: '%41', toTag: '%42', fromTag: 'C' }]);
    });
  });

  describe('who is unknown', () => {
    it.each(['INVITE', 'REGISTER', 'OPTIONS', 'CANCEL', 'BYE', 'ACK', 'NONSENSE'])('gets not a byte for %s by datagram', async (method) => {
      const { near, peer } = await setUp({ handlers: { classify: (_source, fromUser) => (fromUser === '11' ? 'unknown' : 'trunk') } });
      peer.request(method, { branch: 'a' });
      peer.request(method, { branch: 'b', to: '<sip:55@127.0.0.1>;tag=guessed' });
      peer.send(`${method} sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKc;rport\r\nFrom: <sip:11@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: c\r\nCSeq: 9999999999 ${method}\r\nContent-Length: 0\r\n\r\n`);
      await until('all three to be read', () => near.stack.stats.received === 3);
      // Someone known, from the same socket: answers keep their order.
      peer.send(`OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKd;rport\r\nFrom: <sip:known@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n`);
      await peer.next(/^SIP\/2.0 200[^]*Call-ID: d/);
      expect(peer.received).toHaveLength(1);
    });

    it('gets not a byte on a stream either, and the connection is closed', async () => {
      const near = await rig.party(createNativeSipStack, { handlers: { classify: () => 'unknown' } });
      const socket = connect(near.address.port, '127.0.0.1');
      closing.push(() => socket.destroy());
      let bytes = 0;
      let isClosed = false;
      socket.on('data', (chunk: Buffer) => (bytes += chunk.length));
      socket.on('close', () => (isClosed = true));
      socket.write('OPTIONS sip:x SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1;branch=z9hG4bKd\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:x>\r\nCall-ID: d\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n');
      await until('the end of the connection', () => isClosed);
      expect([bytes, near.stack.stats.sent]).toEqual([0, 0]);
    });
  });

  describe('who guesses passwords', () => {
    const register = (peer: RawPeer, user: string, cseq: number, authorization: string): void => {
      peer.request('REGISTER', { branch: `r${user}${cseq}`, callId: `guess-${user}`, cseq, to: `<sip:${user}@127.0.0.1>`, lines: authorization });
    };
    /** What a scanner can compare: everything but what differs by chance or by its own request. */
    const shape = (answer: string): string =>
      answer.replace(/nonce="[0-9a-f]+"/g, 'nonce').replace(/^(Via|From|To|Call-ID|CSeq): .*\r\n/gim, '');

    it('gets the same answers to INVITE, as often, for a user who exists and for one who does not', async () => {
      const { near, peer } = await setUp(EXTENSION);
      const shapes: string[][] = [];
      for (const user of ['200', '999']) {
        const invite = (cseq: number, lines: string): void => peer.send(
          `INVITE sip:300@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:${peer.port};branch=z9hG4bKi${user}${cseq};rport\r\nMax-Forwards: 70\r\nFrom: <sip:${user}@127.0.0.1>;tag=g${user}\r\nTo: <sip:300@127.0.0.1>\r\n` +
          `Call-ID: call-${user}\r\nCSeq: ${cseq} INVITE\r\nContact: <sip:${user}@127.0.0.1:${peer.port}>\r\n${lines}Content-Length: 0\r\n\r\n`,
        );
        const ack = (cseq: number, answer: string): void => peer.request('ACK', { branch: `i${user}${cseq}`, callId: `call-${user}`, cseq, fromTag: `g${user}`, to: headerIn(answer, 'To') });
        invite(1, '');
        const challenge = await peer.next(new RegExp(`^SIP/2.0 407[^]*call-${user}`));
        ack(1, challenge);
        const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
        invite(2, `Proxy-Authorization: Digest username="${user}", realm="ritmo", nonce="${nonce}", uri="sip:300@127.0.0.1", response="${'0'.repeat(32)}", algorithm=MD5\r\n`);
        const refusal = await peer.next(new RegExp(`^SIP/2.0 403[^]*call-${user}`));
        ack(2, refusal);
        shapes.push([shape(challenge), shape(refusal)]);
      }
      expect(shapes[0]).toEqual(shapes[1]);
      expect([near.incoming, shapes[0]?.[0]?.includes('407 Proxy Authentication Required')]).toEqual([[], true]);
      // No 100 came for either: nobody was asked.
      expect(peer.received.filter((each) => each.startsWith('SIP/2.0 100'))).toEqual([]);
    });

    it('gets the same answers for a user who exists and for one who does not, challenge and refusal', async () => {
      const { peer } = await setUp(EXTENSION);
      const shapes: string[][] = [];
      for (const user of ['200', '999']) {
        register(peer, user, 1, '');
        const challenge = await peer.next(new RegExp(`^SIP/2.0 401[^]*guess-${user}`));
        const nonce = /nonce="([^"]+)"/.exec(challenge)?.[1] ?? '';
        register(peer, user, 2, `Authorization: Digest username="${user}", realm="ritmo", nonce="${nonce}", uri="sip:55@127.0.0.1", response="${'0'.repeat(32)}", algorithm=MD5\r\n`);
        shapes.push([shape(challenge), shape(await peer.next(new RegExp(`^SIP/2.0 403[^]*guess-${user}`)))]);
      }
      expect(shapes[0]).toEqual(shapes[1]);
      expect(shapes[0]?.[0]).toContain('SIP/2.0 401 Unauthorized');
    });

    it('is no longer answered after ten wrong ones, while another address registers', async () => {
      const { near, peer } = await setUp(EXTENSION);
      register(peer, '200', 1, '');
      const nonce = /nonce="([^"]+)"/.exec(await peer.next(/^SIP\/2.0 401/))?.[1] ?? '';
      for (let guess = 2; guess <= 12; guess++) {
        register(peer, '200', guess, `Authorization: Digest username="200", realm="ritmo", nonce="${nonce}", uri="sip:55@127.0.0.1", response="${'0'.repeat(31)}${guess % 10}", algorithm=MD5\r\n`);
      }
      const refusals = (): number => peer.received.filter((each) => each.startsWith('SIP/2.0 403')).length;
      await until('ten refusals, and silence for the eleventh', () => refusals() >= 10 && near.stack.stats.dropped > 0);
      expect(refusals()).toBe(10);
      const phone = await rig.party(createNativeSipStack, { host: '127.0.0.7' });
      const states: unknown[] = [];
      phone.stack.register({ registrar: near.address, user: '200', domain: 'ritmo', credentials: { username: '200', password: 'segredo' }, changed: (state) => void states.push(state) });
      await until('the registration', () => states.length > 0);
      expect(states[0]).toEqual({ registered: true, code: 200 });
    });
  });

  it('who floods from many addresses loses nobody else a call, and a new phone still registers', async () => {
    const near = await rig.party(createNativeSipStack, {
      handlers: { ...EXTENSION.handlers, classify: (source, fromUser) => (source.host === '127.0.0.1' ? 'trunk' : fromUser === '200' ? 'extension' : 'unknown') },
    });
    const trunk = await rig.party(createNativeSipStack);
    const flooders = await Promise.all(Array.from({ length: 40 }, async (_, at) => {
      const peer = new RawPeer();
      peers.push(peer);
      return peer.open(near.address.port, `127.77.0.${at + 1}`);
    }));
    let serial = 0;
    // 4,000 a second, more than all strangers together may send; not more than a busy machine has time for beside the calls.
    const flood = setInterval(() => {
      for (const peer of flooders) for (let burst = 0; burst < 2; burst++) peer.request('INVITE', { branch: `f${++serial}`, callId: `f${serial}`, fromTag: `f${serial}`, body: OFFER });
    }, 20);
    closing.push(() => clearInterval(flood));
    await until('the gate', () => near.stack.stats.dropped > 2_000);
    const phone = await rig.party(createNativeSipStack, { host: '127.0.0.8' });
    const states: unknown[] = [];
    phone.stack.register({ registrar: near.address, user: '200', domain: 'ritmo', credentials: { username: '200', password: 'segredo' }, changed: (state) => void states.push(state) });
    for (let round = 0; round < 10; round++) {
      const [out, into] = [call(near, trunk), call(trunk, near)];
      (await trunk.nextCall()).reject(486);
      (await near.nextCall()).reject(486);
      expect([(await out.failed()).sipCode, (await into.failed()).sipCode]).toEqual([486, 486]);
    }
    await until('the registration', () => states.length > 0);
    expect(states[0]).toEqual({ registered: true, code: 200 });
    expect(flooders.flatMap((peer) => peer.received)).toEqual([]);
  });
});
