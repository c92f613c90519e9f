import { addNote, asExtension, asId, fact, noContact, startAttempt, streams, evolve, type CallId, type CampaignId, type ContactId, type ContactState } from '@ritmo/domain';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createContactBook, type ContactBook, type KnownContact } from './contact-book.ts';
import { entry, startRig, type Rig } from './testing/rig.ts';

const ids = { contactId: asId<ContactId>(5), campaignId: asId<CampaignId>(1) };
const phone = { phoneId: asId<never>(9), priority: 1, areaCode: '11', number: '900000001', dialNow: false, dialAt: null };
const imported = fact('ContactImported', 1_000, { ...ids, parameters: ['a'], phones: [phone], source: 'test', by: { kind: 'system' } });
const rules = { campaign: entry('campaign', { id: 1, name: 'c', queueId: 1 }), window: undefined, dayZone: 'America/Sao_Paulo' };

let rig: Rig;
let first: ContactBook;
let second: ContactBook;
let read: KnownContact;

beforeEach(async () => {
  rig = await startRig();
  first = createContactBook(rig.context);
  second = createContactBook(rig.context);
  await rig.context.journal.commit(streams.contact(ids.contactId), 'none', [imported]);
  // What both read from the index before either of them began.
  read = { contactId: ids.contactId, version: 0, state: evolve(noContact, imported) };
});
afterEach(() => rig.close());

const starts = (callId: string) => (state: ContactState) =>
  startAttempt(state, { atMs: 2_000, rules, blocked: 'no', callId: callId as CallId, way: { routeId: asId(1), trunkId: asId(1) }, dialString: '', callerId: '', agentId: null });

it('of two that begin an attempt on the same state one succeeds', async () => {
  const outcomes = await Promise.all([first.decideOnce(read, starts('1.1')), second.decideOnce(read, starts('1.2'))]);
  expect(outcomes.map((outcome) => (outcome.ok ? 'started' : outcome.code)).sort()).toEqual(['conflict', 'started']);
  expect(await rig.facts('AttemptStarted')).toHaveLength(1);
});

it('one that read an old state from the index does not begin a second attempt', async () => {
  await first.decideOnce(read, starts('1.1'));
  expect(await first.decideOnce(read, starts('1.2'))).toMatchObject({ ok: false, code: 'not-open' });
  expect(await second.decideOnce(read, starts('1.3'))).toMatchObject({ ok: false, code: 'conflict' });
  expect(await second.decideOnce(read, starts('1.4'))).toMatchObject({ ok: false, code: 'not-open' });
});

it('a command of a person is decided again on what the other one did', async () => {
  const note = (text: string) => (state: ContactState) => addNote(state, { atMs: 3_000, phoneId: null, extension: asExtension('1'), text });
  await first.decideOnce(read, starts('1.1'));
  const outcomes = await Promise.all(['a', 'b', 'c'].map((text, index) => (index === 1 ? first : second).decide(ids.contactId, note(text))));
  expect(outcomes.every((outcome) => outcome.ok)).toBe(true);
  expect((await second.load(ids.contactId)).state.status).toBe('dialing');
  expect(await rig.facts('ContactNoteAdded')).toHaveLength(3);
});

it('forgets what the index has, and nothing newer', async () => {
  await first.decideOnce(read, starts('1.1'));
  expect(first.size).toBe(1);
  first.forget([{ contactId: ids.contactId, version: 0 }]);
  expect([first.size, first.aheadOfIndex(ids.campaignId)]).toEqual([1, 1]);
  first.forget([{ contactId: ids.contactId, version: 1 }]);
  expect([first.size, first.aheadOfIndex(ids.campaignId)]).toEqual([0, 0]);
});
