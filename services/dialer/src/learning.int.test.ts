import { asId, fact, streams, type CampaignId, type TrunkId } from '@ritmo/domain';
import type { PacingHistory } from '@ritmo/pacing';
import { describe, expect, it } from 'vitest';
import { readLearnt } from './learning.ts';
import { readTallies } from './tallies.ts';
import { contactsToImport, until } from './testing/rig.ts';
import { campaignId, carrier, factsOf, importContacts, indexed, rig, start, status } from './testing/stage.ts';

const dayZone = 'America/Sao_Paulo';
const learnt = async (window: 'campaign' | 'day' = 'campaign') =>
  readLearnt(rig.database, { campaignId, tally: (await readTallies(rig.database)).get(campaignId), window, graceClock: 'answer', dayZone, nowMs: Date.now(), agentIds: [] });
const counted = (history: PacingHistory | undefined): number => (history?.counted ?? []).reduce((sum, { answered, machines }) => sum + answered - machines, 0);

/** A third of the people answer. */
const third = (to: string) => (Number(to.slice(-3, -1)) % 3 === 0 ? ({ kind: 'answered', talkMs: 40 } as const) : ({ kind: 'busy' } as const));

async function dialAll(count: number): Promise<void> {
  await start({ answer: third, campaign: { mode: 'predictive', abandonCapPct: 50 }, agents: 8, dialer: { pacingSampleMs: 50 } });
  await importContacts(contactsToImport(count));
  await until('all ended', async () => (await factsOf('AttemptEnded')).length === count, 40_000);
  await rig.context.journal.flush();
  await indexed();
}
const liveP = async (): Promise<number | undefined> => (await status()).lastDecision?.inputs['liveP'];
/** Cold, a policy takes no risk. */
const riskPct = async (): Promise<number | undefined> => (await status()).lastDecision?.inputs['riskPct'];

describe('what a campaign has shown', () => {
  it('outlives a change of its configuration', async () => {
    await dialAll(120);
    const before = await liveP();
    expect(before).toBeGreaterThan(0.2);
    rig.put('campaign', 1, { abandonCapPct: 49 });
    await until('a policy of the new cap', async () => (await factsOf('DirectoryEntryPut')).length === 1 && (await rig.context.directory.get('campaign', 1))?.abandonCapPct === 49);
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(await liveP()).toBeCloseTo(before ?? 0, 1);
    expect(await riskPct()).toBeGreaterThan(0);
  });

  it('outlives a restart', async () => {
    await dialAll(120);
    const before = await liveP();
    await rig.app.stop();
    await rig.another().start();
    await until('a decision', async () => (await liveP()) !== undefined);
    expect(await liveP()).toBeCloseTo(before ?? 0, 1);
    expect(await riskPct()).toBeGreaterThan(0);
  });

  it('is told fact by fact as far as it is kept, and before that as sums, nothing twice', async () => {
    await dialAll(60);
    const answered = (await factsOf('AttemptEnded')).filter(({ data }) => data.outcome === 'delivered').length;
    const { facts, history } = await learnt();
    expect(facts.filter(({ type }) => type === 'dialed')).toHaveLength(60);
    expect(facts.filter(({ type }) => type === 'answered')).toHaveLength(answered);
    expect(history).toBeUndefined();
    await rig.database.query('DELETE FROM dialer.recent WHERE position < (SELECT position FROM dialer.recent WHERE campaign_id = 1 ORDER BY position OFFSET 40 LIMIT 1)');
    const later = await learnt();
    expect(later.facts.filter(({ type }) => type === 'dialed')).toHaveLength(20);
    expect(later.history?.attempts).toBe(40);
    expect(counted(later.history)).toBe(answered - later.facts.filter(({ type }) => type === 'answered').length);
  });

  it('keeps the latest thousand attempts, and counts the calls of another day in another window', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false } });
    const at = Date.now();
    const old = at - 2 * 86_400_000;
    const ended = (index: number, when: number) => ({
      streamId: streams.contact(asId(1)), expectedVersion: 'any' as const,
      events: [fact('AttemptEnded', when, { callId: `1.${index}` as never, contactId: asId(1), campaignId: asId<CampaignId>(1), phoneId: asId(1), outcome: 'abandoned', dispositionId: asId(11), agentId: null, sipCode: null, q850: null, ringMs: 10, billMs: 20, next: { kind: 'exhausted' } })]
        .map(({ type, data, at: atMs }) => ({ type, data: data as unknown as Record<string, unknown>, at: atMs })),
    });
    await rig.events.appendMany(Array.from({ length: 1_100 }, (_, index) => ended(index, index < 50 ? old : at)));
    await indexed();
    const { rows } = await rig.database.query<{ kept: number }>('SELECT count(*)::int AS kept FROM dialer.recent');
    expect(rows[0]?.kept).toBeLessThanOrEqual(1_001);
    const live = async (window: 'campaign' | 'day') => {
      const { facts, history } = await learnt(window);
      return counted(history) + facts.filter((told) => told.type === 'answered').length;
    };
    expect(await live('day')).toBe(1_050);
    expect((await rig.database.query<{ all: number }>('SELECT sum(answered)::int AS all FROM dialer.campaign_hours')).rows[0]?.all).toBe(1_100);
  });
});

describe.each(['detection-end', 'answer'] as const)('a policy that begins with answers of people and machines, the clock from %s', (graceClock) => {
  it('expects that share of people', async () => {
    await start({ answer: () => ({ kind: 'busy' }), campaign: { active: false, mode: 'predictive', graceClock, abandonCapPct: 50 } });
    const outcomes = Array.from({ length: 200 }, (_, index) => (['delivered', 'machine', 'busy', 'busy', 'busy'] as const)[index % 5] ?? 'busy');
    await rig.events.appendMany(outcomes.map((outcome, index) => {
      const { type, data, at } = fact('AttemptEnded', Date.now() - 600_000 + 2_000 * index, { callId: `1.${index}` as never, contactId: asId(1), campaignId: asId<CampaignId>(1), phoneId: asId(1), outcome, dispositionId: asId(11), agentId: null, sipCode: null, q850: null, ringMs: 10, billMs: outcome === 'busy' ? 0 : 2_000, next: { kind: 'exhausted' } });
      return { streamId: streams.contact(asId(1)), expectedVersion: 'any' as const, events: [{ type, data: data as unknown as Record<string, unknown>, at }] };
    }));
    await indexed();
    rig.put('campaign', 1, { active: true, abandonCapPct: 49 });
    await rig.bus.request('dialer.campaign.set-active', { campaignId, action: 'activate', by: { kind: 'admin' } });
    await until('a decision that knows them', async () => (await status()).lastDecision?.inputs['slack'] === 0.49 * 40, 20_000);
    // In detection no agent is needed until its word; without, whoever answers needs one at once.
    const expected = graceClock === 'detection-end' ? 0.2 : 0.4;
    expect(Math.abs(((await liveP()) ?? 0) - expected)).toBeLessThan(0.04);
  });
});

describe('the trunk of many short calls', () => {
  it('slows down, then rests until the day is over, and the record says why', async () => {
    await start({ answer: () => ({ kind: 'busy' }), agents: 8, dialer: { pacingSampleMs: 50 } });
    for (const id of [1, 2]) rig.put('trunk', id, { shortCalls: { minCalls: 20, slowPct: 50, stopPct: 90 } });
    await until('both limits are known', () => [1, 2].every((id) => rig.context.directory.get('trunk', asId<TrunkId>(id))?.shortCalls !== undefined));
    await importContacts(contactsToImport(3_000));
    await until('the first trunk rests', async () => new Set((await factsOf('AttemptStarted')).map(({ data }) => data.trunkId)).has(asId<TrunkId>(2)), 40_000);
    await until('the record says that both rest', async () => (await status()).lastDecision?.reason.includes('the share of short calls reached the limit of the day') === true, 40_000);
    expect((await status()).lastDecision).toMatchObject({ start: 0, inputs: { shortCallPctTrunk1: 100, shortCallPctTrunk2: 100 } });
    const dialed = carrier.invites.length;
    expect(dialed).toBeLessThan(3_000);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(carrier.invites).toHaveLength(dialed);
    rig.put('trunk', 1, { shortCalls: undefined });
    await until('without a limit it goes on', () => carrier.invites.length > dialed, 20_000);
  });
});

describe('the calls of a trunk and day that count as short', () => {
  it('are those under six seconds, and those that a voicemail took however long', async () => {
    let aheadMs = 0;
    await start({ answer: () => ({ kind: 'answered', talkMs: 60_000, neverDelivered: true }), agents: 4, campaign: { graceClock: 'detection-end' }, clock: { nowMs: () => Date.now() + aheadMs } });
    await importContacts(contactsToImport(4));
    await until('four calls', () => carrier.live.size === 4);
    const [machine, longer, shorter, brief] = carrier.invites.map(({ callId }) => callId);
    for (const [callId, verdict] of [[machine, 'machine'], [longer, 'person'], [shorter, 'machine'], [brief, 'person']] as const) {
      if (callId) rig.context.journal.record(streams.call(callId), fact('AnswerClassified', Date.now(), { callId, campaignId: null, verdict, detectMs: 500 }));
    }
    for (const callId of [shorter, brief]) if (callId) carrier.end(callId, 'answered');
    await until('two ended', async () => (await factsOf('AttemptEnded')).length === 2);
    aheadMs = 8_000;
    for (const callId of [machine, longer]) if (callId) carrier.end(callId, 'answered');
    await until('all ended', async () => (await factsOf('AttemptEnded')).length === 4);
    await rig.context.journal.flush();
    const counted = async () => (await rig.database.query<{ calls: number; short: number }>('SELECT sum(calls)::int AS calls, sum(short)::int AS short FROM dialer.trunk_days')).rows[0];
    await until('they are counted', async () => (await counted())?.calls === 4);
    await indexed();
    expect(await counted()).toEqual({ calls: 4, short: 3 });
  });
});
