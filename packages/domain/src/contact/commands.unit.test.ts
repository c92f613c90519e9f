import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../events.ts';
import { asId, type AgentId, type TrunkId } from '../ids.ts';
import { endAttempt, startAttempt } from './attempts.ts';
import { addNote, addPhone, announceAgentCallbacks, answerPreview, changeParameter, excludePhone, offerPreview, setDisposition, type SetDisposition } from './commands.ts';
import { by, callId, campaign, disposition, ending, given, imported, minuteMs, noon, phone, phoneId, rules, starting } from './given.ts';
import { evolve } from './evolve.ts';
import { nextDial, noContact, type ContactState } from './state.ts';

const sets = (id: number, changed: Partial<SetDisposition> = {}, marks: Parameters<typeof disposition>[1] = {}) => (state: ContactState) =>
  setDisposition(state, {
    atMs: noon, phoneId: phoneId(1), disposition: disposition(id, marks), callId: null, agentId: asId<AgentId>(7), extension: null, dateAt: null,
    maxCallbacksPerContact: 2, agentCallbacks: { open: 0, most: 1 }, by, ...changed,
  });
const start = (n: number, atMs = noon) => (state: ContactState) => startAttempt(state, starting(n, { atMs }));
const end = (n: number, outcome: Parameters<typeof ending>[1]) => (state: ContactState) => endAttempt(state, ending(n, outcome));
const later = noon + 30 * minuteMs;

describe('dispositions', () => {
  it('a finishing one ends the contact at once when no call is up', () => {
    given(imported()).when(sets(50, {}, { finishing: true })).then(['DispositionSet', { effect: 'finished' }], ['ContactFinished', { reason: 'disposition', dispositionId: 50 }]);
  });

  it('a finishing one during the call ends the contact with the call', () => {
    given(imported()).when(start(1)).when(sets(50, {}, { finishing: true })).then(['DispositionSet', { effect: 'finished' }])
      .when(end(1, 'delivered')).then(['AttemptEnded', { dispositionId: 50, agentId: 7, next: { kind: 'finished' } }], ['ContactFinished', { dispositionId: 50 }]);
  });

  it('one that neither finishes nor reschedules lets the next phone go on at once', () => {
    const story = given(imported()).when(start(1)).when(end(1, 'delivered')).when(sets(93, { atMs: noon + 1_000 })).then(['DispositionSet', { effect: 'none' }]);
    expect(nextDial(story.state)).toMatchObject({ phoneId: phoneId(2), at: noon + 1_000 });
  });

  it('one that reschedules without a time tries the same phone again in an hour', () => {
    const during = given(imported()).when(start(1)).when(sets(60, {}, { reschedules: true })).when(end(1, 'delivered')).then(['AttemptEnded', { next: { kind: 'retry-phone', at: noon + 3_600_000 } }]);
    const afterwards = given(imported()).when(start(1)).when(end(1, 'delivered')).when(sets(60, {}, { reschedules: true }));
    for (const { state } of [during, afterwards]) expect(nextDial(state)).toMatchObject({ phoneId: phoneId(1), at: noon + 3_600_000, reason: 'retry' });
  });

  it('with a time it schedules the phone', () => {
    const story = given(imported()).when(sets(60, { dateAt: later }, { reschedules: true })).then(['DispositionSet', { effect: 'rescheduled' }], ['CallbackScheduled', { kind: 'system', at: later }]);
    expect(nextDial(story.state)).toMatchObject({ phoneId: phoneId(1), at: later, reason: 'callback' });
  });

  it('a date with a disposition that does not reschedule is that of the history entry, past or future, and no callback', () => {
    for (const dateAt of [noon - 30 * minuteMs, later]) given(imported()).when(sets(93, { dateAt })).then(['DispositionSet', { effect: 'none', historyAt: dateAt }]);
    const [withoutDate, callback] = [given(imported()).when(sets(93)), given(imported()).when(sets(60, { dateAt: later }, { reschedules: true }))];
    for (const story of [withoutDate, callback]) expect(story.facts[0]?.data).not.toHaveProperty('historyAt');
  });

  it('a finishing one takes callbacks with it, whichever phone it is said of (manual 1.2.2.3)', () => {
    const scheduled = given(imported()).when(sets(60, { phoneId: phoneId(3), dateAt: later }, { reschedules: true })).when(sets(1002, { phoneId: phoneId(2), dateAt: later }));
    const finished = scheduled.when(sets(50, {}, { finishing: true }));
    expect(finished.state).toMatchObject({ status: 'finished', contact: { scheduled: [], agentCallbacks: [] } });
    expect(nextDial(finished.state)).toBeNull();
  });

  it('a finishing one of another phone than the one in the call ends the contact with the call', () => {
    given(imported()).when(start(1)).when(sets(50, { phoneId: phoneId(2) }, { finishing: true })).then(['DispositionSet', { effect: 'finished' }])
      .when(end(1, 'busy')).then(['AttemptEnded', { dispositionId: 7, next: { kind: 'finished' } }], ['ContactFinished', { reason: 'disposition', dispositionId: 50 }]);
  });

  it('one that finishes and reschedules does with a date what it was given the date for, during the call as after it', () => {
    const marks = { finishing: true, reschedules: true };
    const during = given(imported()).when(start(1)).when(sets(60, { dateAt: later }, marks)).when((state) => endAttempt(state, ending(1, 'delivered', { isFinishing: () => true })));
    const after = given(imported()).when(start(1)).when(end(1, 'delivered')).when(sets(60, { dateAt: later }, marks));
    for (const { state } of [during, after]) expect(nextDial(state)).toMatchObject({ phoneId: phoneId(1), at: later, reason: 'callback' });
  });

  it('one that reschedules opens a contact that had run out of phones', () => {
    const story = given(imported([phone(1)])).when(start(1)).when(end(1, 'delivered')).when(sets(60, { dateAt: null }, { reschedules: true }));
    expect(nextDial(story.state)).toMatchObject({ phoneId: phoneId(1), at: noon + 3_600_000 });
  });

  const announce = (atMs: number) => (state: ContactState) => announceAgentCallbacks(state, { atMs });

  it('1002 only reminds the agent, once, and nothing is dialed by itself from then on', () => {
    const story = given(imported()).when(sets(1002, { dateAt: later }, { reschedules: true })).then(['DispositionSet', { effect: 'none' }], ['CallbackScheduled', { kind: 'agent', agentId: 7 }]);
    expect(nextDial(story.state)).toBeNull();
    const done = story.refuses(announce(later - 1), 'none-due').when(announce(later)).then(['AgentCallbackDue', { agentId: 7, at: later, phoneId: phoneId(1) }]).refuses(announce(later), 'none-due');
    expect(nextDial(done.state)).toBeNull();
  });

  it('1002 that falls due while a call is still up is not dialed when that call ends, nor are the other phones', () => {
    const [same, other] = [phoneId(1), phoneId(2)].map((target) => given(imported()).when(start(1)).when(sets(1002, { phoneId: target, dateAt: later })).when(announce(later)));
    for (const story of [same, other]) {
      expect(nextDial((story as NonNullable<typeof story>).when(end(1, 'delivered')).state)).toBeNull();
      expect(nextDial((story as NonNullable<typeof story>).when(end(1, 'busy')).state)).toBeNull();
    }
  });

  it('1002 without a date is refused: nobody would be reminded, and it must not be dialed instead', () => {
    given(imported()).refuses(sets(1002, {}, { reschedules: true }), 'not-in-future').refuses(sets(1002, { dateAt: noon }), 'not-in-future');
  });

  it('what the agent says after the reminder lets the strategy go on, or ends a contact with nothing left', () => {
    const reminded = (phones: Parameters<typeof imported>[0]) => given(imported(phones)).when(start(1)).when(sets(1002, { dateAt: later })).when(end(1, 'delivered')).when(announce(later));
    const goesOn = reminded([phone(1), phone(2)]).when(sets(93, { atMs: later }));
    expect(nextDial(goesOn.state)).toMatchObject({ phoneId: phoneId(2) });
    reminded([phone(1)]).when(sets(93, { atMs: later })).then(['DispositionSet', {}], ['ContactFinished', { reason: 'exhausted' }]);
  });

  it('the last appointment of a phone replaces the one before, the system\'s or the agent\'s', () => {
    const toAgent = given(imported()).when(sets(60, { dateAt: later }, { reschedules: true })).when(sets(1002, { dateAt: later }));
    expect(nextDial(toAgent.state)).toBeNull();
    const toSystem = given(imported()).when(sets(1002, { dateAt: later })).when(sets(60, { dateAt: later }, { reschedules: true })).refuses(announce(later), 'none-due');
    expect(nextDial(toSystem.state)).toMatchObject({ reason: 'callback' });
  });

  it('another time for a callback that the agent has is not one more of the agent', () => {
    const full = { agentCallbacks: { open: 1, most: 1 } };
    given(imported()).when(sets(1002, { dateAt: later }))
      .refuses(sets(1002, { dateAt: later, phoneId: phoneId(2), ...full }), 'callbacks-exceeded')
      .refuses(sets(1002, { dateAt: later, agentId: asId<AgentId>(8), ...full }), 'callbacks-exceeded')
      .when(sets(1002, { dateAt: later + minuteMs, ...full })).then(['DispositionSet', {}], ['CallbackScheduled', { at: later + minuteMs }]);
  });

  it('a callback opens a contact that was finished', () => {
    const story = given(imported([phone(1)])).when(start(1)).when(end(1, 'busy')).when(sets(60, { dateAt: later }, { reschedules: true }));
    expect(story.state.status).toBe('open');
    story.when(start(2, later)).then(['AttemptStarted', { reason: 'callback' }]);
  });

  it('refuses times that have passed, too many callbacks, and phones of others', () => {
    const reschedules = { reschedules: true };
    given(imported())
      .refuses(sets(60, { dateAt: noon }, reschedules), 'not-in-future')
      .refuses(sets(1002, { dateAt: later, agentCallbacks: { open: 1, most: 1 } }), 'callbacks-exceeded')
      .refuses(sets(60, { phoneId: asId(1) }), 'contact-not-found')
      .when(sets(60, { dateAt: later }, reschedules)).when(sets(60, { dateAt: later }, reschedules))
      .refuses(sets(60, { dateAt: later }, reschedules), 'callbacks-exceeded');
    expect(sets(60)(noContact)).toMatchObject({ code: 'contact-not-found' });
  });
});

describe('phones', () => {
  const adds = (priority: number) => (state: ContactState) => addPhone(state, { atMs: noon, phone: phone(priority), maxPhones: 3, by });
  const excludes = (priority: number) => (state: ContactState) => excludePhone(state, { atMs: noon, phoneId: phoneId(priority), by });

  it('are added on a free priority within the limit', () => {
    given(imported([phone(1)])).when(adds(2)).then(['PhoneAdded', {}]).refuses(adds(2), 'priority-taken').refuses(adds(4), 'priority-over-limit').refuses(adds(0), 'priority-over-limit');
    // A list may bring priorities beyond the limit that was set later: a free place among the first is no place then.
    given(imported([phone(1), phone(4), phone(5)])).refuses(adds(2), 'phones-exceeded');
  });

  it('open a contact that had run out of them, not one that a disposition ended', () => {
    const exhausted = given(imported([phone(1)])).when(start(1)).when(end(1, 'busy')).when(adds(2));
    expect(nextDial(exhausted.state)).toMatchObject({ phoneId: phoneId(2) });
    const sold = given(imported([phone(1)])).when(sets(50, {}, { finishing: true })).when(adds(2));
    expect(sold.state.status).toBe('finished');
  });

  it('are excluded while the agent already talks: Entregue ao Operador is not one of the intermediate states of 1.3.1.9', () => {
    given(imported([phone(1), phone(2)])).when(start(1)).when((state) => excludePhone(state, { atMs: noon, phoneId: phoneId(1), by, deliveredCallId: callId(1) })).then(['PhoneExcluded', {}])
      .when(end(1, 'delivered')).then(['AttemptEnded', { next: { kind: 'next-phone', phoneId: phoneId(2) } }]);
  });

  it('are excluded, but not while they are called or shown', () => {
    given(imported()).when(start(1)).refuses(excludes(1), 'intermediate').when(excludes(2)).then(['PhoneExcluded', {}]).refuses(excludes(2), 'not-found').refuses(excludes(9), 'not-found');
    given(imported()).when((state) => offerPreview(state, { atMs: noon, agentId: asId(1) })).refuses(excludes(1), 'intermediate');
  });

  it('the planned one gives way to the next, and the last one ends the contact', () => {
    const story = given(imported([phone(1), phone(2)])).when(excludes(1));
    expect(nextDial(story.state)).toMatchObject({ phoneId: phoneId(2) });
    story.when(excludes(2)).then(['PhoneExcluded', {}], ['ContactFinished', { reason: 'excluded' }]);
  });
});

describe('parameters, notes and previews', () => {
  it('a parameter is changed', () => {
    const { state } = given(imported()).when((s) => changeParameter(s, { atMs: noon, index: 4, value: 'x', by }));
    expect(state.status !== 'none' && state.contact.parameters).toEqual(['a', 'b', '', 'x']);
  });

  it('a note changes nothing else', () => {
    const before = given(imported());
    const story = before.when((s) => addNote(s, { atMs: noon, phoneId: null, extension: '1' as never, text: 'hi' })).then(['ContactNoteAdded', { text: 'hi' }]);
    expect(story.state).toEqual(before.state);
  });

  it('a preview is answered by the agent to whom it was shown; declined it comes later', () => {
    const answers = (agentId: number, accepted: boolean) => (s: ContactState) => answerPreview(s, { atMs: noon, agentId: asId(agentId), accepted });
    const shown = given(imported()).when((s) => offerPreview(s, { atMs: noon, agentId: asId(1) })).refuses(answers(2, true), 'not-offered');
    expect(nextDial(shown.when(answers(1, true)).state)).toMatchObject({ at: noon });
    expect(nextDial(shown.when(answers(1, false)).state)).toMatchObject({ at: noon + 10 * minuteMs });
  });
});

type Step = readonly [kind: 'start' | 'end' | 'callback' | 'agent' | 'finish' | 'note' | 'exclude' | 'announce' | 'wait', n: number];
const steps = fc.array(fc.tuple(fc.constantFrom<Step[0][]>('start', 'end', 'callback', 'agent', 'finish', 'note', 'exclude', 'announce', 'wait'), fc.nat(9)), { maxLength: 60 });
const outcomes = ['busy', 'no-answer', 'delivered', 'abandoned', 'trunk-failure', 'invalid-number', 'interrupted', 'machine', 'cancelled', 'rejected'] as const;

describe('any story of a contact', () => {
  it('has at most one attempt at a time, ends each once, and never dials excluded or finished', () => {
    fc.assert(
      fc.property(steps, fc.array(fc.nat(4), { maxLength: 3 }), (story, blockedAt) => {
        let state: ContactState = evolve(noContact, imported());
        const facts: DomainEvent[] = [];
        let now = noon;
        let calls = 0;
        const strict = rules({ campaign: campaign({ maxAttemptsPerDay: 4, maxAttempts: 12 }) });
        const act = (decided: { ok: true; facts: readonly DomainEvent[] } | { ok: false }): void => {
          if (!decided.ok) return;
          for (const fact of decided.facts) {
            if (fact.type === 'AttemptStarted') {
              expect(state.status).toBe('open');
              expect(state.status === 'open' && state.contact.phones.find((p) => p.phoneId === fact.data.phoneId)?.status).not.toBe('excluded');
            }
            if (fact.type === 'AttemptEnded') expect(state.status).toBe('dialing');
            state = evolve(state, fact);
            facts.push(fact);
          }
        };
        for (const [kind, n] of story) {
          const target = phoneId((n % 3) + 1);
          if (kind === 'wait') now += (n + 1) * 20 * minuteMs;
          if (kind === 'start') act(startAttempt(state, starting((calls += 1), { atMs: now, rules: strict, blocked: blockedAt.includes(n) ? { blockListId: 1 } : 'no' })));
          if (kind === 'end' && state.status === 'dialing') {
            act(endAttempt(state, ending(0, outcomes[n] ?? 'busy', { atMs: now, callId: state.attempt.callId, failoverTrunkId: n % 2 ? asId<TrunkId>(2) : null, campaign: strict.campaign })));
          }
          if (kind === 'callback') act(sets(60, { atMs: now, phoneId: target, dateAt: now + n * minuteMs + 1 }, { reschedules: true })(state));
          if (kind === 'agent') act(sets(1002, { atMs: now, phoneId: target, dateAt: now + minuteMs })(state));
          if (kind === 'finish') act(sets(50, { atMs: now, phoneId: target }, { finishing: true })(state));
          if (kind === 'note') act(addNote(state, { atMs: now, phoneId: null, extension: '1' as never, text: '' }));
          if (kind === 'exclude') act(excludePhone(state, { atMs: now, phoneId: target, by }));
          if (kind === 'announce') act(announceAgentCallbacks(state, { atMs: now }));
        }
        const started = facts.filter((fact) => fact.type === 'AttemptStarted').map((fact) => (fact.data as { callId: string }).callId);
        const ended = facts.filter((fact) => fact.type === 'AttemptEnded').map((fact) => (fact.data as { callId: string }).callId);
        expect(new Set(started).size).toBe(started.length);
        expect(ended).toEqual(started.slice(0, ended.length));
        expect(started.length - ended.length).toBe(state.status === 'dialing' ? 1 : 0);
        // The snapshot is what the facts say, also after a trip through JSON.
        expect([imported(), ...facts].reduce(evolve, noContact)).toEqual(state);
        expect(JSON.parse(JSON.stringify(state))).toEqual(state);
        if (state.status === 'open') expect(nextDial(state) !== null || state.contact.agentCallbacks.length > 0).toBe(true);
        // Disposition 1002 never dials by itself, and nothing else of the contact does while its agent has not spoken: only an appointment.
        for (const [index, fact] of facts.entries()) {
          const said = facts.slice(0, index).findLastIndex(({ type, data }) => type === 'CallbackScheduled' || type === 'PhoneExcluded' || (type === 'DispositionSet' && data.dispositionId !== 1002));
          if (fact.type === 'AttemptStarted' && facts[said]?.type === 'CallbackScheduled' && (facts[said]?.data as { kind: string }).kind === 'agent') expect(fact.data.reason).toBe('callback');
        }
      }),
      { numRuns: 300 },
    );
  });
});

