import { afterAll, describe, expect, it } from 'vitest';
import { ANSWER, call, connected, HELD, HOLD, OFFER, RecordedCall, ringing, until } from '../contract/rig.ts';
import { RawPeer } from '../contract/raw-peer.ts';
import type { PartyOptions } from '../contract/rig.ts';
import { DoubleRig } from './double-rig.ts';

const rig = new DoubleRig();
// Side by side, for they wait for timers: all is closed when the last one has ended.
afterAll(() => rig.close());
const near = rig.near.bind(rig);
const far = rig.far.bind(rig);
const EXTENSION: PartyOptions = { handlers: { classify: () => 'extension', credentialsOf: (user) => (user === '200' ? { username: '200', password: 'segredo' } : undefined) } };

describe.concurrent('the drachtio adapter', () => {
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
    await expect(near({}, { secret: 'wrong' })).rejects.toThrow('failed to authenticate');
  });

  it('tells a peer that does not answer from one that refuses, and goes on to the next server', async () => {
    const [here, there] = [await near({}, { serverT1Ms: 15 }), await far()];
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

  it('says that an INVITE with Replaces is for a call that it still rings, and 481 where it is rung itself (RFC 3891 3)', async () => {
    const [here, there] = [await near(), await far()];
    const { invite: out } = await ringing(here, there);
    const { sipCallId, localTag, remoteTag = '' } = out.snapshot();
    const invite = call(there, here, { headers: { Replaces: `${sipCallId};to-tag=${localTag};from-tag=${remoteTag}` } });
    const incoming = await here.nextCall();
    expect(incoming.replaces).toEqual({ sipCallId, toTag: localTag, fromTag: remoteTag, early: true });
    incoming.reject(486);
    await invite.failed();
    out.outgoing.cancel();
    await out.failed();
    const { invite: back } = await ringing(there, here);
    const rung = back.snapshot();
    const early = { Replaces: `${rung.sipCallId};to-tag=${rung.remoteTag ?? 'none'};from-tag=${rung.localTag}` };
    expect(await call(there, here, { headers: early }).failed()).toMatchObject({ sipCode: 481 });
    back.outgoing.cancel();
    await back.failed();
  });

  it('is not there for callers before the server has read what it takes', async () => {
    const [here, there] = [await near({}, { server: (double) => (double.readsAfterMs = 300) }), await far()];
    const invite = call(there, here);
    (await here.nextCall()).reject(486);
    expect(await invite.failed()).toMatchObject({ sipCode: 486 });
  });

  it('gives a sign of life for a call that it does not answer yet, before the server forgets it', async () => {
    const [here, there] = [await near({}, { server: (double) => (double.requests.clientTimeoutMs = 3_000) }), await far()];
    const invite = call(there, here);
    const incoming = await here.nextCall();
    await until('the time to be over', () => here.double.requests.timesOver === 1);
    const answered = incoming.answer(ANSWER);
    (await invite.answered()).call.call.hangup();
    expect(await new RecordedCall(await answered).ended()).toMatchObject({ by: 'remote' });
  });

  it('refuses to make its ringing reliable: the server could die of it', async () => {
    const [here, there] = [await near(), await far()];
    expect(await call(there, here, { headers: { Require: '100rel' } }).failed()).toMatchObject({ by: 'remote', sipCode: 420 });
    expect(here.incoming).toEqual([]);
  });

  it('admits no more calls a second than it was told', async () => {
    const [here, there] = [await near({}, { maxCallsPerSecond: 3 }), await far()];
    const began = performance.now();
    const invites = Array.from({ length: 40 }, () => call(here, there));
    // Those of two seconds at the most, when the clock turned meanwhile.
    const most = 3 * (1 + Math.ceil((performance.now() - began) / 1_000));
    const refused = await until('the refusals', () => {
      const ends = invites.flatMap(({ failures }) => failures);
      return ends.length >= 40 - most && ends;
    });
    expect(refused[0]).toEqual({ by: 'transport', sipCode: 503, reasonPhrase: 'shed: more calls a second than drachtio-server takes' });
    for (let admitted = 40 - refused.length; admitted > 0; admitted--) (await there.nextCall()).reject(486);
    await until('the others', () => invites.every(({ failures }) => failures.length === 1));
    expect(there.incoming.length).toBe(40 - refused.length);
    expect(there.incoming.length).toBeGreaterThanOrEqual(3);
  });
});
