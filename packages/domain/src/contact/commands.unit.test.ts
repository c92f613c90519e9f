import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DomainEvent } from '../events.ts';
import { asId, type AgentId, type TrunkId } from '../ids.ts';
import { endAttempt, startAttempt } from './attempts.ts';
import { addNote, addPhone, announceAgentCallbacks, answerPreview, changeParameter, excludePhone, offerPreview, setDisposition, type SetDisposition } from './commands.ts';
import { by, campaign, disposition, ending, given, imported, minuteMs, noon, phone, phoneId, rules, starting } from './given.ts';
import { evolve } from './evolve.ts';
import { nextDial, noContact, type ContactState } from './state.ts';

const sets = (id: number, changed: Partial<SetDisposition> = {}, marks: Parameters<typeof disposition>[1] = {}) => (state: ContactState) =>
  setDisposition(state, {
    atMs: noon, phoneId: phoneId(1), disposition: disposition(id, marks), callId: null, agentId: asId<AgentId>(7), extension: null, callbackAt: null,
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
    const story = given(imported()).when(sets(60, { callbackAt: later }, { reschedules: true })).then(['DispositionSet', { effect: 'rescheduled' }], ['CallbackScheduled', { kind: 'system', at: later }]);
    expect(nextDial(story.state)).toMatchObject({ phoneId: phoneId(1), at: later, reason: 'callback' });
  });

  it('a date with a disposition that does not reschedule is no callback', () => {
    given(imported()).when(sets(93, { callbackAt: later })).then(['DispositionSet', { effect: 'none' }]);
  });

  it('1002 only reminds the agent, once, and nothing is dialed by itself from then on', () => {
    const story = given(imported()).when(sets(1002, { callbackAt: later })).then(['DispositionSet', {}], ['CallbackScheduled', { kind: 'agent', agentId: 7 }]);
    expect(nextDial(story.state)).toBeNull();
    const announce = (atMs: number) => (state: ContactState) => announceAgentCallbacks(state, { atMs });
    const done = story.refuses(announce(later - 1), 'none-due').when(announce(later)).then(['AgentCallbackDue', { agentId: 7, at: later, phoneId: phoneId(1) }]).refuses(announce(later), 'none-due');
    expect(nextDial(done.state)).toBeNull();
  });

  it('a callback opens a contact that was finished', () => {
    const story = given(imported([phone(1)])).when(start(1)).when(end(1, 'busy')).when(sets(60, { callbackAt: later }, { reschedules: true }));
    expect(story.state.status).toBe('open');
    story.when(start(2, later)).then(['AttemptStarted', { reason: 'callback' }]);
  });

  it('refuses times that have passed, too many callbacks, and phones of others', () => {
    const reschedules = { reschedules: true };
    given(imported())
      .refuses(sets(60, { callbackAt: noon }, reschedules), 'not-in-future')
      .refuses(sets(1002, { callbackAt: later, agentCallbacks: { open: 1, most: 1 } }), 'callbacks-exceeded')
      .refuses(sets(60, { phoneId: asId(1) }), 'contact-not-found')
      .when(sets(60, { callbackAt: later }, reschedules)).when(sets(60, { callbackAt: later }, reschedules))
      .refuses(sets(60, { callbackAt: later }, reschedules), 'callbacks-exceeded');
    expect(sets(60)(noContact)).toMatchObject({ code: 'contact-not-found' });
  });
});

describe('phones', () => {
  const adds = (priority: number) => (state: ContactState) => addPhone(state, { atMs: noon, phone: phone(priority), maxPhones: 3, by });
  const excludes = (priority: number) => (state: ContactState) => excludePhone(state, { atMs: noon, phoneId: phoneId(priority), by });

  it('are added on a free priority within the limit', () => {
    given(imported([phone(1)])).when(adds(2)).then(['PhoneAdded', {}]).refuses(adds(2), 'priority-taken').refuses(adds(4), 'priority-over-limit').refuses(adds(0), 'priority-over-limit');
  });

  it('open a contact that had run out of them, not one that a disposition ended', () => {
    const exhausted = given(imported([phone(1)])).when(start(1)).when(end(1, 'busy')).when(adds(2));
    expect(nextDial(exhausted.state)).toMatchObject({ phoneId: phoneId(2) });
    const sold = given(imported([phone(1)])).when(sets(50, {}, { finishing: true })).when(adds(2));
    expect(sold.state.status).toBe('finished');
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
          if (kind === 'callback') act(sets(60, { atMs: now, phoneId: target, callbackAt: now + n * minuteMs + 1 }, { reschedules: true })(state));
          if (kind === 'agent') act(sets(1002, { atMs: now, phoneId: target, callbackAt: now + minuteMs })(state));
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
        if (state.status === 'open') expect(nextDial(state) !== null || state.contact.agentCallbacks.length > 0 || facts.some((fact) => fact.type === 'AgentCallbackDue')).toBe(true);
      }),
      { numRuns: 300 },
    );
  });
});

