import { afterEach, describe, expect, it } from 'vitest';
import { ANSWER, call, connected, HELD, HOLD, OFFER, RecordedCall, Rig, ringing, until } from '../contract/rig.ts';
import { RawPeer } from '../contract/raw-peer.ts';
import type { Party, PartyOptions } from '../contract/rig.ts';
import { sipStackContract } from '../contract.ts';
import { createNativeSipStack } from '../native/stack.ts';
import { DrachtioDouble } from './double.ts';
import { createDrachtioSipStack } from './stack.ts';

const rig = new Rig();
const doubles: DrachtioDouble[] = [];
afterEach(async () => {
  await rig.close();
  for (const double of doubles.splice(0)) double.stop();
});

async function near(options: PartyOptions = {}, secret = 'secret'): Promise<Party & { readonly double: DrachtioDouble }> {
  const double = new DrachtioDouble(60);
  doubles.push(double);
  await double.start();
  const party = await rig.party((all) => createDrachtioSipStack(all, { host: '127.0.0.1', port: double.port, secret }), options);
  return { ...party, double };
}
const far = (options: PartyOptions = {}): Promise<Party> => rig.party(createNativeSipStack, options);
const EXTENSION: PartyOptions = { handlers: { classify: () => 'extension', credentialsOf: (user) => (user === '200' ? { username: '200', password: 'segredo' } : undefined) } };

describe('the drachtio adapter', () => {
  it('calls, rings, is answered, and either side hangs up', async () => {
    const [here, there] = [await near(), await far()];
    for (const who of ['caller', 'callee'] as const) {
      const invite = call(here, there, { headers: { 'X-Attempt': 'a-1' } });
      const incoming = await there.nextCall();
      expect([incoming.header('x-attempt'), incoming.body, incoming.fromUser]).toEqual(['a-1', OFFER, '1130001000']);
      incoming.ring();
      expect(await invite.ringing()).toMatchObject({ code: 180 });
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller, body } = await invite.answered();
      expect(body).toBe(ANSWER);
      const [first, second] = who === 'caller' ? [caller, callee] : [callee, caller];
      first.call.hangup({ q850: 16 });
      expect(await second.ended()).toMatchObject({ by: 'remote', q850: 16 });
      expect(await first.ended()).toMatchObject({ by: 'local' });
    }
    expect(here.stack.stats.dialogs).toBe(0);
  });

  it('is called, answers, and is hung up', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(there, here);
    caller.call.hangup({ q850: 16 });
    expect(await callee.ended()).toMatchObject({ by: 'remote', q850: 16 });
  });

  it('refuses and is refused with a cause', async () => {
    const [here, there] = [await near(), await far()];
    const out = call(here, there);
    (await there.nextCall()).reject(486, { reason: { q850: 17 } });
    expect(await out.failed()).toMatchObject({ by: 'remote', sipCode: 486, q850: 17 });
    const back = call(there, here);
    (await here.nextCall()).reject(480, { reason: { q850: 19 } });
    expect(await back.failed()).toMatchObject({ by: 'remote', sipCode: 480, q850: 19 });
  });

  it('cancels, also by ring time, and is told of a caller who gave up', async () => {
    const [here, there] = [await near(), await far()];
    const { invite: cancelled } = await ringing(here, there);
    cancelled.outgoing.cancel({ q850: 26 });
    expect(await cancelled.failed()).toMatchObject({ by: 'local', sipCode: 487 });
    const timed = call(here, there, { ringTimeoutMs: 100 });
    (await there.nextCall()).ring();
    expect(await timed.failed()).toMatchObject({ by: 'timeout', sipCode: 487 });
    const { invite: inward, incoming, cancels } = await ringing(there, here);
    inward.outgoing.cancel({ q850: 16 });
    await until('the cancel', () => cancels.length === 1);
    await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
  });

  it('holds and is held, sends and takes digits, transfers', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    expect(await caller.call.reinvite(HOLD)).toBe(HELD);
    expect(await callee.call.reinvite(HOLD)).toBe(HELD);
    expect(caller.offers).toEqual([HOLD]);
    expect(await caller.call.info('application/dtmf-relay', 'Signal=5\r\n')).toBe(true);
    expect(await callee.call.info('application/dtmf-relay', 'Signal=7\r\n')).toBe(true);
    expect([caller.digits, callee.digits]).toEqual([['7'], ['5']]);
    const outcome = caller.call.refer('sip:300@ritmo');
    (await until('the REFER', () => callee.refers[0])).accept().succeeded();
    expect(await outcome).toBe(true);
    const back = callee.call.refer('sip:301@ritmo');
    (await until('the other REFER', () => caller.refers[0])).accept().failed(486);
    expect(await back).toBe(false);
  });

  it('challenges extensions, registers them and lets them call', async () => {
    const [here, phone] = [await near(EXTENSION), await far()];
    const states: unknown[] = [];
    const register = (password: string) => phone.stack.register({ registrar: here.address, user: '200', domain: 'ritmo', credentials: { username: '200', password }, changed: (state) => states.push(state) });
    const wrong = register('errado');
    await until('the refusal', () => states.length === 1);
    await wrong.stop();
    expect(states).toEqual([{ registered: false, code: 403, error: '403 Forbidden' }]);
    const right = register('segredo');
    await until('the registration', () => here.stack.bindingOf('200') !== undefined);
    const invite = call(phone, here, { from: { user: '200' }, credentials: { username: '200', password: 'segredo' } });
    const incoming = await here.nextCall();
    expect(incoming.verdict).toBe('extension');
    incoming.reject(480);
    await invite.failed();
    await right.stop();
    expect(here.registrations.at(-1)).toBe('requested 200');
  });

  it('meets the challenge of a trunk, for calls and for its registration', async () => {
    const [here, trunk] = [await near(), await far(EXTENSION)];
    const credentials = { username: '200', password: 'segredo' };
    const invite = call(here, trunk, { from: { user: '200' }, credentials });
    const callee = new RecordedCall(await (await trunk.nextCall()).answer(ANSWER));
    (await invite.answered()).call.call.hangup();
    await callee.ended();
    const states: unknown[] = [];
    const registration = here.stack.register({ registrar: trunk.address, user: '200', domain: 'ritmo', credentials, changed: (state) => states.push(state) });
    await until('the registration', () => trunk.stack.bindingOf('200') !== undefined);
    await until('the news of it', () => states.length === 1);
    await registration.stop();
    expect(trunk.stack.bindingOf('200')).toBeUndefined();
  });

  it('answers and sends OPTIONS', async () => {
    const [here, there] = [await near(), await far()];
    expect(await here.stack.options(there.address, 2_000)).toMatchObject({ reachable: true, code: 200 });
    expect(await there.stack.options(here.address, 2_000)).toMatchObject({ reachable: true, code: 200 });
  });

  it('is refused with a wrong secret', async () => {
    await expect(near({}, 'wrong')).rejects.toThrow('failed to authenticate');
  });

  it('survives a corrupted frame: calls on their way fail, it reconnects, and standing calls can still be ended', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    const { invite } = await ringing(here, there);
    here.double.corrupt();
    expect(await invite.failed()).toMatchObject({ by: 'transport' });
    expect(here.troubles[0]?.message).toContain('missing length specifier');
    await until('the reconnection', () => here.double.authenticated.length === 2 && here.stack.isUp);
    const again = call(here, there);
    (await there.nextCall()).reject(486);
    expect(await again.failed()).toMatchObject({ sipCode: 486 });
    caller.call.hangup();
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
  });

  it('learns after a reconnection which calls were hung up meanwhile, and keeps the others', async () => {
    const [here, there] = [await near(), await far()];
    const [first, second] = [await connected(here, there), await connected(here, there)];
    here.double.corrupt();
    await until('the connection to end', () => !here.stack.isUp);
    first.callee.call.hangup();
    expect(await first.caller.ended()).toMatchObject({ by: 'transport' });
    expect(second.caller.ends).toEqual([]);
    expect(here.stack.isUp).toBe(true);
    second.caller.call.hangup();
    expect(await second.callee.ended()).toMatchObject({ by: 'remote' });
  });

  it('ends here and at the far end the calls that a server took with it when it died', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    here.double.forget();
    here.double.corrupt();
    expect(await caller.ended()).toMatchObject({ by: 'transport' });
    expect(await callee.ended()).toMatchObject({ by: 'remote' });
    expect(here.stack.stats.dialogs).toBe(0);
  });

  it('tells a peer that does not answer from one that refuses, and goes on to the next server', async () => {
    const [here, there] = [await near(), await far()];
    const silent = await new RawPeer().open(0);
    const dead = { host: '127.0.0.1', port: silent.port, transport: 'udp' } as const;
    expect(await call(here, there, { destination: dead }).failed()).toMatchObject({ by: 'transport', sipCode: 408 });
    const invite = call(here, there, { destination: dead, alternatives: [there.address] });
    (await there.nextCall()).reject(486);
    expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 486 });
    silent.close();
  });

  it('answers the offer of a 200 with its ACK, and takes the answer to its own in one', async () => {
    const [here, there] = [await near(), await far()];
    const answered: RecordedCall[] = [];
    const late = { uri: there.uri('1'), from: { user: '2' }, sipCallId: `late-${Date.now()}` };
    here.stack.invite({ ...late, events: { answerOffer: () => HELD, answered: (established) => void answered.push(new RecordedCall(established)), failed: () => undefined } });
    const callee = new RecordedCall(await (await there.nextCall()).answer(OFFER));
    await until('the answer in the ACK', () => callee.answers[0] === HELD && answered.length === 1);
    there.stack.invite({ ...late, uri: here.uri('1'), sipCallId: `late-in-${Date.now()}`, events: { answerOffer: () => HELD, answered: () => undefined, failed: () => undefined } });
    const taken = new RecordedCall(await (await here.nextCall()).answer(OFFER));
    await until('the answer in the ACK', () => taken.answers[0] === HELD);
  });

  it('offers again after a 491, and refuses an offer that crosses its own', async () => {
    const [here, there] = [await near(), await far()];
    const { caller, callee } = await connected(here, there);
    expect(await Promise.all([caller.call.reinvite(HOLD), callee.call.reinvite(OFFER)])).toEqual([HELD, HELD]);
    expect([caller.offers, callee.offers]).toEqual([[OFFER], [HOLD]]);
  });

  it('says which call an INVITE with Replaces is for, and 481 to one for none', async () => {
    const [here, there] = [await near(), await far()];
    const { caller } = await connected(here, there);
    const { sipCallId, localTag, remoteTag } = caller.call.snapshot();
    const invite = call(there, here, { headers: { Replaces: `${sipCallId};to-tag=${localTag};from-tag=${remoteTag}` } });
    const incoming = await here.nextCall();
    expect(incoming.replaces).toMatchObject({ sipCallId, toTag: localTag, early: false });
    incoming.reject(486);
    await invite.failed();
    expect(await call(there, here, { headers: { Replaces: 'none;to-tag=1;from-tag=2' } }).failed()).toMatchObject({ sipCode: 481 });
  });

  it('admits no more calls a second than it was told', async () => {
    const double = new DrachtioDouble(60);
    doubles.push(double);
    await double.start();
    const here = await rig.party((all) => createDrachtioSipStack(all, { host: '127.0.0.1', port: double.port, secret: 'secret', maxCallsPerSecond: 0 }));
    expect(await call(here, here).failed()).toMatchObject({ by: 'transport', sipCode: 503 });
  });
});

/** What was seen on v0.9.10 and why: docs/drachtio.md. */
const shortSession = 'the server knows no session of less than 90 s, and the test has one of 1 s';
const uncounted = 'the server repeats and acknowledges by itself, and tells nobody: the test counts messages';
const CANNOT: Readonly<Record<string, string>> = {
  'keep a call alive over udp by refreshing it': shortSession,
  'keep a call alive over tcp by refreshing it': shortSession,
  'end a call whose peer is gone': shortSession,
  'acknowledges and hangs up an answer that nobody awaited': 'the server drops the answer to an INVITE whose client is gone, without an ACK',
  'says which port is taken': 'its ports are in its own configuration',
  'says nothing at all to an unknown source': 'the server sends 100 by itself',
  'an answer that is never acknowledged ends in a BYE': 'the server waits 32 s for an ACK, whatever T1 it is given',
  'uas-two-forks-answer-expect-bye': uncounted,
  'uas-retransmitted-answer-expect-ack': uncounted,
  'uac-lost-ack-expect-200-again': uncounted,
  'reads requests that come over TCP in pieces, and several in one piece': 'the server loses what comes behind a keep-alive (CRLFCRLF) in one piece of TCP',
  'uac-hangs-up-while-ringing-expect-487': 'the server answers a BYE in an early dialog with 481, and waits for a CANCEL',
  'uac-wants-reliable-progress-expect-prack': 'the server dies when an INVITE ends before its PRACK: it is refused with 420 instead',
  'uac-unknown-method-expect-405': 'the server discards methods that it does not know',
};

const { DRACHTIO_HOST, DRACHTIO_PORT, DRACHTIO_SECRET } = process.env;
if (DRACHTIO_HOST === undefined) {
  it.skip('the whole contract on a real drachtio-server: set DRACHTIO_HOST, DRACHTIO_PORT and DRACHTIO_SECRET', () => undefined);
} else {
  describe('on a real server', () => {
    sipStackContract('the drachtio adapter', (options) => createDrachtioSipStack(options, { host: DRACHTIO_HOST, port: Number(DRACHTIO_PORT ?? 9022), secret: DRACHTIO_SECRET ?? 'cymru' }), CANNOT);
  });
}
