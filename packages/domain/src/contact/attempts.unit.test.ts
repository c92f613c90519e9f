import { describe, expect, it } from 'vitest';
import type { CallWindow } from '../directory/entries.ts';
import { asId, type TrunkId } from '../ids.ts';
import { dispositionOf, endAttempt, startAttempt, type EndAttempt, type StartAttempt } from './attempts.ts';
import { withdrawAttempt } from './withdraw.ts';
import { importContact, offerPreview, setDisposition } from './commands.ts';
import { by, callId, campaign, campaignId, contactId, disposition, ending, given, imported, minuteMs, noon, phone, phoneId, rules, starting, way } from './given.ts';
import { nextDial, noContact, type ContactState } from './state.ts';

const start = (n: number, changed: Partial<StartAttempt> = {}) => (state: ContactState) => startAttempt(state, starting(n, changed));
const end = (n: number, outcome: EndAttempt['outcome'], changed: Partial<EndAttempt> = {}) => (state: ContactState) => endAttempt(state, ending(n, outcome, changed));
const window: CallWindow = { id: 1, name: 'office hours', periods: [{ days: [1, 2, 3, 4, 5], from: '09:00', to: '18:00' }], holidays: [], timeZones: {} };
const night = Date.parse('2026-11-24T01:00:00Z');
const retrying = campaign({ retries: [{ outcome: 'busy', samePhoneTries: 2, afterMinutes: 10, then: 'next-phone', nextPhoneAfterMinutes: 5 }] });

describe('import', () => {
  it('plans the first phone by priority', () => {
    const { state } = given(imported([phone(2), phone(1)]));
    expect(nextDial(state)).toMatchObject({ phoneId: phoneId(1), at: noon, reason: 'fresh' });
  });

  it('a scheduled phone goes first at its time and the others wait for it', () => {
    const { state } = given(imported([phone(1), phone(2, { dialAt: noon + minuteMs })]));
    expect(nextDial(state)).toMatchObject({ phoneId: phoneId(2), at: noon + minuteMs, reason: 'callback' });
  });

  it('discar agora goes first, at once', () => {
    expect(nextDial(given(imported([phone(1), phone(2, { dialNow: true })])).state)).toMatchObject({ phoneId: phoneId(2), at: noon, reason: 'dial-now' });
  });

  it('refuses a contact twice, and one without phones', () => {
    const command = { atMs: noon, contactId, campaignId, parameters: [], phones: [phone(1)], source: 'test', by };
    given(imported()).refuses((state) => importContact(state, command), 'exists');
    expect(importContact(noContact, { ...command, phones: [] })).toMatchObject({ code: 'no-phones' });
  });
});

describe('start of an attempt', () => {
  it('records who, where and why', () => {
    given(imported())
      .when(start(1, { callerId: '5511', dialString: '011900000001' }))
      .then(['AttemptStarted', { callId: callId(1), phoneId: phoneId(1), number: '900000001', dialString: '011900000001', callerId: '5511', reason: 'fresh' }]);
  });

  it('is refused while another one is in progress, before its time, and after the end', () => {
    given(imported()).when(start(1)).refuses(start(2), 'not-open');
    given(imported([phone(1, { dialAt: noon + 1 })])).refuses(start(1), 'not-due');
    given(imported([phone(1)])).when(start(1)).when(end(1, 'busy')).refuses(start(2), 'not-open');
  });

  it('a blocked phone is passed over for good and the next one comes', () => {
    given(imported([phone(1), phone(2)]))
      .when(start(1, { blocked: { blockListId: 4 } }))
      .then(['PhoneSkipped', { rule: 'blocked', phoneId: phoneId(1), retryAt: null }])
      .when(start(2))
      .then(['AttemptStarted', { phoneId: phoneId(2) }]);
  });

  it('a contact whose last phone is blocked is finished', () => {
    given(imported([phone(1)])).when(start(1, { blocked: { blockListId: 4 } })).then(['PhoneSkipped', {}], ['ContactFinished', { reason: 'exhausted' }]);
  });

  it('a block list holds for scheduled calls', () => {
    given(imported([phone(1, { dialNow: true })])).when(start(1, { blocked: { blockListId: 4 } })).then(['PhoneSkipped', { rule: 'blocked' }], ['ContactFinished', {}]);
  });

  it('when the block lists cannot be asked the answer is no, for a while', () => {
    given(imported([phone(1)])).when(start(1, { blocked: 'unknown' })).then(['PhoneSkipped', { rule: 'check-failed', retryAt: noon + 30_000 }]);
  });

  it('outside the window it waits for the next opening', () => {
    given(imported([phone(1)], night))
      .when(start(1, { atMs: night, rules: rules({ window }) }))
      .then(['PhoneSkipped', { rule: 'window', retryAt: Date.parse('2026-11-24T12:00:00Z') }]);
  });

  it('a scheduled call goes ahead of the window and of the attempts per day', () => {
    const tight = rules({ window, campaign: campaign({ maxAttemptsPerDay: 1 }) });
    given(imported([phone(1, { dialNow: true }), phone(2, { dialAt: night + 1 })], night))
      .when(start(1, { atMs: night, rules: tight }))
      .then(['AttemptStarted', { reason: 'dial-now' }])
      .when(end(1, 'busy', { atMs: night + 1 }))
      .when(start(2, { atMs: night + 1, rules: tight }))
      .then(['AttemptStarted', { reason: 'callback' }]);
  });

  it('more attempts than a day allows wait for the next day', () => {
    const tight = rules({ campaign: campaign({ maxAttemptsPerDay: 1 }) });
    given(imported()).when(start(1)).when(end(1, 'busy')).when(start(2, { rules: tight }))
      .then(['PhoneSkipped', { rule: 'attempts-per-day', retryAt: Date.parse('2026-11-24T03:00:00Z') }])
      .when(start(3, { rules: tight, atMs: Date.parse('2026-11-24T03:00:00Z') })).then(['AttemptStarted', {}]);
  });

  it('an impossible number is passed over, and one without a route waits', () => {
    given(imported([phone(1, { number: '123' }), phone(2)])).when(start(1)).then(['PhoneSkipped', { rule: 'invalid-number', retryAt: null }]);
    given(imported()).when(start(1, { way: undefined })).then(['PhoneSkipped', { rule: 'no-route', retryAt: noon + 300_000 }]);
  });
});

describe('end of an attempt', () => {
  it('tries the same phone as often as the strategy says, then the next one, then finishes', () => {
    given(imported([phone(1), phone(2)]))
      .when(start(1)).when(end(1, 'busy', { campaign: retrying }))
      .then(['AttemptEnded', { dispositionId: 7, next: { kind: 'retry-phone', phoneId: phoneId(1), at: noon + 10 * minuteMs } }])
      .when(start(2, { atMs: noon + 10 * minuteMs })).then(['AttemptStarted', { reason: 'retry' }])
      .when(end(2, 'busy', { campaign: retrying }))
      .when(start(3, { atMs: noon + 20 * minuteMs }))
      .when(end(3, 'busy', { campaign: retrying })).then(['AttemptEnded', { next: { kind: 'next-phone', phoneId: phoneId(2), at: noon + 5 * minuteMs } }])
      .when(start(4, { atMs: noon + 60 * minuteMs })).then(['AttemptStarted', { phoneId: phoneId(2), reason: 'fresh' }])
      .when(end(4, 'no-answer')).then(['AttemptEnded', { dispositionId: 8, next: { kind: 'exhausted' } }], ['ContactFinished', { reason: 'exhausted', dispositionId: 8 }]);
  });

  it('gives up where the strategy says so', () => {
    const giveUp = campaign({ retries: [{ outcome: 'rejected', samePhoneTries: 0, afterMinutes: 0, then: 'give-up', nextPhoneAfterMinutes: 0 }] });
    given(imported()).when(start(1)).when(end(1, 'rejected', { campaign: giveUp })).then(['AttemptEnded', { next: { kind: 'exhausted' } }], ['ContactFinished', {}]);
  });

  it('stops at the most attempts of a contact', () => {
    given(imported()).when(start(1)).when(end(1, 'busy', { campaign: campaign({ maxAttempts: 1 }) })).then(['AttemptEnded', { next: { kind: 'exhausted' } }], ['ContactFinished', {}]);
  });

  it('stops at the most attempts of a contact after a conversation too', () => {
    given(imported()).when(start(1)).when(end(1, 'delivered', { campaign: campaign({ maxAttempts: 1 }) })).then(['AttemptEnded', { next: { kind: 'exhausted' } }], ['ContactFinished', {}]);
  });

  it('a failed trunk hands over to another one without costing an attempt of the day', () => {
    const story = given(imported([phone(1)]))
      .when(start(1)).when(end(1, 'trunk-failure', { failoverTrunkId: asId<TrunkId>(2) }))
      .then(['AttemptEnded', { dispositionId: 12, next: { kind: 'failover', trunkId: 2 } }]);
    expect(nextDial(story.state)).toMatchObject({ reason: 'failover', failedTrunkIds: [1], at: noon });
    story
      .when(start(2, { way: way(2), rules: rules({ campaign: campaign({ maxAttemptsPerDay: 1 }) }) })).then(['AttemptStarted', { reason: 'failover', trunkId: 2 }])
      .when(end(2, 'trunk-failure')).then(['AttemptEnded', { next: { kind: 'exhausted' } }], ['ContactFinished', {}]);
  });

  it('delivered without a disposition is Entregue Sem Tabulação and the next phone waits for one', () => {
    given(imported()).when(start(1)).when(end(1, 'delivered'))
      .then(['AttemptEnded', { dispositionId: 22, next: { kind: 'next-phone', phoneId: phoneId(2), at: noon + 15 * minuteMs } }]);
  });

  it('a disposition that the directory marks as finishing ends the contact', () => {
    given(imported()).when(start(1)).when(end(1, 'delivered', { isFinishing: (id) => id === 22 }))
      .then(['AttemptEnded', { next: { kind: 'finished' } }], ['ContactFinished', { reason: 'disposition', dispositionId: 22 }]);
  });

  it('each outcome has its disposition', () => {
    const outcomes = ['delivered', 'abandoned', 'machine', 'busy', 'no-answer', 'rejected', 'invalid-number', 'trunk-failure', 'cancelled', 'interrupted'] as const;
    expect(outcomes.map(dispositionOf)).toEqual([22, 11, 24, 7, 8, 8, 13, 12, 26, 26]);
  });

  it('is refused twice, and for another call', () => {
    given(imported()).when(start(1)).refuses(end(2, 'busy'), 'not-dialing').when(end(1, 'busy')).refuses(end(1, 'busy'), 'not-dialing');
  });
});

describe('scheduled and ordinary calls together', () => {
  it('after an unsuccessful callback the strategy goes on with the next phone in order', () => {
    const callback = (state: ContactState) =>
      setDisposition(state, {
        atMs: noon, phoneId: phoneId(3), disposition: disposition(23, { reschedules: true }), callId: null, agentId: null, extension: null,
        dateAt: noon + minuteMs, maxCallbacksPerContact: 5, agentCallbacks: { open: 0, most: 5 }, by,
      });
    given(imported())
      .when(start(1)).when(callback).when(end(1, 'delivered'))
      .refuses(start(2), 'not-due')
      .when(start(2, { atMs: noon + minuteMs })).then(['AttemptStarted', { phoneId: phoneId(3), reason: 'callback' }])
      .when(end(2, 'no-answer', { atMs: noon + minuteMs })).then(['AttemptEnded', { next: { kind: 'next-phone', phoneId: phoneId(2) } }]);
  });

  it('a conversation is what discar agora asked for: other phones to be dialed now wait for its disposition', () => {
    const both = imported([phone(1, { dialNow: true }), phone(2, { dialNow: true })]);
    expect(nextDial(given(both).when(start(1)).when(end(1, 'busy')).state)).toMatchObject({ phoneId: phoneId(2), reason: 'dial-now' });
    expect(nextDial(given(both).when(start(1)).when(end(1, 'delivered')).state)).toMatchObject({ phoneId: phoneId(2), at: noon + 15 * minuteMs, reason: 'fresh' });
  });

  it('a contact that is shown to an agent is not dialed meanwhile', () => {
    given(imported()).when((state) => offerPreview(state, { atMs: noon, agentId: asId(1) })).refuses(start(1), 'not-open');
  });
});

describe('an attempt that is taken back', () => {
  const withdraw = (n: number) => (state: ContactState) => withdrawAttempt(state, { atMs: noon, callId: callId(n), reason: 'slot-lapsed' });
  const openContact = (state: ContactState) => (state.status === 'none' ? undefined : state.contact);

  it('leaves the contact as it was, a second later', () => {
    const before = given(imported());
    const after = before.when(start(1)).when(withdraw(1)).then(['AttemptWithdrawn', { callId: callId(1), before: { attempts: 0, phoneAttempts: 0, dispositionId: null } }]);
    expect(after.state).toEqual({ ...before.state, contact: { ...openContact(before.state), plan: { phoneId: phoneId(1), at: noon + 1_000, reason: 'fresh', failedTrunkIds: [] } } });
  });

  it('is not counted among the attempts of the day', () => {
    const once = rules({ campaign: campaign({ maxAttemptsPerDay: 1 }) });
    given(imported()).when(start(1, { rules: once })).when(withdraw(1)).when(start(2, { rules: once, atMs: noon + 1_000 })).then(['AttemptStarted', { callId: callId(2), reason: 'fresh' }]);
  });

  it('was a callback: the callback is due again', () => {
    const { state } = given(imported([phone(1), phone(2, { dialAt: noon })])).when(start(1)).when(withdraw(1));
    expect(nextDial(state)).toMatchObject({ phoneId: phoneId(2), reason: 'callback', at: noon + 1_000 });
  });

  it('was a try of another trunk: that trunk is tried again', () => {
    const failed = given(imported()).when(start(1)).when(end(1, 'trunk-failure', { failoverTrunkId: asId<TrunkId>(2) }));
    const { state } = failed.when(start(2, { way: way(2) })).when(withdraw(2));
    expect(nextDial(state)).toMatchObject({ reason: 'failover', failedTrunkIds: [1] });
    expect(openContact(state)).toMatchObject({ attempts: 1, recentAttemptsAt: [noon] });
  });

  it('keeps what was said of the contact meanwhile', () => {
    const said = (finishing: boolean) => (state: ContactState) =>
      setDisposition(state, { atMs: noon, phoneId: phoneId(1), disposition: disposition(100, { finishing }), callId: null, agentId: null, extension: null, dateAt: null, maxCallbacksPerContact: 5, agentCallbacks: { open: 0, most: 5 }, by });
    given(imported()).when(start(1)).when(said(true)).when(withdraw(1)).then(['AttemptWithdrawn', {}], ['ContactFinished', { reason: 'disposition' }]);
    given(imported()).when(start(1)).when(said(false)).when(withdraw(1)).then(['AttemptWithdrawn', { before: { dispositionId: 100 } }]);
  });

  it('is refused when it is not the one in progress', () => {
    given(imported()).refuses(withdraw(1), 'not-dialing');
    given(imported()).when(start(1)).refuses(withdraw(2), 'not-dialing');
  });
});
