import { asCallId, asId, fact, streams, type CallId, type CampaignId, type DomainEvent } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { readTallies } from './tallies.ts';
import { campaignId, indexed, rig, start } from './testing/stage.ts';

const answeredAt = 1_764_000_000_000;
const callOf = (index: number): CallId => asCallId(`1764000000.${index}`);

async function store(callId: CallId, event: DomainEvent): Promise<void> {
  await rig.events.appendMany([{ streamId: streams.call(callId), expectedVersion: 'any', events: [{ type: event.type, data: event.data as unknown as Record<string, unknown>, at: event.at }] }]);
}
/** The word of detection, `afterMs` after the answer. */
const person = (index: number, afterMs: number) =>
  store(callOf(index), fact('AnswerClassified', answeredAt + afterMs, { callId: callOf(index), campaignId: null, verdict: 'person', detectMs: afterMs }) as DomainEvent);
const delivered = (index: number, afterMs: number) =>
  store(callOf(index), fact('CallDelivered', answeredAt + afterMs, { callId: callOf(index), legId: 'l' as never, agentId: asId(1), extension: '2001' as never, queueId: asId(1), campaignId, waitMs: afterMs }) as DomainEvent);
const counted = async (): Promise<readonly [tally: number | undefined, hours: number | undefined]> => {
  await indexed();
  const { rows } = await rig.database.query<{ abandoned: number }>('SELECT coalesce(sum(abandoned), 0)::int AS abandoned FROM dialer.campaign_hours WHERE campaign_id = $1', [campaignId as CampaignId]);
  return [(await readTallies(rig.database)).get(campaignId)?.late ?? 0, rows[0]?.abandoned];
};
const startWith = (graceClock: 'answer' | 'detection-end') => start({ answer: () => ({ kind: 'busy' }), campaign: { active: false, graceMs: 2_000, graceClock } });

describe('a call that was given an agent after the grace time', () => {
  it('is late by the end of machine detection where the campaign counts from there, whichever batch told of it', async () => {
    await startWith('detection-end');
    await person(1, 2_500);
    await person(2, 2_500);
    await indexed();
    await delivered(1, 4_000);
    expect(await counted()).toEqual([0, 0]);
    await delivered(2, 5_000);
    expect(await counted()).toEqual([1, 1]);
    await person(3, 2_500);
    await delivered(3, 4_400);
    expect(await counted()).toEqual([1, 1]);
  });

  it('is late by the first word, however often a detector speaks after it', async () => {
    await startWith('detection-end');
    await person(1, 2_500);
    await indexed();
    await person(1, 6_000);
    await delivered(1, 7_000);
    expect(await counted()).toEqual([1, 1]);
    await person(2, 2_500);
    await person(2, 6_000);
    await delivered(2, 7_000);
    expect(await counted()).toEqual([2, 2]);
    await indexed();
    await person(3, 6_000);
    await indexed();
    await delivered(3, 7_000);
    expect(await counted()).toEqual([2, 2]);
  });

  it('has waited since its answer where detection said nothing', async () => {
    await startWith('detection-end');
    await delivered(1, 1_900);
    await delivered(2, 2_100);
    expect(await counted()).toEqual([1, 1]);
  });

  it('is late by its answer where the campaign counts from there', async () => {
    await startWith('answer');
    await person(1, 2_500);
    await delivered(1, 2_600);
    expect(await counted()).toEqual([1, 1]);
  });
});
