import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ANSWER, call, OFFER, RecordedCall, RecordedInvite, Rig } from '../contract/rig.ts';
import type { Party } from '../contract/rig.ts';
import { createNativeSipStack } from '../native/stack.ts';

const missing = spawnSync('openssl', ['version']).error === undefined ? undefined : 'openssl is not installed, so there is no certificate to test with';

describe.skipIf(missing !== undefined)(`a call over TLS${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  const rig = new Rig();
  let key = '';
  let cert = '';
  beforeAll(() => {
    const folder = mkdtempSync(join(tmpdir(), 'tls-'));
    execFileSync('openssl', [
      'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-keyout', join(folder, 'k'), '-out', join(folder, 'c'),
    ], { stdio: 'ignore' });
    key = readFileSync(join(folder, 'k'), 'utf8');
    cert = readFileSync(join(folder, 'c'), 'utf8');
    rmSync(folder, { recursive: true });
  });
  afterEach(() => rig.close());

  const secured = (rejectUnauthorized: boolean): Promise<Party> =>
    rig.party(createNativeSipStack, { transports: ['udp', 'tls'], tls: { key, cert, rejectUnauthorized } });

  it('is set up, held and ended on one connection', async () => {
    const [near, far] = [await secured(false), await secured(false)];
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
    const [near, far] = [await secured(true), await secured(false)];
    const invite = new RecordedInvite(near.stack, { uri: `sips:55@127.0.0.1:${far.tlsPort}`, from: { user: '1' }, sipCallId: 'untrusted', body: OFFER });
    expect(await invite.failed()).toMatchObject({ by: 'transport' });
  });
});
