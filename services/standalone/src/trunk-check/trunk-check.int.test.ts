import { createServer as createTcpServer } from 'node:net';
import { freeTcpPort } from '@ritmo/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { drawLadder } from './ladder.ts';
import { answering, carrier, challenge, closeAll, closing, farEnd, fine } from './test/far-end.ts';
import { check, host, results, seenOf, trunkAt } from './test/report.ts';

// Each waits for its own far end, so they do it side by side.
afterAll(closeAll);

describe.concurrent('a trunk that is well', () => {
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

describe.concurrent('the name', () => {
  it('that DNS does not know stops everything', async () => {
    const report = await check(trunkAt(5060, { host: 'no-such-carrier.invalid' }));
    expect(results(report)).toMatchObject({ name: 'fails', transport: 'skipped', call: 'skipped' });
    expect(seenOf(report, 'name')).toContain('no-such-carrier.invalid');
    expect(seenOf(report, 'transport')).toBe('not looked at: name failed');
  });
});

describe.concurrent('the transport', () => {
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

describe.concurrent('registration and password', () => {
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

  it('a password that is met with silence is told from a registrar that is silent', async () => {
    const far = await farEnd({ OPTIONS: [fine], REGISTER: (request) => (/^authorization:/im.test(request) ? [] : [challenge]) });
    const report = await check(trunkAt(far.port, account), { timeoutMs: 600 });
    expect(results(report)).toMatchObject({ registration: 'fails', authentication: 'fails' });
    expect(seenOf(report, 'authentication')).toBe('the carrier asked for a password, and fell silent when it got that of conta');
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

describe.concurrent('a trunk that is disabled', () => {
  it('is looked at, and said to be', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine }), { enabled: false }));
    expect(results(report)).toMatchObject({ options: 'ok', call: 'skipped' });
    expect(report.steps[0]).toMatchObject({ name: 'name', result: 'warns', seen: 'the trunk is disabled: no campaign calls over it' });
  });
});

describe.concurrent('a carrier that sees us elsewhere', () => {
  it('says the address that server.advertise lacks', async () => {
    const { port } = await farEnd({ OPTIONS: [fine] }, ';received=203.0.113.7;rport=5060');
    const report = await check(trunkAt(port));
    const told = report.steps.filter(({ name }) => name === 'options');
    expect(told.map(({ result }) => result)).toEqual(['ok', 'warns']);
    expect(told[1]?.seen).toBe('the carrier sees us at 203.0.113.7, and our SIP and SDP say 127.0.0.1: calls connect, and sound may not');
    expect(told[1]?.todo).toContain('server.advertise: 203.0.113.7');
    expect(results(await check(trunkAt(port), { advertise: '203.0.113.7' }))).toMatchObject({ options: 'ok' });
  });
});
