import { fact, streams } from '@ritmo/domain';
import { describe, expect, it } from 'vitest';
import { contactsToImport, until } from './testing/rig.ts';
import { carrier, factsOf, importContacts, rig, start, status } from './testing/stage.ts';

const ratePct = async (): Promise<number> => (await status()).lastDecision?.inputs['abandonRatePct'] ?? Number.NaN;
const answered = async (count: number): Promise<void> => until(`${count} answered`, async () => (await factsOf('CallAnswered')).length === count);
const startWith = (graceClock: 'answer' | 'detection-end', graceMs: number) =>
  start({ answer: () => ({ kind: 'answered', talkMs: 60_000, neverDelivered: true }), agents: 2, campaign: { mode: 'predictive', graceMs, graceClock, abandonCapPct: 50 } });
const classify = (index: number, verdict: 'person' | 'machine'): void => {
  const callId = carrier.invites[index]?.callId as (typeof carrier.invites)[number]['callId'];
  rig.context.journal.record(streams.call(callId), fact('AnswerClassified', Date.now(), { callId, campaignId: null, verdict, detectMs: 500 }));
};

describe('the grace clock', () => {
  it('begins at the answer: who has waited longer is abandoned at that moment, while the call is still up', async () => {
    await startWith('answer', 100);
    await importContacts(contactsToImport(2));
    await answered(2);
    await until('pacing knows', async () => (await ratePct()) === 100);
    expect(carrier.live.size).toBe(2);
    expect(await factsOf('AttemptEnded')).toEqual([]);
  });

  it('counts nobody before the grace time is over, and nobody twice', async () => {
    await startWith('answer', 1_500);
    await importContacts(contactsToImport(2));
    await answered(2);
    expect(await ratePct()).toBe(0);
    await until('pacing knows', async () => (await ratePct()) === 100);
    for (const callId of [...carrier.live.keys()]) carrier.end(callId, 'answered');
    await until('both ended', async () => (await factsOf('AttemptEnded')).length === 2);
    expect(await ratePct()).toBe(100);
  });

  it('begins with the word of machine detection where the campaign says so; a machine has none', async () => {
    await startWith('detection-end', 100);
    await importContacts(contactsToImport(2));
    await answered(2);
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await ratePct()).toBe(0);
    classify(0, 'machine');
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(await ratePct()).toBe(0);
    classify(1, 'person');
    await until('pacing knows', async () => (await ratePct()) === 100);
    for (const callId of [...carrier.live.keys()]) carrier.end(callId, 'answered');
    await until('both ended', async () => (await factsOf('AttemptEnded')).length === 2);
    expect((await factsOf('AttemptEnded')).map(({ data }) => data.outcome).sort()).toEqual(['abandoned', 'machine']);
  });

  it('where it begins at the answer, a machine that detection finds in time is no person that the rate is divided by', async () => {
    await startWith('answer', 3_000);
    await importContacts(contactsToImport(2));
    await answered(2);
    classify(0, 'machine');
    await until('the machine is no longer in the waiting line', async () => (await status()).lastDecision?.inputs['slack'] === 0.5);
    await until('pacing knows who was given up', async () => (await ratePct()) === 100);
    expect((await status()).lastDecision?.inputs['slack']).toBe(-0.5);
  });
});
