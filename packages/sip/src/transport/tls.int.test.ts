import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { noCertificates, selfSigned } from '../contract/certificate.ts';
import { ANSWER, call, OFFER, RecordedCall, RecordedInvite, Rig } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';
import type { SipTls } from '../port.ts';

const missing = noCertificates();

describe.skipIf(missing !== undefined)(`a call over TLS${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const rig = new Rig();
  let pair: { readonly key: string; readonly cert: string };
  beforeAll(() => {
    pair = selfSigned();
  });
  afterEach(() => rig.close());

  const secured = (more: Partial<SipTls> = {}): Promise<Party> => rig.party(createNativeSipStack, { transports: ['udp', 'tls'], tls: { ...pair, ...more } });

  it('is set up, held and ended on one connection', async () => {
    const [near, far] = [await secured({ ca: pair.cert }), await secured({ ca: pair.cert })];
    const invite = call(near, far, { uri: `sips:55@127.0.0.1:${far.tlsPort}` });
    const incoming = await far.nextCall();
    expect([incoming.source.transport, incoming.body]).toEqual(['tls', OFFER]);
    const callee = new RecordedCall(await incoming.answer(ANSWER));
    const { call: caller } = await invite.answered();
    await callee.call.reinvite(OFFER);
    caller.call.hangup();
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
  });

  it('is refused when the certificate cannot be trusted', async () => {
    const [near, far] = [await secured(), await secured()];
    const invite = new RecordedInvite(near.stack, { uri: `sips:55@127.0.0.1:${far.tlsPort}`, from: { user: '1' }, sipCallId: 'untrusted', body: OFFER });
    expect(await invite.failed()).toMatchObject({ by: 'transport' });
  });

  it('is set up with a certificate that nobody signed where none is looked at', async () => {
    const [near, far] = [await secured({ rejectUnauthorized: false }), await secured()];
    const invite = call(near, far, { uri: `sips:55@127.0.0.1:${far.tlsPort}` });
    (await far.nextCall()).reject(486);
    expect(await invite.failed()).toMatchObject({ sipCode: 486 });
  });
});
