import { describe, expect } from 'vitest';
import { ANSWER, HELD, HOLD, OFFER, RecordedCall, RecordedInvite, until } from './rig.ts';
import type { Party, PartyOptions, Rig, SipStackFactory } from './rig.ts';
import { it } from './side-by-side.ts';
import { sipp, sippMissing } from './sipp.ts';

type Callee = (party: Party) => Promise<void>;
type Caller = (invite: RecordedInvite, party: Party) => Promise<void>;

const TRUNK = { username: 'ritmo', password: 'segredo' };

/** Our side of a scenario in which SIPp answers. */
const CALLERS: Readonly<Record<string, Caller>> = {
  'uas-answered-peer-hangs-up-expect-200': async (invite) => {
    const { call } = await invite.answered();
    expect(await call.ended()).toEqual({ by: 'remote', sipCode: 200, q850: 16, reasonPhrase: 'Normal' });
    expect(invite.provisionals).toEqual([{ code: 180, body: undefined }]);
  },
  'uas-answered-caller-hangs-up-expect-200': hangUp,
  'uas-busy-expect-486': refused({ by: 'remote', sipCode: 486, q850: 17 }),
  'uas-invalid-number-expect-404': refused({ by: 'remote', sipCode: 404, q850: 1 }),
  'uas-declined-expect-603': refused({ by: 'remote', sipCode: 603 }),
  'uas-unavailable-expect-503': refused({ by: 'remote', sipCode: 503 }),
  'uas-no-answer-expect-487': async (invite) => {
    await invite.ringing();
    invite.outgoing.cancel();
    expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
  },
  'uas-cancel-loses-race-expect-bye': async (invite) => {
    await invite.ringing();
    invite.outgoing.cancel();
    expect(await invite.failed()).toMatchObject({ by: 'local', sipCode: 487 });
    expect(invite.answers).toEqual([]);
  },
  'uas-late-ringing-expect-200': hangUp,
  'uas-early-media-expect-200': async (invite) => {
    const progress = await invite.ringing();
    expect(progress.code).toBe(183);
    expect(progress.body).toContain('m=audio');
    await hangUp(invite);
  },
  'uas-forked-ringing-expect-200': hangUp,
  'uas-two-forks-answer-expect-bye': async (invite, party) => {
    const { call } = await invite.answered();
    await until('the BYE of the second fork', () => party.stack.stats.sent >= 4);
    expect(invite.answers).toHaveLength(1);
    call.call.hangup();
    await call.ended();
  },
  'uas-proxy-challenge-expect-407': hangUp,
  'uas-server-challenge-expect-401': hangUp,
  'uas-retransmitted-answer-expect-ack': async (invite, party) => {
    const { call } = await invite.answered();
    await until('the second ACK', () => party.stack.stats.sent >= 3);
    call.call.hangup();
    await call.ended();
    expect(invite.answers).toHaveLength(1);
  },
  'uas-holds-expect-200': async (invite) => {
    const { call } = await invite.answered();
    await call.ended();
    expect(call.offers).toHaveLength(2);
    expect(call.offers[0]).toContain('a=sendonly');
  },
  'uas-is-held-expect-200': async (invite) => {
    const { call } = await invite.answered();
    expect(await call.call.reinvite(HOLD)).toContain('m=audio');
    call.call.hangup();
    await call.ended();
  },
  'uas-glare-expect-491': async (invite) => {
    const { call } = await invite.answered();
    expect(await call.call.reinvite(HOLD)).toContain('m=audio');
    call.call.hangup();
    await call.ended();
  },
  'uas-transfers-expect-202': async (invite) => {
    const { call } = await invite.answered();
    const request = await until('the REFER', () => call.refers[0]);
    expect(request.targetUser).toBe('300');
    const progress = request.accept();
    progress.succeeded();
    await call.ended();
  },
  'uas-reliable-progress-expect-prack': hangUp,
  'uas-updates-expect-200': async (invite) => {
    await (await invite.answered()).call.ended();
  },
  'uas-record-routed-expect-route': hangUp,
  'uas-interval-too-small-expect-422': hangUp,
};

async function hangUp(invite: RecordedInvite): Promise<void> {
  const { call } = await invite.answered();
  call.call.hangup();
  expect(await call.ended()).toMatchObject({ by: 'local' });
}

function refused(end: object): Caller {
  return async (invite) => {
    expect(await invite.failed()).toMatchObject(end);
  };
}

/** Our side of a scenario in which SIPp calls. */
const CALLEES: Readonly<Record<string, Callee>> = {
  'uac-answered-expect-200': answerAndListen,
  'uac-answered-callee-hangs-up-expect-200': async (party) => {
    const call = await answer(party);
    call.call.hangup({ q850: 16 });
    expect(await call.ended()).toMatchObject({ by: 'local' });
  },
  'uac-busy-expect-486': async (party) => {
    (await party.nextCall()).reject(486, { reason: { q850: 17 } });
  },
  'uac-gives-up-expect-487': async (party) => {
    const incoming = await party.nextCall();
    const ends: unknown[] = [];
    incoming.onCancel((end) => ends.push(end));
    incoming.ring();
    await until('the cancel', () => ends.length === 1);
    await expect(incoming.answer(ANSWER)).rejects.toThrow('cancelled');
  },
  'uac-lost-ack-expect-200-again': async (party) => {
    await answerAndListen(party);
    expect(party.stack.stats.retransmissions).toBeGreaterThan(1);
  },
  'uac-late-offer-expect-offer-in-200': async (party) => {
    const incoming = await party.nextCall();
    expect(incoming.body).toBe('');
    const call = new RecordedCall(await incoming.answer(OFFER));
    await call.ended();
    expect(call.answers[0]).toContain('m=audio');
  },
  'uac-holds-expect-200': async (party) => {
    const call = await answer(party);
    await call.ended();
    expect(call.offers[0]).toContain('a=sendonly');
  },
  'uac-bye-before-ack-expect-200': answerAndListen,
  'uac-hangs-up-while-ringing-expect-487': async (party) => {
    const incoming = await party.nextCall();
    const ends: unknown[] = [];
    incoming.onCancel((end) => ends.push(end));
    incoming.ring();
    await until('the end', () => ends.length === 1);
  },
  'uac-options-expect-200': nothing,
  'uac-unknown-method-expect-405': nothing,
  'uac-unknown-dialog-expect-481': nothing,
  'uac-unknown-extension-expect-420': nothing,
  'uac-interval-too-small-expect-422': nothing,
  'uac-session-timer-expect-refresher': answerAndListen,
  'uac-wants-reliable-progress-expect-prack': answerAndListen,
  'uac-sends-digits-expect-200': async (party) => {
    const call = await answer(party);
    await call.ended();
    expect(call.digits).toEqual(['7']);
  },
  'uac-stale-cseq-expect-500': answerAndListen,
};

/** The same, from an extension. */
const EXTENSIONS: Readonly<Record<string, Callee>> = {
  'uac-extension-expect-407': answerAndListen,
  'uac-extension-wrong-password-expect-403': nothing,
  'uac-register-expect-200': async (party) => {
    await until('both registrations', () => party.registrations.length >= 2);
    expect(party.registrations[0]).toBe('registered 200');
  },
};

/** SIPp ignores a repeated message on UDP only. */
const UDP_ONLY: ReadonlySet<string> = new Set(['uac-lost-ack-expect-200-again']);

async function answer(party: Party): Promise<RecordedCall> {
  const incoming = await party.nextCall();
  incoming.ring();
  return new RecordedCall(await incoming.answer(ANSWER), () => HELD);
}

async function answerAndListen(party: Party): Promise<void> {
  const call = await answer(party);
  expect(await call.ended()).toMatchObject({ by: 'remote' });
}

async function nothing(): Promise<void> {
  // The stack answers by itself.
}

/** SIPp on the other side; its exit code is the assertion. */
export function sippContract(make: SipStackFactory): void {
  const missing = sippMissing();
  if (missing !== undefined) {
    it.skip(`SIPp scenarios: ${missing}`, () => undefined);
    return;
  }
  describe.concurrent('SIPp answers', () => {
    it.for(Object.entries(CALLERS))('%s', async ([scenario, act], { rig }) => {
      const far = await sipp(scenario);
      const near = await rig.party(make, { t1Ms: 200 });
      const invite = new RecordedInvite(near.stack, {
        uri: `sip:55@${far.address.host}:${far.address.port}`, from: { user: '1130001000' }, sipCallId: `sipp-${scenario}`, body: OFFER, credentials: TRUNK,
      });
      await Promise.all([far.passed(), act(invite, near)]);
    });
  });

  const calls = async (rig: Rig, scenario: string, act: Callee, transport: 'udp' | 'tcp', options: PartyOptions): Promise<void> => {
    const near = await rig.party(make, { t1Ms: 200, ...options });
    const far = await sipp(scenario, { target: { ...near.address, transport } });
    await Promise.all([far.passed(), act(near)]);
  };
  const extension: PartyOptions = {
    handlers: { classify: () => 'extension', credentialsOf: (user) => (user === '200' ? { username: '200', password: 'segredo' } : undefined) },
  };

  describe.each(['udp', 'tcp'] as const)('SIPp calls over %s', (transport) => {
    it.for(Object.entries(CALLEES).filter(([scenario]) => transport === 'udp' || !UDP_ONLY.has(scenario)))('%s', ([scenario, act], { rig }) => calls(rig, scenario, act, transport, {}));
    it.for(Object.entries(EXTENSIONS))('%s', ([scenario, act], { rig }) => calls(rig, scenario, act, transport, extension));
  });
}
