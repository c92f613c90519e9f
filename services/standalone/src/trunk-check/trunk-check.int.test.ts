import { createSocket, type Socket } from 'node:dgram';
import { createServer as createTcpServer } from 'node:net';
import type { Trunk } from '@ritmo/domain';
import { freeTcpPort, startCarrier, type CarrierOptions } from '@ritmo/testing';
import { afterEach, describe, expect, it } from 'vitest';
import type { TrunkReport } from './check.ts';
import { drawLadder } from './ladder.ts';
import { check, host, results, seenOf, trunkAt } from './test/report.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

async function carrier(options: Partial<CarrierOptions> = {}): Promise<number> {
  const started = await startCarrier({ seed: 1, mix: { postDialDelayMs: 20, answerDelayMs: 50, talkMs: 10_000, hangsUpFirstP: 0 }, ...options });
  closing.push(() => started.stop());
  return started.port;
}

/** A far end that answers every request of a method with one status line, with a body where one is given. */
async function answering(statuses: Readonly<Record<string, { readonly status: string; readonly headers?: readonly string[]; readonly body?: string }>>): Promise<number> {
  const socket: Socket = createSocket('udp4');
  socket.on('message', (packet, from) => {
    const lines = packet.toString('latin1').split('\r\n');
    const answer = statuses[lines[0]?.split(' ')[0] ?? ''];
    if (!answer) return;
    const copied = lines.filter((line) => /^(via|from|call-id|cseq):/i.test(line));
    const to = `${lines.find((line) => /^to:/i.test(line)) ?? ''};tag=far`;
    const { body = '', headers = [] } = answer;
    const type = body === '' ? [] : ['Content-Type: application/sdp'];
    const contact = `Contact: <sip:far@${host}:${socket.address().port}>`;
    socket.send([`SIP/2.0 ${answer.status}`, ...copied, to, contact, ...headers, ...type, `Content-Length: ${body.length}`, '', body].join('\r\n'), from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, host, done));
  closing.push(() => new Promise<void>((done) => socket.close(() => done())));
  return socket.address().port;
}

const challenge = { status: '401 Unauthorized', headers: ['WWW-Authenticate: Digest realm="far", nonce="abc", algorithm=MD5, qop="auth"'] };
const fine = { status: '200 OK' };

describe('a trunk that is well', () => {
  it('is well from name to sound', async () => {
    const port = await carrier();
    const report = await check(trunkAt(port), { number: '1133334444' });
    expect(results(report)).toEqual({ name: 'ok', transport: 'ok', options: 'ok', registration: 'skipped', authentication: 'skipped', codec: 'ok', call: 'ok', sound: 'ok' });
    expect(report.ok).toBe(true);
    expect(seenOf(report, 'codec')).toBe('agreed on PCMA');
    const drawn = drawLadder(report.ladder);
    expect(drawn).toMatch(/ OPTIONS \(1 OPTIONS\) -+>/);
    expect(drawn.indexOf('200 OK (1 INVITE)')).toBeGreaterThan(drawn.indexOf('180 Ringing (1 INVITE)'));
    expect(drawn).toContain('BYE');
  });

  it('is registered, over TCP too, and nobody is called without a number', async () => {
    const credentials = { username: 'conta', password: 'segredo' };
    const port = await carrier({ credentials });
    for (const transport of ['udp', 'tcp'] as const) {
      const report = await check(trunkAt(port, { transport, register: true, ...credentials }));
      expect(results(report)).toMatchObject({ transport: 'ok', registration: 'ok', authentication: 'ok', call: 'skipped' });
      expect(report.ladder.some(({ what }) => what === 'INVITE')).toBe(false);
      expect(report.ok).toBe(true);
    }
  });
});

describe('the name', () => {
  it('that DNS does not know stops everything', async () => {
    const report = await check(trunkAt(5060, { host: 'no-such-carrier.invalid' }));
    expect(results(report)).toMatchObject({ name: 'fails', transport: 'skipped', call: 'skipped' });
    expect(seenOf(report, 'name')).toContain('no-such-carrier.invalid');
    expect(seenOf(report, 'transport')).toBe('not looked at: name failed');
  });
});

describe('the transport', () => {
  it.each(['udp', 'tcp', 'tls'] as const)('%s to a port where nobody listens is refused', async (transport) => {
    const report = await check(trunkAt(await freeTcpPort(), { transport }));
    expect(results(report)).toMatchObject({ transport: 'fails', registration: 'skipped' });
    expect(seenOf(report, 'transport')).toContain('nothing listens on this port');
  });

  it('UDP that is silent shows at OPTIONS', async () => {
    const report = await check(trunkAt(await answering({})), { timeoutMs: 600 });
    expect(results(report)).toMatchObject({ transport: 'ok', options: 'fails', call: 'skipped' });
    expect(seenOf(report, 'options')).toContain('no answer to OPTIONS within 0.6 s');
    expect(report.ladder.length).toBeGreaterThan(1);
  });

  it('a port without TLS says so', async () => {
    const server = createTcpServer((socket) => {
      socket.on('error', () => undefined);
      socket.end('SIP/2.0 400 Bad Request\r\n\r\n', () => socket.destroy());
    });
    await new Promise<void>((done) => server.listen(0, host, done));
    closing.push(() => new Promise((done) => server.close(done)));
    const report = await check(trunkAt((server.address() as { port: number }).port, { transport: 'tls' }));
    expect(seenOf(report, 'transport')).toContain('no TLS is spoken there');
  });
});

describe('registration and password', () => {
  const account = { register: true, username: 'conta', password: 'errada' };

  it('a wrong password is told from a carrier that challenges again', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine, REGISTER: challenge }), account));
    expect(results(report)).toMatchObject({ options: 'ok', registration: 'fails', authentication: 'fails' });
    expect(seenOf(report, 'authentication')).toContain('does not take the one of conta (401 again)');
    expect(drawLadder(report.ladder)).toContain('www-authenticate: Digest realm="far"');
    expect(JSON.stringify(report)).not.toContain('errada');
  });

  it('an unknown user is told by its 404', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine, REGISTER: { status: '404 Not Found' } }), account));
    expect(seenOf(report, 'authentication')).toBe('the carrier knows no user conta (404)');
  });

  it('403 is not claimed to be one thing', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine, REGISTER: { status: '403 Forbidden' } }), account));
    expect(seenOf(report, 'authentication')).toContain('carriers say the same for all three');
  });

  it('a missing password is told', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine, REGISTER: challenge }), { register: true, username: 'conta' }));
    expect(seenOf(report, 'authentication')).toContain('the trunk has none (401)');
  });

  it('a registrar that is silent fails, while OPTIONS is well', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine }), account), { timeoutMs: 500 });
    expect(results(report)).toMatchObject({ options: 'ok', registration: 'fails', authentication: 'skipped' });
  });

  it('a carrier that ignores OPTIONS and registers is well, with a warning', async () => {
    const report = await check(trunkAt(await answering({ REGISTER: fine }), account), { timeoutMs: 500 });
    expect(results(report)).toMatchObject({ options: 'warns', registration: 'ok' });
    expect(report.ok).toBe(true);
  });
});

describe('a test call', () => {
  const called = async (invite: { readonly status: string; readonly headers?: readonly string[]; readonly body?: string }, more: Partial<Trunk> = {}): Promise<TrunkReport> =>
    check(trunkAt(await answering({ OPTIONS: fine, INVITE: invite, BYE: fine }), more), { number: '1133334444' });

  it('refused with 488 fails for its codecs', async () => {
    const report = await called({ status: '488 Not Acceptable Here', headers: ['Warning: 304 far "no common codec"'] });
    expect(results(report)).toMatchObject({ codec: 'fails', call: 'fails', sound: 'skipped' });
    expect(seenOf(report, 'codec')).toContain('takes none of the codecs offered (488)');
    expect(drawLadder(report.ladder)).toContain('no common codec');
  });

  it('answered with a codec that was not offered fails and is hung up', async () => {
    const body = `v=0\r\no=far 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 18\r\n`;
    const report = await called({ status: '200 OK', body });
    expect(seenOf(report, 'codec')).toBe('the carrier answered with G729, and PCMA, PCMU was offered: no common codec');
    expect(report.ladder.some(({ what }) => what === 'BYE')).toBe(true);
    expect(report.ok).toBe(false);
  });

  it('without the password that the carrier wants says so', async () => {
    const report = await called({ status: '407 Proxy Authentication Required', headers: ['Proxy-Authenticate: Digest realm="far", nonce="abc"'] });
    expect(results(report)).toMatchObject({ authentication: 'fails', call: 'fails' });
  });

  it('to a number that does not exist speaks of the format', async () => {
    const report = await called({ status: '404 Not Found', headers: ['Reason: Q.850;cause=1'] });
    expect(report.steps.find(({ name }) => name === 'call')?.todo).toContain('dialFormat is {areaCode}{number}');
    expect(report.ok).toBe(false);
  });

  it('that is busy proves the trunk and not the sound', async () => {
    const report = await called({ status: '486 Busy Here' });
    expect(results(report)).toMatchObject({ call: 'warns', codec: 'skipped' });
    expect(report.ok).toBe(true);
  });

  it('that is carried says that OPTIONS were merely ignored', async () => {
    const report = await check(trunkAt(await answering({ INVITE: { status: '486 Busy Here' } })), { number: '1133334444', timeoutMs: 400 });
    expect(results(report)).toMatchObject({ options: 'warns', call: 'warns' });
    expect(report.ok).toBe(true);
  });

  it('that hears nothing warns of RTP', async () => {
    const report = await check(trunkAt(await carrier({ speaks: false })), { number: '1133334444' });
    expect(results(report)).toMatchObject({ codec: 'ok', call: 'ok', sound: 'warns' });
  });
});
