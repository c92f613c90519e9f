import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitFor } from '@ritmo/testing';
import { afterAll, beforeAll } from 'vitest';
import { extensions, passwordOf, Ritmo } from './ritmo.ts';

export interface PhoneAccount {
  readonly folder: string;
  readonly registrarPort: number;
  readonly extension: string;
  readonly password: string;
}

export interface Phones<P> {
  readonly ritmo: Ritmo;
  phone(extension: string): P;
  all(): readonly P[];
  /** What a phone dials. */
  address(user: string): string;
}

/** Within a describe: the product, and a phone of one maker at every extension, registered before the first test. `index` counts from 0. */
export function withPhones<P extends { stop(): Promise<void> }>(start: (account: PhoneAccount, index: number) => Promise<P>): Phones<P> {
  let folder: string;
  let ritmo: Ritmo | undefined;
  const phones = new Map<string, P>();
  const running = (): Ritmo => {
    if (!ritmo) throw new Error('the product has not started');
    return ritmo;
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ritmo-phones-'));
    await chmod(folder, 0o755);
    const started = (ritmo = await Ritmo.start({ folder }));
    for (const [index, extension] of extensions.entries()) {
      phones.set(extension, await start({ folder: join(folder, extension), registrarPort: started.sipPort, extension, password: passwordOf(extension) }, index));
    }
    // Asked of the registrar: a phone may be registered before it can be listened to.
    await waitFor(async () => (await started.registrations()).length === phones.size, { what: 'three registrations', timeoutMs: 60_000 });
  }, 180_000);
  afterAll(async () => {
    for (const each of phones.values()) await each.stop();
    await ritmo?.stop();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);
  return {
    get ritmo() {
      return running();
    },
    phone: (extension) => phones.get(extension) as P,
    all: () => [...phones.values()],
    address: (user) => `sip:${user}@127.0.0.1:${running().sipPort}`,
  };
}
