import { asId, fact, streams, type AttemptOutcome, type Campaign, type CampaignId } from '@ritmo/domain';
import { describe, it } from 'vitest';
import { until } from './testing/rig.ts';
import { indexed, rig, start, status } from './testing/stage.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Noon in São Paulo, where the day began at 03:00 of UTC. */
const noon = Date.parse('2026-11-23T15:00:00Z');
const clock = { now: noon, nowMs: () => clock.now };

let stored = 0;
/** So many people, the first of them given up. */
async function called(at: number, people: number, abandoned: number, machines = 0): Promise<void> {
  const outcomes: AttemptOutcome[] = [...Array<AttemptOutcome>(abandoned).fill('abandoned'), ...Array<AttemptOutcome>(people - abandoned).fill('delivered'), ...Array<AttemptOutcome>(machines).fill('machine')];
  await rig.events.appendMany(
    outcomes.map((outcome) => {
      stored += 1;
      const { type, data } = fact('AttemptEnded', at, { callId: `1.${stored}` as never, contactId: asId(1), campaignId: asId<CampaignId>(1), phoneId: asId(1), outcome, dispositionId: asId(11), agentId: null, sipCode: null, q850: null, ringMs: 10, billMs: 20, next: { kind: 'exhausted' } });
      return { streamId: streams.contact(asId(stored)), expectedVersion: 'any' as const, events: [{ type, data: data as unknown as Record<string, unknown>, at }] };
    }),
  );
}

const ratePct = async (): Promise<number> => Number(((await status()).lastDecision?.inputs['abandonRatePct'] ?? Number.NaN).toFixed(3));
async function shows(pct: number, of: string): Promise<void> {
  let seen = Number.NaN;
  await until(`${pct} % ${of}`, async () => (seen = await ratePct()) === pct, 40_000).catch((error: unknown) => {
    throw new Error(`${String(error)}; seen ${seen} %`);
  });
}
async function counts(campaign: Partial<Campaign>, pct: number): Promise<void> {
  rig.put('campaign', 1, { abandonWindow: undefined, abandonDenominator: undefined, machineSharePct: undefined, ...campaign });
  await shows(pct, JSON.stringify(campaign));
}

/** `kept`: how many of the latest attempts are told again one by one; the others are counted by the hour. */
async function startWith(kept: number): Promise<void> {
  clock.now = noon;
  await start({ answer: () => ({ kind: 'busy' }), campaign: { mode: 'predictive' }, clock });
  await called(noon - 40 * dayMs, 100, 50);
  await called(noon - 20 * dayMs, 100, 20);
  await called(noon - 19 * hourMs, 100, 10);
  await called(noon - 13 * hourMs, 100, 8);
  await called(noon - 3 * hourMs, 100, 2, 100);
  await indexed();
  // Contacts of their own are not known to the campaign's sums, which only count known ones.
  await rig.database.query(`INSERT INTO dialer.campaigns (campaign_id, attempts, answered, delivered, abandoned, outcomes) VALUES (1, 600, 600, 410, 90, '{"machine": 100}')
    ON CONFLICT (campaign_id) DO UPDATE SET attempts = 600, answered = 600, delivered = 410, abandoned = 90, outcomes = EXCLUDED.outcomes`);
  await rig.database.query('DELETE FROM dialer.recent WHERE position NOT IN (SELECT position FROM dialer.recent ORDER BY position DESC LIMIT $1)', [kept]);
}

describe.each([1_000, 250, 0])('the abandoned rate of a campaign of which %i attempts are told again', { timeout: 120_000 }, (kept) => {
  it('is counted over the campaign, 30 days, 24 hours or the day of the installation, and old calls leave as time passes', async () => {
    await startWith(kept);
    await counts({ abandonWindow: 'campaign', abandonCapPct: 4 }, 18);
    await counts({ abandonWindow: '30d' }, 10);
    await counts({ abandonWindow: '24h' }, 6.667);
    await counts({ abandonWindow: 'day' }, 2);
    clock.now = noon + 12 * hourMs - 1_000;
    await shows(2, 'a second before midnight');
    clock.now = noon + 12 * hourMs;
    await shows(0, 'at midnight');
    clock.now = noon;
    await counts({ abandonWindow: '24h', abandonCapPct: 5 }, 6.667);
    clock.now = noon + 6.1 * hourMs;
    await shows(5, 'when the calls of yesterday are 25 hours old');
    clock.now = noon;
    await counts({ abandonWindow: '30d', abandonCapPct: 6 }, 10);
    clock.now = noon + 11 * dayMs;
    await shows(6.667, 'when the oldest calls are 31 days old');
  });

  it('is of people, of all answers, or of the estimate of people', async () => {
    await startWith(kept);
    await counts({ abandonWindow: 'day', abandonDenominator: 'live', abandonCapPct: 4 }, 2);
    await counts({ abandonWindow: 'day', abandonDenominator: 'answered' }, 1);
    await counts({ abandonWindow: 'day', abandonDenominator: 'estimated', machineSharePct: 20 }, 1.25);
    await counts({ abandonWindow: 'campaign', abandonDenominator: 'answered' }, 15);
  });
});
