import { describe, expect } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import type { SipAddress, TrunkRegistration, TrunkRegistrationRequest } from '../port.ts';
import { registerRaw } from './raw-phone.ts';
import { ANSWER, call, RecordedCall, until } from './rig.ts';
import type { Party, Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';

const PASSWORDS: Readonly<Record<string, string>> = { '200': 'segredo', '201': 'senhã' };

function extensions(make: SipStackFactory, rig: Rig, more: Parameters<Rig['party']>[1] = {}): Promise<Party> {
  return rig.party(make, {
    ...more,
    handlers: {
      classify: () => 'extension',
      credentialsOf: (user) => (PASSWORDS[user] === undefined ? undefined : { username: user, password: PASSWORDS[user] }),
      ...more.handlers,
    },
  });
}

class Registration {
  readonly states: { readonly registered: boolean; readonly code?: number; readonly error?: string }[] = [];
  readonly registration: TrunkRegistration;

  constructor(party: Party, registrar: SipAddress, user: string, password: string, more: Partial<TrunkRegistrationRequest> = {}) {
    this.registration = party.stack.register({
      registrar, user, domain: 'ritmo', credentials: { username: user, password }, changed: (state) => void this.states.push(state), ...more,
    });
  }

  next(): Promise<{ readonly registered: boolean; readonly code?: number; readonly error?: string }> {
    return until('a change of the registration', () => this.states.at(-1));
  }
}

/** REGISTER and digest authentication, both ways. */
export function registrationContract(make: SipStackFactory): void {

  describe('an extension', () => {
    it.for(['udp', 'tcp'] as const)('registers over %s, is found, is called and leaves', async (transport, { rig }) => {
      const near = await extensions(make, rig);
      const phone = await rig.party(createNativeSipStack, { userAgent: 'softphone' });
      const registration = new Registration(phone, { ...near.address, transport }, '201', 'senhã');
      expect(await registration.next()).toEqual({ registered: true, code: 200 });
      const binding = near.stack.bindingOf('201');
      expect(binding).toMatchObject({ user: '201', userAgent: 'softphone', reachedAt: { host: '127.0.0.1', transport } });
      if (binding === undefined) throw new Error('no binding');
      const invite = call(near, phone, { uri: binding.contactUri, destination: binding.reachedAt });
      const callee = new RecordedCall(await (await phone.nextCall()).answer(ANSWER));
      (await invite.answered()).call.call.hangup();
      await callee.ended();
      await registration.registration.stop();
      expect(near.stack.bindingOf('201')).toBeUndefined();
      expect(near.registrations).toEqual(['registered 201', 'requested 201']);
    });

    it('is reached at its Contact, though it registered from another port (RFC 3261 10.3)', async ({ rig }) => {
      const near = await extensions(make, rig);
      await registerRaw(near.address, { user: '200', password: 'segredo', contact: '127.0.0.1:5999' });
      expect(near.stack.bindingOf('200')?.reachedAt).toEqual({ host: '127.0.0.1', port: 5999, transport: 'udp' });
    });

    it('behind a NAT is reached where its REGISTER came from (RFC 3581)', async ({ rig }) => {
      const near = await extensions(make, rig);
      const natted = { user: '200', password: 'segredo', contact: '192.168.0.7:5060', sentBy: '192.168.0.7:5060' };
      const port = await registerRaw(near.address, natted);
      expect(near.stack.bindingOf('200')?.reachedAt).toEqual({ host: '127.0.0.1', port, transport: 'udp' });
    });

    it('expires when it does not come back', async ({ rig }) => {
      const near = await extensions(make, rig, { registrar: { minExpiresS: 1 } });
      const phone = await rig.party(createNativeSipStack);
      const registration = new Registration(phone, near.address, '200', 'segredo', { expiresS: 1 });
      await registration.next();
      await phone.stack.stop();
      await until('the expiry', () => near.stack.bindingOf('200') === undefined);
      expect(near.registrations.at(-1)).toBe('expired 200');
    });

    it('asks for too short a time and is told the least', async ({ rig }) => {
      const near = await extensions(make, rig, { registrar: { minExpiresS: 30 } });
      const phone = await rig.party(createNativeSipStack);
      const registration = new Registration(phone, near.address, '200', 'segredo', { expiresS: 5 });
      expect(await registration.next()).toMatchObject({ registered: true });
      const leftMs = (near.stack.bindingOf('200')?.expiresAt ?? 0) - Date.now();
      expect(leftMs).toBeGreaterThan(20_000);
    });

    it.for([['200', 'wrong'], ['999', 'segredo']] as const)('%s with password %s is refused in the same words', async ([user, password], { rig }) => {
      const near = await extensions(make, rig);
      const phone = await rig.party(createNativeSipStack);
      const registration = new Registration(phone, near.address, user, password);
      expect(await registration.next()).toEqual({ registered: false, code: 403, error: '403 Forbidden' });
      expect(near.registrations).toEqual([]);
      await registration.registration.stop();
    });

    it('that guesses by REGISTER and by INVITE is counted once for both, and then hears nothing', async ({ rig }) => {
      const near = await extensions(make, rig);
      const phone = await rig.party(createNativeSipStack, { t1Ms: 30 });
      const from = { user: '200' };
      for (let guess = 1; guess <= 5; guess++) {
        const registration = new Registration(phone, near.address, '200', 'wrong');
        expect(await registration.next()).toMatchObject({ registered: false, code: 403 });
        await registration.registration.stop();
        expect(await call(phone, near, { from, credentials: { username: '200', password: 'wrong' } }).failed()).toMatchObject({ sipCode: 403 });
      }
      // Not even the right password is heard, so none that is guessed shows itself.
      const silenced = new Registration(phone, near.address, '200', 'segredo');
      expect(await silenced.next()).toEqual({ registered: false, error: 'the registrar does not answer' });
      await silenced.registration.stop();
      expect([near.incoming, near.registrations]).toEqual([[], []]);
    });

    it('may not take the name of another', async ({ rig }) => {
      const near = await extensions(make, rig);
      const phone = await rig.party(createNativeSipStack);
      const registration = new Registration(phone, near.address, '200', 'senhã', { credentials: { username: '201', password: 'senhã' } });
      expect(await registration.next()).toMatchObject({ registered: false, code: 403 });
      await registration.registration.stop();
    });

    it('is challenged when it calls, and let in with its password only', async ({ rig }) => {
      const near = await extensions(make, rig);
      const phone = await rig.party(createNativeSipStack);
      const from = { user: '200' };
      const good = call(phone, near, { from, credentials: { username: '200', password: 'segredo' } });
      const incoming = await near.nextCall();
      expect([incoming.verdict, incoming.fromUser]).toEqual(['extension', '200']);
      incoming.reject(480);
      await good.failed();
      expect(await call(phone, near, { from, credentials: { username: '200', password: 'wrong' } }).failed()).toMatchObject({ sipCode: 403 });
      expect(await call(phone, near, { from }).failed()).toMatchObject({ sipCode: 407 });
      expect(await call(phone, near, { from: { user: '201' }, credentials: { username: '200', password: 'segredo' } }).failed()).toMatchObject({ sipCode: 403 });
      expect(near.incoming).toHaveLength(1);
    });
  });

  describe('a trunk that wants credentials', () => {
    it('gets them for INVITE', async ({ rig }) => {
      const near = await rig.party(make);
      const trunk = await extensions(createNativeSipStack, rig);
      const invite = call(near, trunk, { from: { user: '200' }, credentials: { username: '200', password: 'segredo' } });
      const callee = new RecordedCall(await (await trunk.nextCall()).answer(ANSWER));
      const { call: caller } = await invite.answered();
      caller.call.hangup();
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('that does not take them fails the call with its code', async ({ rig }) => {
      const near = await rig.party(make);
      const trunk = await extensions(createNativeSipStack, rig);
      expect(await call(near, trunk, { from: { user: '200' } }).failed()).toMatchObject({ by: 'remote', sipCode: 407 });
    });

    it('is registered at, refreshed and left', async ({ rig }) => {
      const near = await rig.party(make);
      const trunk = await extensions(createNativeSipStack, rig, { registrar: { minExpiresS: 1 } });
      const registration = new Registration(near, trunk.address, '200', 'segredo', { expiresS: 2 });
      expect(await registration.next()).toEqual({ registered: true, code: 200 });
      await until('a refresh', () => trunk.registrations.length >= 2);
      await registration.registration.stop();
      expect(trunk.registrations.at(-1)).toBe('requested 200');
      expect(registration.states.at(-1)).toEqual({ registered: false });
    });

    it('is tried again while it does not answer', async ({ rig }) => {
      const near = await rig.party(make, { t1Ms: 5 });
      const registration = new Registration(near, { host: '127.0.0.1', port: 9, transport: 'udp' }, '200', 'segredo');
      expect(await registration.next()).toMatchObject({ registered: false });
      await until('a second attempt', () => registration.states.length >= 2);
      await registration.registration.stop();
    });
  });
}
