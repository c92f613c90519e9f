import { asId, type CampaignId } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from '../testing/rig.ts';
import { campaignId, factsOf, importContacts, indexed, rig, start } from '../testing/stage.ts';

const third = (to: string) => (Number(to.slice(-3, -1)) % 3 === 0 ? ({ kind: 'answered', talkMs: 40 } as const) : ({ kind: 'busy' } as const));

async function dialed(count: number): Promise<void> {
  await start({ answer: third, agents: 8, dialer: { pacingSampleMs: 50 } });
  await importContacts(contactsToImport(count));
  await until('all ended', async () => (await factsOf('AttemptEnded')).length === count, 40_000);
  await rig.context.journal.flush();
}
const ask = (policies: readonly string[], of: CampaignId = campaignId) => rig.bus.request('dialer.replay.start', { campaignId: of, policies, agents: 8, seeds: 2 });

describe('a replay', () => {
  it('runs the campaign of the event store again in a thread of its own and keeps the result', async () => {
    await dialed(90);
    const begun = await ask(['progressive', 'fixed-ratio:2']);
    if (!begun.ok) throw new Error(begun.code);
    expect(await ask(['ritmo'])).toMatchObject({ ok: false, code: 'busy' });
    const status = () => rig.bus.request('dialer.replay.status', { replayId: begun.replayId });
    await until('the result', async () => ['done', 'failed'].includes((await status()).state), 40_000);
    const done = await status();
    expect(done).toMatchObject({ state: 'done', percent: 100, reason: null, recorded: { attempts: 90 } });
    expect(done.results.map(({ policy, agents }) => [policy, agents])).toEqual([['progressive', 8], ['fixed-ratio:2', 8]]);
    for (const { figures } of done.results) expect(figures.attempts).toBeGreaterThan(0);
    expect(done.text).toContain('fixed-ratio:2, 8 agents');
  });

  it('refuses what it does not know, and says when a recording is too short', async () => {
    await dialed(5);
    expect(await ask(['nonsense'])).toMatchObject({ ok: false, code: 'unknown-policy' });
    expect(await ask(['ritmo'], asId<CampaignId>(99))).toMatchObject({ ok: false, code: 'unknown-campaign' });
    const begun = await ask(['ritmo']);
    if (!begun.ok) throw new Error(begun.code);
    await until('its end', async () => (await rig.bus.request('dialer.replay.status', { replayId: begun.replayId })).state === 'failed', 40_000);
    expect((await rig.bus.request('dialer.replay.status', { replayId: begun.replayId })).reason).toContain('too few');
    await expect(rig.bus.request('dialer.replay.status', { replayId: 'other' })).rejects.toThrow('nobody serves');
  });
});

describe('sampled decisions', () => {
  it('are told newest first with reason and inputs, and the same ones after a restart', async () => {
    await dialed(40);
    await indexed();
    const sampled = await factsOf('PacingDecided');
    await until('all are written', async () => (await rig.bus.request('dialer.pacing', { campaignId, limit: 400 })).decisions.length >= sampled.length);
    const { decisions } = await rig.bus.request('dialer.pacing', { campaignId, limit: 3 });
    expect(decisions).toHaveLength(3);
    expect(decisions[0]?.at).toBeGreaterThanOrEqual(decisions[2]?.at ?? Infinity);
    expect(decisions[0]?.inputs).toMatchObject({ ratio: 1, share: 1 });
    await rig.app.stop();
    await rig.another({ mayRun: () => false }).start();
    const after = await rig.bus.request('dialer.pacing', { campaignId, limit: 3 });
    expect(after.lastDecision).toEqual(after.decisions[0]);
    expect(after.decisions[0]?.reason).not.toBe('');
  });
});
