import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { noCertificates, selfSigned } from '../contract/certificate.ts';
import { until } from '../contract/rig.ts';
import type { SipTls } from '../port.ts';
import { StreamTransport } from './stream.ts';
import type { StreamLimits } from './stream.ts';

const PING = 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 0\r\n\r\n';

/** What a stream costs at the most, over real sockets. */
describe('a stream transport', () => {
  const open: { destroy(): void }[] = [];
  afterEach(() => {
    for (const each of open.splice(0)) each.destroy();
  });
  const setUp = async (limits: Partial<StreamLimits> = {}, tls?: SipTls) => {
    const messages: string[] = [];
    const counts = { dropped: 0 };
    const transport = new StreamTransport(
      tls === undefined ? 'tcp' : 'tls',
      { message: (wire) => void messages.push(wire), opens: () => true, trouble: () => undefined, dropped: () => void counts.dropped++, probed: () => undefined },
      tls,
      { connectionsPerAddress: 64, connections: 4_096, messageTimeMs: 60_000, backlogBytes: 4 * 1024 * 1024, ...limits },
    );
    open.push({ destroy: () => transport.close() });
    return { transport, messages, counts, port: await transport.bind('0.0.0.0', 0) };
  };
  const peer = (port: number, localAddress = '127.0.0.1') => {
    const socket: Socket = connect({ port, host: '127.0.0.1', localAddress });
    const state = { closed: false, socket };
    socket.on('error', () => undefined);
    socket.on('close', () => (state.closed = true));
    socket.resume();
    open.push(socket);
    return state;
  };

  it('holds so many connections of one address, and goes on serving others', async () => {
    const { port, messages } = await setUp({ connectionsPerAddress: 3 });
    const peers = [peer(port), peer(port), peer(port)];
    for (const each of peers) each.socket.write(PING);
    await until('three messages', () => messages.length === 3);
    const oneTooMany = peer(port);
    await until('its end', () => oneTooMany.closed);
    peer(port, '127.0.0.2').socket.write(PING);
    await until('the message of another address', () => messages.length === 4);
    expect(peers.map((each) => each.closed)).toEqual([false, false, false]);
    // Whoever leaves makes room.
    peers[0]?.socket.destroy();
    await until('room again', () => {
      const next = peer(port);
      next.socket.write(PING);
      return messages.length > 4;
    });
  });

  it('holds so many connections in all', async () => {
    const { port } = await setUp({ connections: 2 });
    const peers = [peer(port, '127.0.0.2'), peer(port, '127.0.0.3'), peer(port, '127.0.0.4')];
    await until('the end of one', () => peers.filter((each) => each.closed).length === 1);
  });

  const missing = noCertificates();
  it.skipIf(missing !== undefined)(`counts a TLS connection from its first packet, though its handshake never comes${missing === undefined ? '' : ` (skipped: ${missing})`}`, async () => {
    const { port, counts } = await setUp({ connectionsPerAddress: 2 }, selfSigned());
    const mute = [peer(port), peer(port)];
    const oneTooMany = peer(port);
    await until('its end', () => oneTooMany.closed);
    expect([mute.map((each) => each.closed), counts.dropped > 0]).toEqual([[false, false], true]);
    mute[0]?.socket.destroy();
    await until('room again', () => mute[0]?.closed === true);
    let secure = false;
    await until('a handshake', () => {
      const next = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false });
      open.push(next);
      next.on('error', () => undefined);
      next.once('secureConnect', () => (secure = true));
      return secure;
    });
  });

  it('closes on a sender who says nothing at all, or only that it is there', async () => {
    const { port, counts } = await setUp({ messageTimeMs: 300 });
    const [mute, pinging] = [peer(port), peer(port)];
    const ping = setInterval(() => pinging.socket.write('\r\n\r\n'), 20);
    await until('the end of both', () => mute.closed && pinging.closed);
    clearInterval(ping);
    expect(counts.dropped).toBe(2);
  });

  it('lets one be silent that has spoken', async () => {
    const { port, messages } = await setUp({ messageTimeMs: 100 });
    const [spoke, mute] = [peer(port), peer(port, '127.0.0.2')];
    spoke.socket.write(PING);
    await until('the message', () => messages.length === 1);
    await until('the end of the one that says nothing', () => mute.closed);
    expect(spoke.closed).toBe(false);
  });

  it('closes on a sender who drips', async () => {
    const { port, messages, counts } = await setUp({ messageTimeMs: 300 });
    const slow = peer(port);
    const drip = setInterval(() => slow.socket.write('X'), 20);
    await until('its end', () => slow.closed);
    clearInterval(drip);
    expect([messages, counts.dropped]).toEqual([[], 1]);
  });

  it('does not take a busy sender for a slow one, whose pieces never end where a message does', async () => {
    const { port, messages } = await setUp({ messageTimeMs: 400 });
    const busy = peer(port);
    busy.socket.write(PING.slice(0, 10));
    // For longer than a message may take there is always one begun.
    const pieces = setInterval(() => busy.socket.write(PING.slice(10) + PING.slice(0, 10)), 40);
    await until('many messages', () => messages.length >= 25 || busy.closed);
    clearInterval(pieces);
    expect(busy.closed).toBe(false);
  });

  it.each([
    ['a head without end', `OPTIONS sip:x SIP/2.0\r\nX: ${'x'.repeat(17_000)}`],
    ['a body over 64 KiB', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: 65537\r\n\r\n'],
    ['no length', 'OPTIONS sip:x SIP/2.0\r\nTo: x\r\n\r\n'],
    ['a length that is none', 'OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n'],
  ])('closes on %s', async (_name, bytes) => {
    const { port, messages, counts } = await setUp();
    const bad = peer(port);
    bad.socket.write(bytes);
    await until('its end', () => bad.closed);
    expect([messages, counts.dropped]).toEqual([[], 1]);
  });

  it('closes on a peer who does not read what we send', async () => {
    const { transport } = await setUp({ backlogBytes: 256 * 1024 });
    const held: Socket[] = [];
    const server: Server = createServer((socket) => {
      socket.pause();
      held.push(socket);
    });
    open.push({ destroy: () => server.close() }, { destroy: () => held.forEach((socket) => void socket.destroy()) });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const { port } = server.address() as AddressInfo;
    const failures: Error[] = [];
    // The kernels on both sides take some megabytes before ours begins to wait.
    const wire = 'x'.repeat(64 * 1024);
    await until('a failure', () => {
      if (held.length === 0 || failures.length === 0) transport.send('127.0.0.1', port, wire, { sendFailed: (error) => void failures.push(error) });
      return failures.length > 0;
    });
    expect(failures[0]?.message).toMatch(/does not read|closed/);
  });
});
