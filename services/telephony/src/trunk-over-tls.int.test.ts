/** A trunk over TLS: carried where this process has a certificate, down with the reason where it has none. */
import { createNativeSipStack, type SipHandlers, type SipStack, type SipTls } from '@ritmo/sip';
import { noCertificates, selfSigned } from '@ritmo/sip/testing';
import { waitFor } from '@ritmo/testing';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { Rig } from './test/rig.ts';

const missing = noCertificates();
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function carrier(tls: SipTls): Promise<{ readonly port: number; readonly calls: string[] }> {
  const calls: string[] = [];
  const stack: SipStack = createNativeSipStack({
    host: '127.0.0.1', port: 0, transports: ['udp', 'tls'], tls, realm: 'far', userAgent: 'far',
    handlers: {
      classify: () => 'trunk', credentialsOf: () => undefined, registered: () => undefined, unregistered: () => undefined,
      incoming: (call) => {
        calls.push(`${call.source.transport} ${call.toUser}`);
        call.reject(486);
      },
    },
  });
  const { tlsPort = 0 } = await stack.start();
  cleanups.push(() => stack.stop());
  return { port: tlsPort, calls };
}

async function started(port: number, tls?: SipTls): Promise<Rig> {
  const shared = { host: '127.0.0.1', port: 0, realm: 'ritmo.test', userAgent: 'Ritmo' } as const;
  const sip = (handlers: SipHandlers): SipStack =>
    createNativeSipStack(tls === undefined ? { ...shared, transports: ['udp', 'tcp'], handlers } : { ...shared, transports: ['udp', 'tcp', 'tls'], tls, handlers });
  const rig = await Rig.start({ telephony: { sip, optionsTimeoutMs: 2_000 } });
  cleanups.push(() => rig.stop());
  rig.put('trunk', { id: 1, name: 'carrier', host: '127.0.0.1', port, transport: 'tls', optionsIntervalS: 1 });
  await rig.telephony.start();
  return rig;
}

const status = async (rig: Rig) => (await rig.bus.request('telephony.trunks', {})).trunks[0];

describe.skipIf(missing !== undefined)(`a trunk over TLS${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  let pair: { readonly key: string; readonly cert: string };
  beforeAll(() => {
    pair = selfSigned();
  });

  test('is watched and called where this process has a certificate and believes the carrier’s', async () => {
    const { port, calls } = await carrier(pair);
    const rig = await started(port, { ...pair, ca: pair.cert, port: 0 });
    await waitFor(async () => (await status(rig))?.detail === 'answers OPTIONS with 200', { what: 'OPTIONS', timeoutMs: 10_000 });
    const callId = await rig.originate('11988887777');
    expect(await rig.fact('CallEnded', callId)).toMatchObject({ wireOutcome: 'busy' });
    expect(calls).toEqual(['tls 11988887777']);
    await rig.quiet();
  });

  test('is down, and says that there is no TLS, where this process has no certificate', async () => {
    const { port } = await carrier(pair);
    const rig = await started(port);
    await waitFor(async () => (await status(rig))?.up === false, { what: 'the trunk to be down', timeoutMs: 15_000 });
    expect((await status(rig))?.detail).toContain('no tls transport');
  });

  test('is down where the carrier’s certificate is not believed', async () => {
    const { port, calls } = await carrier(pair);
    const rig = await started(port, { ...pair, port: 0 });
    await waitFor(async () => (await status(rig))?.up === false, { what: 'the trunk to be down', timeoutMs: 15_000 });
    expect((await status(rig))?.detail).toContain('self-signed');
    expect(calls).toEqual([]);
  });
});
