import { createSocket } from 'node:dgram';
import type { Trunk } from '@ritmo/domain';
import { freeUdpPortRange, startCarrier, waitFor, type SimulatedCarrier } from '@ritmo/testing';
import { afterAll, describe, expect, it } from 'vitest';
import type { TrunkReport } from './check.ts';
import { drawLadder } from './ladder.ts';
import { answering, carrier, closeAll, closing, farEnd, fine, sdpOf, type FarEnd, type Reply } from './test/far-end.ts';
import { check, results, seenOf, trunkAt } from './test/report.ts';

// Each waits for its own far end, so they do it side by side.
afterAll(closeAll);

describe.concurrent('a test call', () => {
  const called = async (invite: Reply, more: Partial<Trunk> = {}): Promise<TrunkReport> =>
    check(trunkAt(await answering({ OPTIONS: fine, INVITE: invite, BYE: fine }), more), { number: '1133334444' });

  it('refused with 488 fails for its codecs', async () => {
    const report = await called({ status: '488 Not Acceptable Here', headers: ['Warning: 304 far "no common codec"'] });
    expect(results(report)).toMatchObject({ codec: 'fails', call: 'fails', sound: 'skipped' });
    expect(seenOf(report, 'codec')).toContain('takes none of the codecs offered (488)');
    expect(drawLadder(report.ladder)).toContain('no common codec');
  });

  it('answered with a codec that was not offered fails and is hung up', async () => {
    const report = await called({ status: '200 OK', body: sdpOf({ format: 18 }) });
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

  it('refused with 503 speaks of room, and the ladder has the Call-ID to ask with', async () => {
    const report = await called({ status: '503 Service Unavailable', headers: ['Retry-After: 30'] });
    expect(report.steps.find(({ name }) => name === 'call')?.todo).toContain('no room or is in trouble');
    expect(drawLadder(report.ladder)).toMatch(/Call-ID check-[0-9a-f-]{36}\n.* INVITE \(1 INVITE\)/);
    expect(drawLadder(report.ladder)).toContain('retry-after: 30');
    expect(report.ok).toBe(false);
  });

  it('forbidden after its password was asked for fails for the password', async () => {
    const asks = { status: '407 Proxy Authentication Required', headers: ['Proxy-Authenticate: Digest realm="far", nonce="abc"'] };
    const far = await farEnd({ OPTIONS: [fine], INVITE: (request) => (/^proxy-authorization:/im.test(request) ? [{ status: '403 Forbidden' }] : [asks]) });
    const report = await check(trunkAt(far.port, { username: 'conta', password: 'errada' }), { number: '1133334444' });
    expect(results(report)).toMatchObject({ authentication: 'fails', call: 'fails' });
    expect(seenOf(report, 'authentication')).toBe('the carrier asked for a password, and forbids the call with that of conta (403)');
  });

  it('with the right password says that it is right', async () => {
    const account = { username: '1130001000', password: 'segredo' };
    const report = await check(trunkAt(await carrier({ credentials: account }), { ...account, callerIds: ['1130001000'] }), { number: '1133334444' });
    expect(results(report)).toMatchObject({ authentication: 'ok', call: 'ok', sound: 'ok' });
  });

  it('is dialed as the trunk wants numbers, from the first of its caller ids', async () => {
    const far = await farEnd({ OPTIONS: [fine], INVITE: [{ status: '486 Busy Here' }] });
    const report = await check(trunkAt(far.port, { dialFormat: '015{areaCode}{number}', callerIds: ['1130001000'] }), { number: '33334444', homeAreaCode: '21' });
    const invite = far.requests.find((request) => request.startsWith('INVITE')) ?? '';
    expect(invite).toMatch(/^INVITE sip:0152133334444@127\.0\.0\.1:\d+ SIP\/2\.0/);
    expect(invite).toMatch(/^From: .*<sip:1130001000@127\.0\.0\.1>/m);
    expect(drawLadder(report.ladder)).toContain('sip:0152133334444@127.0.0.1');
  });

  it('listens for sound on the ports that the installation has open for it', async () => {
    const [first, last] = await freeUdpPortRange(4);
    const taken = createSocket('udp4');
    await new Promise<void>((done) => taken.bind(last - (last % 2), done));
    closing.push(() => new Promise<void>((done) => taken.close(() => done())));
    const far = await farEnd({ OPTIONS: [fine], INVITE: [{ status: '486 Busy Here' }] });
    await check(trunkAt(far.port), { number: '1133334444', rtpPorts: [first, last] });
    const port = Number(/^m=audio (\d+)/m.exec(far.requests.find((request) => request.startsWith('INVITE')) ?? '')?.[1]);
    expect(port).toBe(last - (last % 2) - 2);
  });

  it('that meets silence fails, while OPTIONS is well', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine })), { number: '1133334444', timeoutMs: 400 });
    expect(results(report)).toMatchObject({ options: 'ok', call: 'fails' });
    expect(seenOf(report, 'call')).toBe('not one answer came to the INVITE, not even 100 Trying');
    expect(report.ok).toBe(false);
  });

  it('that is taken and goes nowhere fails', async () => {
    const report = await check(trunkAt(await answering({ OPTIONS: fine, INVITE: { status: '100 Trying' }, CANCEL: fine })), { number: '1133334444', timeoutMs: 400, ringTimeoutMs: 500 });
    expect(seenOf(report, 'call')).toBe('the carrier took the call (100 Trying), and neither ringing nor refusal came');
    expect(report.ok).toBe(false);
  });
});

describe.concurrent('a check that is interrupted', () => {
  const started = async (mix: object): Promise<SimulatedCarrier> => {
    const far = await startCarrier({ seed: 1, speaks: false, mix: { postDialDelayMs: 20, talkMs: 600_000, hangsUpFirstP: 0, ...mix } });
    closing.push(() => far.stop());
    return far;
  };

  it.each([
    ['rings', { noAnswerP: 1 }, (far: SimulatedCarrier) => far.stats().calls.length === 1],
    ['talks', { answerDelayMs: 20 }, (far: SimulatedCarrier) => far.stats().answered === 1],
  ] as const)('leaves no phone on the line that %s', async (_what, mix, isUp) => {
    const far = await started(mix);
    const interrupt = new AbortController();
    const report = check(trunkAt(far.port), { number: '1133334444', listenMs: 60_000, ringTimeoutMs: 60_000, interrupted: interrupt.signal });
    await waitFor(() => isUp(far), { what: 'the call' });
    interrupt.abort();
    expect((await report).ok).toBe(false);
    await waitFor(() => far.stats().channels === 0, { what: 'CANCEL or BYE' });
  });
});

describe.concurrent('early media without an answer', () => {
  const early = (body: string): Promise<FarEnd> =>
    farEnd({ OPTIONS: [fine], INVITE: [{ status: '100 Trying' }, { status: '183 Session Progress', body }], CANCEL: [fine, { status: '487 Request Terminated' }] });

  it('that is heard proves codec and sound of the trunk, and not of the answer', async () => {
    const port = await carrier({ mix: { postDialDelayMs: 20, earlyMediaP: 1, answerDelayMs: 60_000, talkMs: 10_000 } });
    const report = await check(trunkAt(port), { number: '1133334444', ringTimeoutMs: 1_500 });
    expect(results(report)).toMatchObject({ codec: 'ok', call: 'warns', sound: 'ok' });
    expect(seenOf(report, 'call')).toContain('early media and no answer');
    expect(seenOf(report, 'sound')).toMatch(/^\d+ packets of early media came/);
    expect(report.ok).toBe(true);
  });

  it('that is not heard is worth a look', async () => {
    const report = await check(trunkAt((await early(sdpOf())).port), { number: '1133334444', timeoutMs: 400, ringTimeoutMs: 500 });
    expect(results(report)).toMatchObject({ codec: 'ok', call: 'warns', sound: 'warns' });
    expect(seenOf(report, 'sound')).toBe('early media was announced, and not one packet of it came');
  });

  it('in a codec that nobody offered fails', async () => {
    const report = await check(trunkAt((await early(sdpOf({ format: 18 }))).port), { number: '1133334444', timeoutMs: 400, ringTimeoutMs: 500 });
    expect(seenOf(report, 'codec')).toBe('early media: the carrier answered with G729, and PCMA, PCMU was offered: no common codec');
    expect(report.ok).toBe(false);
  });
});

describe.concurrent('sound that passes one way only', () => {
  const answered = async (body: string, via = ''): Promise<TrunkReport> =>
    check(trunkAt((await farEnd({ OPTIONS: [fine], INVITE: [{ status: '200 OK', body }], BYE: [fine] }, via)).port), { number: '1133334444', timeoutMs: 600 });

  it('fails when not one packet comes', async () => {
    const report = await check(trunkAt(await carrier({ speaks: false })), { number: '1133334444' });
    expect(results(report)).toMatchObject({ codec: 'ok', call: 'ok', sound: 'fails' });
    expect(report.ok).toBe(false);
  });

  it.each([
    ['an address of the carrier’s own network', sdpOf({ address: '10.1.2.3' }), '', 'it wants ours at 10.1.2.3, an address of its own network'],
    ['an answer that sends none', sdpOf({ direction: 'recvonly' }), '', 'the carrier answered with recvonly: it sends none'],
    ['an address of ours that the carrier does not see', sdpOf(), ';received=203.0.113.7', 'our SDP asks for it at 127.0.0.1, and the carrier sees us at 203.0.113.7'],
  ])('says of %s', async (_what, body, via, reason) => {
    const report = await answered(body, via);
    expect(results(report)).toMatchObject({ sound: 'fails' });
    expect(seenOf(report, 'sound')).toContain(reason);
  });
});
