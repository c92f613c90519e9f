/** For tests: given facts, when a command, then facts. */
import { expect } from 'vitest';
import { directorySchemas, type Campaign, type Disposition } from '../directory/entries.ts';
import { fact, type ContactPhone, type DomainEvent } from '../events.ts';
import { asId, type CallId, type CampaignId, type ContactId, type PhoneId, type RouteId, type TrunkId } from '../ids.ts';
import type { DialRules, StartAttempt, EndAttempt } from './attempts.ts';
import { evolve } from './evolve.ts';
import { noContact, type ContactState, type Decided } from './state.ts';
import { Value } from '@sinclair/typebox/value';

export const contactId = asId<ContactId>(10);
export const campaignId = asId<CampaignId>(1);
const ids = { contactId, campaignId };
export const by = { kind: 'system' } as const;
/** Monday 2026-11-23, 12:00 in São Paulo. */
export const noon = Date.parse('2026-11-23T15:00:00Z');
export const minuteMs = 60_000;

export const phoneId = (priority: number): PhoneId => asId<PhoneId>(100 + priority);
export const phone = (priority: number, changed: Partial<ContactPhone> = {}): ContactPhone => ({
  phoneId: phoneId(priority), priority, areaCode: '11', number: `90000000${priority}`, dialNow: false, dialAt: null, ...changed,
});
export const imported = (phones: readonly ContactPhone[] = [phone(1), phone(2), phone(3)], at = noon): DomainEvent =>
  fact('ContactImported', at, { ...ids, parameters: ['a', 'b'], phones, source: 'test', by });

export const campaign = (changed: Partial<Campaign> = {}): Campaign =>
  Value.Default(directorySchemas.campaign, { id: 1, name: 'test', queueId: 1, maxAttemptsPerDay: 5, ...changed }) as Campaign;
export const rules = (changed: Partial<DialRules> = {}): DialRules => ({ campaign: campaign(), window: undefined, dayZone: 'America/Sao_Paulo', ...changed });
export const disposition = (id: number, changed: Partial<Disposition> = {}): Disposition => Value.Default(directorySchemas.disposition, { id, name: `d${id}`, ...changed }) as Disposition;

export const callId = (n: number): CallId => `1.${n}` as CallId;
export const way = (trunkId = 1) => ({ routeId: asId<RouteId>(1), trunkId: asId<TrunkId>(trunkId) });
export const starting = (n: number, changed: Partial<StartAttempt> = {}): StartAttempt => ({
  atMs: noon, rules: rules(), blocked: 'no', callId: callId(n), way: way(), dialString: '11', callerId: '', agentId: null, ...changed,
});
export const ending = (n: number, outcome: EndAttempt['outcome'], changed: Partial<EndAttempt> = {}): EndAttempt => ({
  atMs: noon, callId: callId(n), outcome, agentId: null, sipCode: null, q850: null, ringMs: 0, billMs: 0, campaign: campaign(), failoverTrunkId: null,
  isFinishing: () => false, dispositionWaitMs: 15 * minuteMs, ...changed,
});

const after = (facts: readonly DomainEvent[]): ContactState => facts.reduce(evolve, noContact);

export interface Story {
  /** Goes on with what the command decides; a refusal fails the test. */
  when(command: (state: ContactState) => Decided<string>): Story;
  /** The last command's facts, by type with the data that matters. */
  then(...expected: readonly (readonly [DomainEvent['type'], object])[]): Story;
  refuses(command: (state: ContactState) => Decided<string>, code: string): Story;
  readonly state: ContactState;
  /** Of the last command. */
  readonly facts: readonly DomainEvent[];
}

export function given(...facts: readonly DomainEvent[]): Story {
  return story(after(facts), []);
}

function story(state: ContactState, last: readonly DomainEvent[]): Story {
  return {
    state,
    facts: last,
    when(command) {
      const decided = command(state);
      if (!decided.ok) throw new Error(`refused: ${decided.code}`);
      return story(decided.facts.reduce(evolve, state), decided.facts);
    },
    then(...expected) {
      expect(last.map(({ type }) => type)).toEqual(expected.map(([type]) => type));
      for (const [index, [, data]] of expected.entries()) expect(last[index]?.data).toMatchObject(data);
      return this;
    },
    refuses(command, code) {
      expect(command(state)).toMatchObject({ ok: false, code });
      return this;
    },
  };
}
