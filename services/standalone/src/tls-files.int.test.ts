import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SipHandlers } from '@ritmo/sip';
import { noCertificates, selfSigned } from '@ritmo/sip/testing';
import { afterEach, describe, expect, it } from 'vitest';
import { loadConfig } from './config.ts';
import { sipStack } from './engines.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const missing = noCertificates();
const handlers: SipHandlers = { classify: () => 'trunk', credentialsOf: () => undefined, incoming: () => undefined, registered: () => undefined, unregistered: () => undefined };

describe('server.tls', () => {
  async function configured(tls: object) {
    const folder = mkdtempSync(join(tmpdir(), 'ritmo-tls-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'ritmo.yaml');
    writeFileSync(file, JSON.stringify({ server: { sipPort: 0, tls } }));
    return { config: await loadConfig({ RITMO_CONFIG: file }) };
  }

  it('says which file cannot be read', async () => {
    const { config } = await configured({ key: '/nowhere/key.pem', cert: '/nowhere/cert.pem' });
    expect(() => sipStack(config, handlers)).toThrow('server.tls.key: /nowhere/key.pem cannot be read (ENOENT)');
  });

  it.skipIf(missing !== undefined)(`opens SIP over TLS too${missing === undefined ? '' : ` (skipped: ${missing})`}`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ritmo-pem-'));
    closing.push(() => rmSync(folder, { recursive: true }));
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const pair = selfSigned();
    writeFileSync(key, pair.key);
    writeFileSync(cert, pair.cert);
    const { config } = await configured({ key, cert, ca: cert, port: 0 });
    const [here, there] = [sipStack(config, handlers), sipStack(config, handlers)];
    closing.push(() => here.stop(), () => there.stop());
    await here.start();
    const { host, tlsPort = 0 } = await there.start();
    expect(await here.options({ host, port: tlsPort, transport: 'tls' }, 5_000)).toMatchObject({ reachable: true, code: 200 });
  });
});
