import { asCallId, asExtension, asId, asLegId, fact, streams, type AgentId, type CampaignId, type ContactId, type DomainEvent, type QueueId, type TrunkId, type UserStatusId } from '@ritmo/domain';
import { createMemoryEventStore, type EventStore } from '@ritmo/event-store';
import { parseScenario, recordedFigures, recordSimulation, replay, simulate, type Recording } from '@ritmo/pacing';
import { describe, expect, it } from 'vitest';
import { readRecording, type RecordingQuery } from './recording.ts';

const campaignId = asId<CampaignId>(7);
const began = Date.parse('2026-11-23T12:00:00Z');
const by = { kind: 'system' } as const;
const query: RecordingQuery = { name: 'recorded', campaignId, capPct: 3, graceMs: 250, graceClock: 'answer', channels: null, cps: null, serves: () => true, works: (statusId) => statusId === 1 };
const scenario = parseScenario({
  agents: 20, durationS: 14_400, warmupS: 0, handle: { dist: 'lognormal', meanS: 100, cv: 0.7 }, wrapUp: { dist: 'lognormal', meanS: 15, cv: 0.5 },
  outcomes: [
    { outcome: 'answered', p: 0.3, ring: { dist: 'uniform', minS: 4, maxS: 14 } },
    { outcome: 'no-answer', p: 0.7, ring: { dist: 'constant', meanS: 25 } },
  ],
});

/** The events that dialer, telephony and acd would have stored of a recording. */
async function store(events: EventStore, recording: Recording): Promise<void> {
  const facts: DomainEvent[] = [];
  for (let agent = 1; agent <= 20; agent += 1) facts.push(...loggedIn(agent, began - 1_000));
  const abandoned = new Set(recording.abandonedAtMs);
  const conversations = [...recording.conversations];
  const byAnswer = recording.attempts.toSorted((a, b) => a.atMs + a.ringMs - b.atMs - b.ringMs);
  for (const [index, { atMs, ringMs, answered }] of byAnswer.entries()) {
    const conversation = answered && !abandoned.has(atMs + ringMs) ? conversations.shift() : undefined;
    // Still talking when the recording stopped.
    if (answered && !conversation && !abandoned.has(atMs + ringMs)) continue;
    facts.push(...attempt(index, began + atMs, ringMs, conversation ? 'delivered' : answered ? 'abandoned' : 'no-answer', conversation?.talkMs ?? 0, conversation?.wrapMs ?? 0));
  }
  facts.sort((a, b) => a.at - b.at);
  for (let first = 0; first < facts.length; first += 1_000) {
    await events.append({ streamId: streams.system, expectedVersion: 'any', events: facts.slice(first, first + 1_000).map(({ type, data, at }) => ({ type, at, data: data as unknown as Record<string, unknown> })) });
  }
}

function loggedIn(agent: number, at: number): DomainEvent[] {
  const common = { agentId: asId<AgentId>(agent), extension: asExtension(String(1_000 + agent)) };
  return [
    fact('ExtensionRegistered', at, { ...common, contact: '', userAgent: null }),
    fact('AgentStatusChanged', at, { ...common, statusId: asId<UserStatusId>(1), previousStatusId: null, previousMs: 0, by, reason: 'registration' }),
  ];
}

function attempt(index: number, at: number, ringMs: number, outcome: 'delivered' | 'abandoned' | 'no-answer', talkMs: number, wrapMs: number): DomainEvent[] {
  const callId = asCallId(`1.${index}`);
  const of = { callId, contactId: asId<ContactId>(index + 1), campaignId, phoneId: asId<never>(index + 1) };
  const offered = { callId, legId: asLegId(`${callId}/1`), agentId: asId<AgentId>(1), extension: asExtension('1001'), queueId: asId<QueueId>(1), campaignId };
  const endedAt = at + ringMs + talkMs;
  return [
    fact('AttemptStarted', at, { ...of, areaCode: '11', number: '900000001', dialString: '', trunkId: asId<TrunkId>(1), routeId: asId(1), callerId: '', reason: 'fresh', agentId: null }),
    ...(outcome === 'delivered' ? [fact('OfferMade', at + ringMs, offered), fact('CallDelivered', at + ringMs, { ...offered, waitMs: 250 }), fact('WrapUpEnded', endedAt + wrapMs, { agentId: asId<AgentId>(1), callId, wrapMs })] : []),
    fact('AttemptEnded', endedAt, { ...of, outcome, dispositionId: asId(8), agentId: null, sipCode: null, q850: null, ringMs, billMs: talkMs, next: { kind: 'exhausted' } }),
  ];
}

async function stored(policy: string): Promise<Recording> {
  const events = createMemoryEventStore();
  await store(events, recordSimulation(scenario, policy, 11));
  const percents: number[] = [];
  const recording = await readRecording(events, query, (percent) => percents.push(percent));
  expect(percents.length).toBeGreaterThan(0);
  await events.close();
  return recording;
}

describe('a campaign read from its events', { timeout: 120_000 }, () => {
  it('shows what happened, and run again with another policy what a simulation of that policy shows', async () => {
    const truth = recordedFigures(recordSimulation(scenario, 'fixed-ratio:1.5', 11));
    const recording = await stored('fixed-ratio:1.5');
    const read = recordedFigures(recording);
    expect(Math.abs(read.occupancy - truth.occupancy)).toBeLessThan(0.02);
    expect(Math.abs(read.abandonRate - truth.abandonRate)).toBeLessThan(0.005);
    expect(read.meanWaitS).toBeCloseTo(0.25, 2);
    expect(recording.presence).toEqual([[0, 20]]);
    for (const policy of ['ritmo', 'progressive']) {
      const replayed = replay(recording, { policy, seeds: [1, 2] }).figures;
      const simulated = simulate(scenario, policy, [21, 22]);
      expect(Math.abs(replayed.occupancy - simulated.occupancy)).toBeLessThan(0.025);
      expect(Math.abs(replayed.abandonRate - simulated.abandonRate)).toBeLessThan(0.012);
    }
    const more = replay(recording, { policy: 'ritmo', agents: 40, seeds: [1] });
    expect(more.figures.conversations).toBeGreaterThan(1.7 * read.conversations);
  });

  it('is as long as the campaign dialed, and counts who was given an agent after the grace time as abandoned', async () => {
    const events = createMemoryEventStore();
    const facts = [
      ...loggedIn(1, began - 10), ...attempt(1, began, 10_000, 'delivered', 60_000, 5_000), ...attempt(2, began + 30_000, 10_000, 'delivered', 400_000, 5_000), ...attempt(3, began + 60_000, 20_000, 'no-answer', 0, 0),
    ].sort((a, b) => a.at - b.at);
    await events.append({ streamId: streams.system, expectedVersion: 'any', events: facts.map(({ type, data, at }) => ({ type, at, data: data as unknown as Record<string, unknown> })) });
    const recording = await readRecording(events, query);
    expect(recording.durationMs).toBe(60_000);
    // Of the first conversation 50 s and of the second 20 s are in the recording, of one agent.
    expect(recordedFigures(recording)).toMatchObject({ occupancy: 70 / 60, abandonRate: 0, live: 2 });
    expect(recordedFigures(await readRecording(events, { ...query, graceMs: 200 })).abandonRate).toBe(1);
    const classified = fact('AnswerClassified', began + 9_999, { callId: asCallId('1.1'), campaignId: null, verdict: 'person', detectMs: 100 });
    const other = createMemoryEventStore();
    const all = [...facts, classified].sort((a, b) => a.at - b.at);
    await other.append({ streamId: streams.system, expectedVersion: 'any', events: all.map(({ type, data, at }) => ({ type, at, data: data as unknown as Record<string, unknown> })) });
    expect(recordedFigures(await readRecording(other, { ...query, graceMs: 200, graceClock: 'detection-end' })).abandonRate).toBe(0.5);
    await events.close();
    await other.close();
  });

  it('leaves out the nights, other campaigns, attempts that were taken back and agents who pause', async () => {
    const events = createMemoryEventStore();
    const hour = 3_600_000;
    const other = attempt(900, began, 5_000, 'no-answer', 0, 0).map((event) => ({ ...event, data: { ...event.data, campaignId: 8 } }) as DomainEvent);
    const [begun] = attempt(901, began + 1_000, 0, 'no-answer', 0, 0) as [DomainEvent<'AttemptStarted'>];
    const back = fact('AttemptWithdrawn', began + 1_100, { ...begun.data, reason: 'slot-lapsed', retryAt: 0, before: { attempts: 0, phoneAttempts: 0, dispositionId: null, dialAt: null, lastCallId: null } });
    const paused = fact('AgentStatusChanged', began + 2_000, { agentId: asId<AgentId>(2), extension: asExtension('1002'), statusId: asId<UserStatusId>(6), previousStatusId: null, previousMs: 0, by, reason: 'requested' });
    const facts = [
      ...loggedIn(1, began - 10), ...loggedIn(2, began - 10), ...attempt(1, began, 10_000, 'delivered', 60_000, 5_000), ...other, begun, back, paused,
      ...attempt(2, began + 12 * hour, 20_000, 'no-answer', 0, 0), ...attempt(3, began + 12 * hour + 30_000, 10_000, 'abandoned', 500, 0),
    ].sort((a, b) => a.at - b.at);
    await events.append({ streamId: streams.system, expectedVersion: 'any', events: facts.map(({ type, data, at }) => ({ type, at, data: data as unknown as Record<string, unknown> })) });
    const recording = await readRecording(events, query);
    expect(recording.attempts.map(({ atMs, answered }) => [atMs, answered])).toEqual([[0, true], [75_000, false], [105_000, true]]);
    expect(recording.conversations).toEqual([{ atMs: 10_000, talkMs: 60_000, wrapMs: 5_000, waitMs: 250 }]);
    expect(recording.abandonedAtMs).toEqual([115_500]);
    expect(recording.presence).toEqual([[0, 2], [2_000, 1]]);
    await events.close();
  });
});
