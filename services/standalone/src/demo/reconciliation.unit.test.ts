import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { asCallId, type CallId } from '@ritmo/domain';
import { WAVE_FORMAT, wavHeader } from '@ritmo/media';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Ledger } from './ledger.ts';
import { reconcile, type CarrierView, type ReconciliationParts } from './reconciliation.ts';

let recordingsDir: string;
beforeAll(async () => {
  recordingsDir = await mkdtemp(join(tmpdir(), 'ritmo-recordings-'));
  await writeFile(join(recordingsDir, 'a.wav'), wavHeader({ format: WAVE_FORMAT.alaw, channels: 2, sampleRate: 8000, bitsPerSample: 8 }, 0));
});
afterAll(() => rm(recordingsDir, { recursive: true, force: true }));

const a = asCallId('1.1');
const b = asCallId('1.2');
const ids = (...list: CallId[]): ReadonlySet<CallId> => new Set(list);

/** Two attempts: one delivered and recorded, one busy. */
const ledger: Ledger = {
  attempts: ids(a, b),
  ended: new Map([
    [a, 'delivered'],
    [b, 'busy'],
  ]),
  answered: ids(a),
  delivered: ids(a),
  abandoned: ids(),
  callsEnded: new Map(),
  offersMissed: 0,
  recorded: new Map([[a, ['a.wav']]]),
  talks: new Map([[a, { number: '11988887777', extension: '1001', talkMs: 400 }]]),
  doubled: [],
};
const carrier: CarrierView = { invitesSeen: 2, invitesByCallId: { '1.1@ritmo': 1, '1.2@ritmo': 1 }, maxChannels: 2, maxCps: 2, answered: 1, channels: 0 };

async function failing(change: { readonly carrier?: Partial<CarrierView>; readonly ledger?: Partial<Ledger>; readonly resultRows?: number }): Promise<readonly string[]> {
  const parts: ReconciliationParts = {
    carrier: { ...carrier, ...change.carrier },
    ledger: { ...ledger, ...change.ledger },
    resultRows: change.resultRows ?? 2,
    channelLimit: 2,
    cpsLimit: 2,
    recordingsDir,
  };
  return (await reconcile(parts)).filter(({ ok }) => !ok).map(({ name }) => name);
}

const counted = 'INVITEs the carrier saw = attempts stored = result rows';

describe('the reconciliation', () => {
  it('holds when both sides saw the same', async () => {
    expect(await failing({})).toEqual([]);
  });

  it('fails when nothing was dialed', async () => {
    expect(await failing({ carrier: { invitesSeen: 0, invitesByCallId: {}, answered: 0 }, ledger: { ...ledger, attempts: ids(), answered: ids(), delivered: ids(), recorded: new Map(), ended: new Map() }, resultRows: 0 })).toContain(counted);
  });

  it('fails when an INVITE has no attempt, even if the counts agree', async () => {
    expect(await failing({ carrier: { invitesByCallId: { '1.1@ritmo': 1, '9.9@ritmo': 1 } } })).toEqual([counted]);
  });

  it('fails when a result row is missing', async () => {
    expect(await failing({ resultRows: 1 })).toEqual([counted]);
  });

  it('fails when an id was INVITEd twice', async () => {
    expect(await failing({ carrier: { invitesByCallId: { '1.1@ritmo': 2, '1.2@ritmo': 1 } } })).toEqual(['nothing was dialed twice under one id']);
  });

  it('fails when a limit was exceeded at the carrier', async () => {
    expect(await failing({ carrier: { maxChannels: 3 } })).toEqual(['channel limit at the carrier']);
    expect(await failing({ carrier: { maxCps: 3 } })).toEqual(['calls-per-second limit at the carrier']);
  });

  it('fails when an answered call is unknown here', async () => {
    expect(await failing({ carrier: { answered: 2 } })).toEqual(['every answered call is accounted for']);
  });

  it('fails when an attempt has no end', async () => {
    expect(await failing({ ledger: { ended: new Map([[a, 'delivered']]) } })).toEqual(['every attempt has its end']);
  });

  it('fails when a delivered call has no recording, or its file is gone', async () => {
    expect(await failing({ ledger: { recorded: new Map() } })).toEqual(['recordings = delivered calls']);
    expect(await failing({ ledger: { recorded: new Map([[a, ['lost.wav']]]) } })).toEqual(['recordings = delivered calls']);
  });

  it('fails when a recording is not what was said', async () => {
    const talks = new Map([[a, { number: '11988887777', extension: '1001', talkMs: 60_000 }]]);
    expect(await failing({ ledger: { talks } })).toEqual(['recordings sound right: customer left, agent right, as long as the talk']);
  });

  it('fails when a channel is left in use', async () => {
    expect(await failing({ carrier: { channels: 1 } })).toEqual(['no channel is left in use']);
  });
});
