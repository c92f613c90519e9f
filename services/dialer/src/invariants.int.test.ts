/**
 * Tries to break what must always hold: a contact is never called twice at once, an attempt is made at most once, and nobody is
 * called who is blocked, finished or asleep. Random outcomes, lost facts, an index that is behind, dialers that die without a word and others that go on,
 * block lists and dispositions in between.
 */
import { asExtension, asId, zoneOffsetMs, type BlockListId, type ContactId } from '@ritmo/domain';
import { createRandom } from '@ritmo/testing';
import { expect, it } from 'vitest';
import type { Answer } from './testing/carrier-double.ts';
import { until } from './testing/rig.ts';
import { by, campaignId, carrier, factsOf, rig, start } from './testing/stage.ts';

const contactCount = 60;
const crashes = 4;
/** A check that came before a block list's change may still be followed by its INVITE. */
const onTheWayMs = 500;

/** `RITMO_TEST_SEEDS=20` runs more of them. */
const seeds = Array.from({ length: Number(process.env['RITMO_TEST_SEEDS'] ?? 3) }, (_, index) => index + 1);

const kinds = ['busy', 'no-answer', 'trunk-failure', 'invalid-number', 'rejected'] as const;

/** Open in São Paulo for three hours either way, so closed twelve hours away. */
function windowAroundNow() {
  const local = (hours: number): string => new Date(Date.now() + zoneOffsetMs('America/Sao_Paulo', Date.now()) + hours * 3_600_000).toISOString().slice(11, 16);
  return { name: 'around now', periods: [{ days: [0, 1, 2, 3, 4, 5, 6], from: local(-3), to: local(3) }], timeZones: { 21: 'Asia/Tokyo' }, holidays: [] };
}

it.each(seeds)('nobody is called twice at once, blocked, finished or outside the window, whatever dies (seed %i)', async (seed) => {
  const random = createRandom(seed);
  const answers = new Map<string, Answer>();
  const violations: string[] = [];
  const blockedSince = new Map<string, number>();
  const answer = (_to: string, callId: string): Answer => {
    let known = answers.get(callId);
    if (!known) answers.set(callId, (known = random.chance(0.4) ? { kind: 'answered', talkMs: random.integer(1, 60) } : { kind: kinds[random.integer(0, 4)] ?? 'busy' }));
    return known;
  };
  await start({
    answer, startDialer: false, agents: 8,
    campaign: {
      // More than any contact needs.
      callWindowId: 1, maxAttemptsPerDay: 30, maxAttempts: 30,
      retries: [{ outcome: 'busy', samePhoneTries: 2, afterMinutes: 0, then: 'next-phone', nextPhoneAfterMinutes: 0 }],
    },
  });
  rig.put('call-window', 1, { id: 1, ...windowAroundNow() });
  await until('the window is known', () => rig.context.directory.get('call-window', 1) !== undefined);

  const seen = new Set<string>();
  const live = new Map<ContactId, string>();
  rig.bus.subscribe('fact.CallPlaced', ({ data }) => {
    const { callId, to } = data;
    const contactId = data.contactId as ContactId;
    if (seen.has(callId)) violations.push(`${callId} was INVITEd twice`);
    seen.add(callId);
    if (live.has(contactId)) violations.push(`contact ${contactId} is called by ${callId} while ${live.get(contactId)} is up`);
    live.set(contactId, callId);
    if (to.startsWith('21')) violations.push(`${to} is outside its window`);
    const since = blockedSince.get(to);
    if (since !== undefined && Date.now() - since > onTheWayMs) violations.push(`${to} was blocked`);
  });
  rig.bus.subscribe('fact.CallEnded', ({ data }) => void live.delete(data.contactId as ContactId));

  const number = (contact: number, phone: number): string => `9${String(10_000_000 + contact * 10 + phone)}`;
  const block = async (contact: number): Promise<void> => {
    const digits = `11${number(contact, 0)}`;
    await rig.bus.request('dialer.blocklist.add', { blockListId: asId<BlockListId>(1), number: digits, description: '', by });
    blockedSince.set(digits, Date.now());
  };

  let dialer = rig.mortal(random.integer(0, 60));
  await dialer.app.start();
  for (let contact = 0; contact < 6; contact += 1) await block(contact);
  const reply = await rig.bus.request('dialer.contacts.import', {
    campaignId, source: 'test', by,
    contacts: Array.from({ length: contactCount }, (_, contact) => ({
      parameters: [`client-${contact}`],
      phones: [{ areaCode: contact % 10 === 9 ? '21' : '11', number: number(contact, 0) }, { areaCode: '11', number: number(contact, 1) }].slice(0, contact % 10 === 9 ? 1 : 2),
    })),
  });
  expect(reply).toMatchObject({ ok: true, imported: contactCount });

  for (let crash = 0; crash < crashes; crash += 1) {
    const calls = carrier.invites.length + random.integer(1, 12);
    await until('some calls', () => carrier.invites.length >= calls || carrier.live.size === 0, 5_000).catch(() => undefined);
    carrier.mute(random.chance(0.3));
    const victim = random.integer(6, contactCount - 1);
    await block(victim).catch(() => undefined);
    await rig.bus
      .request('dialer.disposition.set', {
        campaignId, parameter1: `client-${random.integer(0, contactCount - 1)}`, number: '', dispositionId: random.chance(0.5) ? 100 : 102,
        extension: asExtension('1001'), at: null, callId: null, by,
      })
      .catch(() => undefined);
    dialer.kill();
    carrier.mute(false);
    // The old process may still be dying while the next one is starting.
    dialer = rig.mortal(random.integer(0, 60));
    await dialer.app.start();
  }
  const unfinished = async (): Promise<string> => {
    const done = new Set((await factsOf('ContactFinished')).map(({ data }) => data.contactId));
    const open = (await factsOf('ContactImported')).filter(({ data }) => !done.has(data.contactId) && data.phones[0]?.areaCode !== '21');
    const streams = await Promise.all(open.map(({ data }) => rig.events.readStream(`contact-${data.contactId}`)));
    const { rows } = await rig.database.query(`SELECT contact_id, version, next_at, next_rank, next_zone, dialing_call FROM dialer.contacts WHERE contact_id = ANY($1::int[])`, [open.map(({ data }) => data.contactId)]);
    const [decision] = (await rig.bus.request('dialer.status', { campaignId })).campaigns;
    const { rows: at } = await rig.database.query('SELECT * FROM dialer.checkpoint');
    const known = `${JSON.stringify(decision)}\n${JSON.stringify(at)} of ${await rig.events.head()}\n${rows.map((row) => JSON.stringify(row)).join('\n')}\n`;
    return known + streams.map((facts) => facts.map(({ type, data }) => `${type} ${JSON.stringify(data['next'] ?? data['rule'] ?? '')}`).join(', ')).join('\n');
  };
  await until('every attempt has ended', async () => {
    const started = await factsOf('AttemptStarted');
    const finished = await factsOf('ContactFinished');
    const waiting = await factsOf('ContactImported');
    const asleep = waiting.filter(({ data }) => data.phones[0]?.areaCode === '21').length;
    const delivered = new Set((await factsOf('AttemptEnded')).filter(({ data }) => data.outcome === 'delivered').map(({ data }) => data.contactId));
    const done = new Set([...finished.map(({ data }) => data.contactId), ...delivered]);
    return (await factsOf('AttemptEnded')).length === started.length && done.size >= contactCount - asleep && carrier.live.size === 0;
  }, 30_000).catch(async (error: unknown) => {
    throw new Error(`not finished:\n${await unfinished()}`, { cause: error });
  });

  expect(violations).toEqual([]);
  const started = (await factsOf('AttemptStarted')).map(({ data }) => data.callId);
  const ended = (await factsOf('AttemptEnded')).map(({ data }) => data.callId);
  expect(new Set(started).size).toBe(started.length);
  expect([...ended].sort()).toEqual([...started].sort());
  const intents = new Set<string>(started);
  expect(carrier.invites.filter((invite) => !intents.has(invite.callId))).toEqual([]);
  const finishedAt = new Set<ContactId>();
  for (const fact of await rig.facts()) {
    if (fact.type === 'ContactFinished') finishedAt.add(fact.data.contactId);
    if (fact.type === 'AttemptStarted' && finishedAt.has(fact.data.contactId)) violations.push(`contact ${fact.data.contactId} was finished`);
  }
  expect(violations).toEqual([]);
}, 60_000);
