import { createNativeSipStack, type SipStack } from '@ritmo/sip';
import { noCertificates, selfSigned } from '@ritmo/sip/testing';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { drawLadder } from './ladder.ts';
import { check, host, results, seenOf, trunkAt } from './test/report.ts';

const missing = noCertificates();

/** A carrier that answers every call over TLS, without sound. */
describe.skipIf(missing !== undefined)(`a trunk over TLS${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let pair: { readonly key: string; readonly cert: string };
  let carrier: SipStack | undefined;
  beforeAll(() => {
    pair = selfSigned();
  });
  afterEach(() => carrier?.stop());

  async function start(): Promise<number> {
    const sdp = `v=0\r\no=far 1 1 IN IP4 ${host}\r\ns=-\r\nc=IN IP4 ${host}\r\nt=0 0\r\nm=audio 4000 RTP/AVP 8\r\n`;
    carrier = createNativeSipStack({
      host, port: 0, transports: ['udp', 'tls'], tls: pair, realm: 'far', userAgent: 'far',
      handlers: {
        classify: () => 'trunk', credentialsOf: () => undefined, registered: () => undefined, unregistered: () => undefined,
        incoming: (call) => void call.answer(sdp).then((established) => established.listen({ ended: () => undefined })),
      },
    });
    return (await carrier.start()).tlsPort ?? 0;
  }

  it('is looked at up to the call where this installation has a certificate', async () => {
    const trunk = trunkAt(await start(), { transport: 'tls' });
    const report = await check(trunk, { number: '1133334444', tls: { ...pair, ca: pair.cert, port: 0 } });
    expect(results(report)).toMatchObject({ name: 'ok', transport: 'ok', options: 'ok', codec: 'ok', call: 'ok', sound: 'fails' });
    expect(seenOf(report, 'transport')).toContain('certificate of 127.0.0.1');
    expect(drawLadder(report.ladder)).toContain('200 OK (1 INVITE)');
  });

  it('whose certificate is for another name is told so', async () => {
    const report = await check(trunkAt(await start(), { transport: 'tls', host: 'localhost' }), { tls: { ...pair, ca: pair.cert, port: 0 } });
    expect(results(report)).toMatchObject({ transport: 'fails', options: 'skipped' });
    expect(seenOf(report, 'transport')).toMatch(/its certificate is for .*127\.0\.0\.1.*, not for localhost$/);
    expect(report.ok).toBe(false);
  });

  it('without a certificate here and with one that nobody signed there is told both', async () => {
    const report = await check(trunkAt(await start(), { transport: 'tls' }));
    expect(results(report)).toMatchObject({ transport: 'fails', options: 'fails', call: 'skipped' });
    expect(seenOf(report, 'transport')).toContain('signed by nobody but itself');
    expect(seenOf(report, 'options')).toContain('this installation has no certificate');
    expect(report.ladder).toEqual([]);
  });
});
