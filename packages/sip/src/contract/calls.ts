import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createNativeSipStack } from '../native/stack.ts';
import { PortInUseError } from '../port.ts';
import type { SipStack } from '../port.ts';
import { ANSWER, call, connected, HELD, HOLD, OFFER, RecordedCall, RecordedInvite, Rig, until } from './rig.ts';
import type { SipStackFactory } from './rig.ts';

/** Calls between the stack under test and the native one, over real sockets. */
export function callContract(make: SipStackFactory): void {
  const rig = new Rig();
  afterEach(() => rig.close());
  const pair = async () => ({ near: await rig.party(make), far: await rig.party(createNativeSipStack) });

  describe.each(['udp', 'tcp'] as const)('a call over %s', (transport) => {
    it('rings, is answered and ended by the caller', async () => {
      const { near, far } = await pair();
      const invite = call(near, far, { transport, headers: { 'X-Attempt': 'a-1', 'P-Asserted-Identity': '<sip:1130001000@ritmo>' } });
      const incoming = await far.nextCall();
      expect(incoming.fromDisplayName).toBe('Ação Ritmo');
      expect([incoming.fromUser, incoming.toUser, incoming.verdict, incoming.body]).toEqual(['1130001000', '5511999998888', 'trunk', OFFER]);
      expect([incoming.header('x-attempt'), incoming.header('P-Asserted-Identity')]).toEqual(['a-1', '<sip:1130001000@ritmo>']);
      expect(incoming.source.transport).toBe(transport);
      incoming.ring();
      expect(await invite.ringing()).toEqual({ code: 180, body: undefined });
      const callee = new RecordedCall(await incoming.answer(ANSWER));
      const { call: caller, body } = await invite.answered();
      expect(body).toBe(ANSWER);
      caller.call.hangup({ q850: 16, text: 'Normal call clearing' });
      expect(await callee.ended()).toEqual({ by: 'remote', sipCode: 200, q850: 16, reasonPhrase: 'Normal call clearing' });
      expect(await caller.ended()).toEqual({ by: 'local', sipCode: 200 });
      caller.call.hangup();
      expect([near.stack.stats.dialogs, far.stack.stats.dialogs]).toEqual([0, 0]);
      expect([near.troubles, far.troubles]).toEqual([[], []]);
    });

    it('is ended by the callee', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(near, far, { transport });
      callee.call.hangup({ q850: 31 });
      expect(await caller.ended()).toMatchObject({ by: 'remote', sipCode: 200, q850: 31 });
      expect(await callee.ended()).toMatchObject({ by: 'local' });
    });

    it('comes in, is answered and ended by us', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(far, near, { transport });
      callee.call.hangup();
      expect(await caller.ended()).toMatchObject({ by: 'remote' });
      expect(await callee.ended()).toMatchObject({ by: 'local' });
    });
  });

  describe('a refusal', () => {
    it.each([[486, 17], [404, 1], [603, 21], [503, 34]])('with %i reaches the caller with its Q.850 cause %i', async (code, q850) => {
      const { near, far } = await pair();
      const invite = call(near, far);
      (await far.nextCall()).reject(code, { reason: { q850 } });
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: code, q850 });
      expect(invite.answers).toEqual([]);
    });

    it('of ours reaches the peer with Retry-After', async () => {
      const { near, far } = await pair();
      const invite = call(far, near);
      (await near.nextCall()).reject(503, { retryAfterS: 5 });
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 503, reasonPhrase: 'Service Unavailable' });
    });

    it('by a redirect is a failure', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      (await far.nextCall()).reject(302);
      expect(await invite.failed()).toMatchObject({ by: 'remote', sipCode: 302 });
    });
  });

  describe('early media', () => {
    it('is told with its SDP before the answer', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      const incoming = await far.nextCall();
      incoming.ring(ANSWER);
      expect(await invite.ringing()).toEqual({ code: 183, body: ANSWER });
      await incoming.answer(ANSWER);
      expect((await invite.answered()).body).toBe(ANSWER);
    });

    it('is sent when we ring with a body, and a late 180 may follow', async () => {
      const { near, far } = await pair();
      const invite = call(far, near);
      const incoming = await near.nextCall();
      incoming.ring(ANSWER);
      await invite.ringing();
      incoming.ring();
      await until('the 180', () => invite.provisionals.length === 2);
      expect(invite.provisionals.map((each) => each.code)).toEqual([183, 180]);
    });
  });

  describe('a call given up', () => {
    it('by our cancel ends for both, with the reason', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      const incoming = await far.nextCall();
      const cancels: unknown[] = [];
      incoming.onCancel((end) => cancels.push(end));
      incoming.ring();
      await invite.ringing();
      invite.outgoing.cancel({ q850: 26, text: 'lost race' });
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      expect(cancels).toEqual([{ by: 'remote', sipCode: 487, q850: 26, reasonPhrase: 'lost race' }]);
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
    });

    it('by the caller is told to us, and our answer is too late', async () => {
      const { near, far } = await pair();
      const invite = call(far, near);
      const incoming = await near.nextCall();
      const cancels: unknown[] = [];
      incoming.onCancel((end) => cancels.push(end));
      incoming.ring();
      await invite.ringing();
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      await until('the cancel', () => cancels.length === 1);
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
      expect(near.stack.stats.dialogs).toBe(0);
    });

    it('before any provisional response is cancelled when one comes', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      invite.outgoing.cancel();
      expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
      const incoming = await far.nextCall();
      await expect(incoming.answer(ANSWER)).rejects.toThrow();
    });

    it('by ring time ends as a timeout', async () => {
      const { near, far } = await pair();
      const invite = call(near, far, { ringTimeoutMs: 150 });
      const incoming = await far.nextCall();
      incoming.ring();
      expect(await invite.failed()).toMatchObject({ by: 'timeout', sipCode: 487 });
      await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
    });

    it('that races with the answer is hung up and never established', async () => {
      const { near, far } = await pair();
      for (let round = 0; round < 20; round++) {
        const invite = call(near, far);
        const incoming = await far.nextCall();
        incoming.ring();
        await invite.ringing();
        const answer = incoming.answer(ANSWER).then((established) => new RecordedCall(established), () => undefined);
        invite.outgoing.cancel();
        const callee = await answer;
        expect(await invite.failed()).toMatchObject({ by: 'local' });
        expect(invite.answers).toEqual([]);
        if (callee !== undefined) expect(await callee.ended()).toMatchObject({ by: 'remote' });
      }
      await until('no dialog left', () => near.stack.stats.dialogs === 0 && far.stack.stats.dialogs === 0);
    });
  });

  describe('a peer that cannot be reached', () => {
    it('fails the call by transport when nothing answers', async () => {
      const near = await rig.party(make, { t1Ms: 10 });
      const invite = new RecordedInvite(near.stack, { uri: 'sip:1@127.0.0.1:9', from: { user: '2' }, sipCallId: 'nobody', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });

    it('fails the call at once when the connection is refused', async () => {
      const near = await rig.party(make);
      const invite = new RecordedInvite(near.stack, { uri: 'sip:1@127.0.0.1:9', transport: 'tcp', from: { user: '2' }, sipCallId: 'refused', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });

    it('fails the call when its URI is none', async () => {
      const near = await rig.party(make);
      const invite = new RecordedInvite(near.stack, { uri: 'not a uri', from: { user: '2' }, sipCallId: 'none', body: OFFER });
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
    });
  });

  describe('inside a call', () => {
    it('each side can hold and resume', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(near, far);
      expect(await caller.call.reinvite(HOLD)).toBe(HELD);
      expect(callee.offers).toEqual([HOLD]);
      expect(await callee.call.reinvite(OFFER)).toBe(HELD);
      expect(caller.offers).toEqual([OFFER]);
      caller.call.hangup();
      await callee.ended();
    });

    it('offers that cross are both carried out, one after the other', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(near, far);
      const [mine, theirs] = await Promise.all([caller.call.reinvite(HOLD), callee.call.reinvite(OFFER)]);
      expect([mine, theirs]).toEqual([HELD, HELD]);
      expect([caller.offers, callee.offers]).toEqual([[OFFER], [HOLD]]);
    });

    it('digits come by INFO', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(far, near);
      expect(await caller.call.info('application/dtmf-relay', 'Signal=5\r\nDuration=160\r\n')).toBe(true);
      expect(await caller.call.info('application/dtmf', '#')).toBe(true);
      expect(callee.digits).toEqual(['5', '#']);
      expect(await callee.call.info('application/dtmf-relay', 'Signal=*\r\nDuration=100\r\n')).toBe(true);
      expect(caller.digits).toEqual(['*']);
    });

    it('a transfer is asked for, followed and told', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(far, near);
      const outcome = caller.call.refer('sip:300@ritmo?Replaces=abc%40h%3Bto-tag%3D1%3Bfrom-tag%3D2');
      const request = await until('the REFER', () => callee.refers[0]);
      expect(request).toMatchObject({ targetUri: 'sip:300@ritmo', targetUser: '300', replaces: { sipCallId: 'abc@h', toTag: '1', fromTag: '2' } });
      const progress = request.accept();
      progress.trying();
      progress.succeeded();
      expect(await outcome).toBe(true);
    });

    it('a transfer that fails, or is refused, says so', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(near, far);
      const failing = caller.call.refer('sip:300@ritmo');
      (await until('the REFER', () => callee.refers[0])).accept().failed(486);
      expect(await failing).toBe(false);
      const refused = caller.call.refer('sip:300@ritmo');
      (await until('the second REFER', () => callee.refers[1])).reject(603);
      expect(await refused).toBe(false);
    });

    it('a call without SDP is offered ours in the 200, and answered in the ACK', async () => {
      const { near, far } = await pair();
      const answers: RecordedCall[] = [];
      const { body: _body, ...late } = { uri: near.uri('1'), from: { user: '2' }, sipCallId: `late-${Date.now()}`, body: '' };
      far.stack.invite({ ...late, events: { answerOffer: () => HELD, answered: (established) => void answers.push(new RecordedCall(established)), failed: () => undefined } });
      const incoming = await near.nextCall();
      expect(incoming.body).toBe('');
      const callee = new RecordedCall(await incoming.answer(OFFER));
      await until('the answer in the ACK', () => callee.answers[0] === HELD);
    });
  });

  describe('session timers', () => {
    it.each(['udp', 'tcp'] as const)('keep a call alive over %s by refreshing it', async (transport) => {
      const near = await rig.party(make, { minSessionExpiresS: 1 });
      const far = await rig.party(createNativeSipStack, { minSessionExpiresS: 1 });
      const { caller, callee } = await connected(near, far, { sessionExpiresS: 1, transport });
      const before = near.stack.stats.received + far.stack.stats.received;
      await until('two refreshes', () => near.stack.stats.received + far.stack.stats.received >= before + 4);
      expect([caller.ends, callee.ends]).toEqual([[], []]);
      caller.call.hangup();
      await callee.ended();
    });

    it('end a call whose peer is gone', async () => {
      const near = await rig.party(make, { minSessionExpiresS: 1, t1Ms: 10 });
      const far = await rig.party(createNativeSipStack, { minSessionExpiresS: 1, t1Ms: 10 });
      const { callee } = await connected(far, near, { sessionExpiresS: 1 });
      await far.stack.stop();
      expect(await callee.ended()).toMatchObject({ by: 'timeout' });
    });
  });

  describe('the end of a call whose process died', () => {
    const rebirth = async (party: { readonly stack: SipStack; readonly address: { readonly port: number } }) => {
      await party.stack.stop();
      return rig.party(make, { port: party.address.port, transports: ['udp'] });
    };

    it('is a BYE when it was established', async () => {
      const { near, far } = await pair();
      const { caller, callee } = await connected(near, far);
      const snapshot = caller.call.snapshot();
      expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
      const heir = await rebirth(near);
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('is a CANCEL while it rings', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      const incoming = await far.nextCall();
      const cancels: unknown[] = [];
      incoming.onCancel((end) => cancels.push(end));
      incoming.ring();
      await invite.ringing();
      const snapshot = invite.snapshot();
      const heir = await rebirth(near);
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      expect(cancels).toHaveLength(1);
    });

    it('acknowledges and hangs up an answer that nobody awaited', async () => {
      const { near, far } = await pair();
      const invite = call(near, far);
      const incoming = await far.nextCall();
      incoming.ring();
      await invite.ringing();
      const snapshot = invite.snapshot();
      await near.stack.stop();
      const answer = incoming.answer(ANSWER);
      const heir = await rig.party(make, { port: near.address.port, transports: ['udp'] });
      expect(await heir.stack.endOrphan(snapshot)).toEqual({ ended: true });
      const callee = new RecordedCall(await answer);
      expect(await callee.ended()).toMatchObject({ by: 'remote' });
    });

    it('is not claimed when nobody answers', async () => {
      const near = await rig.party(make, { t1Ms: 5 });
      const snapshot = {
        state: 'confirmed', sipCallId: 'gone', localTag: 'l', remoteTag: 'r', localUri: '<sip:a@h>;tag=l', remoteUri: '<sip:b@h>;tag=r', remoteTarget: 'sip:b@127.0.0.1:9',
        routeSet: [], localCSeq: 1, inviteBranch: 'z9hG4bKx', destination: { host: '127.0.0.1', port: 9, transport: 'udp' },
      } as const;
      expect(await near.stack.endOrphan(snapshot)).toEqual({ ended: false });
    });
  });

  describe('a stack', () => {
    it('says which port is taken', async () => {
      const near = await rig.party(make, { transports: ['udp'] });
      await expect(rig.party(make, { port: near.address.port, transports: ['udp'] })).rejects.toBeInstanceOf(PortInUseError);
    });

    it('answers OPTIONS and sends it', async () => {
      const { near, far } = await pair();
      for (const transport of ['udp', 'tcp'] as const) {
        expect(await near.stack.options({ ...far.address, transport }, 2_000)).toMatchObject({ reachable: true, code: 200 });
        expect(await far.stack.options({ ...near.address, transport }, 2_000)).toMatchObject({ reachable: true, code: 200 });
      }
      expect(await near.stack.options({ host: '127.0.0.1', port: 9, transport: 'udp' }, 100)).toMatchObject({ reachable: false });
    });

    it('says nothing at all to an unknown source', async () => {
      const near = await rig.party(make, { handlers: { classify: () => 'unknown' } });
      const far = await rig.party(createNativeSipStack, { t1Ms: 5 });
      expect(await far.stack.options(near.address, 300)).toMatchObject({ reachable: false });
      const invite = call(far, near);
      expect(await invite.failed()).toMatchObject({ by: 'transport' });
      expect(near.incoming).toEqual([]);
      expect(near.stack.stats.sent).toBe(0);
    });

    it('reads requests that come over TCP in pieces, and several in one piece', async () => {
      const { near } = await pair();
      const request = (n: number): string =>
        `OPTIONS sip:x SIP/2.0\r\nv: SIP/2.0/TCP 127.0.0.1:5999;branch=z9hG4bK${n}\r\nf: <sip:a@b>;tag=1\r\nt: <sip:x>\r\ni: pieces-${n}\r\nCSeq: ${n} OPTIONS\r\nl: 0\r\n\r\n`;
      const socket = connect(near.address.port, '127.0.0.1');
      let received = '';
      socket.on('data', (chunk: Buffer) => void (received += chunk.toString()));
      socket.setNoDelay(true);
      const first = request(1);
      for (let at = 0; at < first.length; at += 60) {
        socket.write(first.slice(at, at + 60));
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      socket.write(`\r\n\r\n${request(2)}${request(3)}${request(4).slice(0, 30)}`);
      socket.write(request(4).slice(30));
      await until('four answers', () => received.split('SIP/2.0 200 OK').length === 5);
      expect(received).toContain('\r\n\r\n\r\n');
      socket.destroy();
    });
  });
}
