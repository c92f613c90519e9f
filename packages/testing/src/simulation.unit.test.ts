import { describe, expect, it } from 'vitest';
import { planCall } from './carrier-behaviour.ts';
import { CarrierMeter } from './carrier-stats.ts';
import { createFakeClock } from './fake-clock.ts';
import { readPhoneSdp, writePhoneSdp } from './phone-sdp.ts';
import { createRandom } from './random.ts';
import { tone, toneShare } from './tone.ts';
import { waitFor } from './wait-for.ts';

describe('seeded chance', () => {
  it('repeats itself, and differs by seed and by fork', () => {
    const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).next);
    expect(draw(1)).toEqual(draw(1));
    expect(draw(1)).not.toEqual(draw(2));
    const parent = createRandom(1);
    const first = parent.fork('a').next();
    parent.next();
    expect(parent.fork('a').next()).toBe(first);
    expect(parent.fork('b').next()).not.toBe(first);
  });

  it('keeps to its distributions', () => {
    const random = createRandom(7);
    const values = Array.from({ length: 20_000 }, () => random.sample({ mean: 100, atMost: 1000 }));
    expect(values.reduce((a, b) => a + b, 0) / values.length).toBeCloseTo(100, -1);
    expect(Math.max(...values)).toBeLessThanOrEqual(1000);
    const between = Array.from({ length: 1000 }, () => random.sample({ min: 5, max: 6 }));
    expect(Math.min(...between)).toBeGreaterThanOrEqual(5);
    expect(Math.max(...between)).toBeLessThanOrEqual(6);
    expect(random.sample(42)).toBe(42);
    const hits = Array.from({ length: 20_000 }, () => random.chance(0.3)).filter(Boolean).length;
    expect(hits / 20_000).toBeCloseTo(0.3, 1);
    expect(new Set(Array.from({ length: 200 }, () => random.integer(1, 3)))).toEqual(new Set([1, 2, 3]));
  });
});

describe('the plan of a number', () => {
  it('follows the mix', () => {
    const mix = { busyP: 0.2, noAnswerP: 0.3, invalidP: 0.1 };
    const kinds = Array.from({ length: 5000 }, (_, i) => planCall(`119${i}`, createRandom(3).fork(String(i)), mix, []).kind);
    const share = (kind: string) => kinds.filter((each) => each === kind).length / kinds.length;
    expect(share('busy')).toBeCloseTo(0.2, 1);
    expect(share('no-answer')).toBeCloseTo(0.3, 1);
    expect(share('invalid')).toBeCloseTo(0.1, 1);
    expect(share('answer')).toBeCloseTo(0.4, 1);
  });

  it('follows a rule by the last digits, whatever the mix says', () => {
    const rules = [{ lastDigits: '0007', behaviour: 'busy' as const, sipCode: 600 }, { lastDigits: '7', behaviour: 'answer' as const, talkMs: 5, hangsUpFirst: true }];
    expect(planCall('5511990007', createRandom(1), { invalidP: 1 }, rules)).toMatchObject({ kind: 'busy', sipCode: 600, answerDelayMs: undefined });
    expect(planCall('5511990017', createRandom(1), { invalidP: 1 }, rules)).toMatchObject({ kind: 'answer', talkMs: 5, hangsUpFirst: true });
    expect(planCall('5511990018', createRandom(1), { invalidP: 1 }, rules)).toMatchObject({ kind: 'invalid' });
  });
});

describe('the meter', () => {
  it('counts channels, calls in any second, and Call-IDs', () => {
    const meter = new CarrierMeter();
    const a = meter.began('a', '1', '', 10_900);
    const b = meter.began('b', '2', '', 11_100);
    meter.refused(a, 486, 11_200);
    meter.refused(a, 486, 11_300);
    meter.answered(b, 11_400);
    const again = meter.began('b', '2', '', 11_950);
    meter.ended(b, 'far-end', 14_000);
    meter.refused(again, 487, 14_100, 'cancelled');
    const stats = meter.stats({ channelLimit: 5, cpsLimit: null });
    expect(stats).toMatchObject({
      invitesSeen: 3,
      invitesByCallId: { a: 1, b: 2 },
      duplicateCallIds: ['b'],
      channels: 0,
      maxChannels: 2,
      maxCps: 2,
      answered: 1,
      hungUpByFarEnd: 1,
      cancelled: 1,
      deafCalls: 1,
      byCode: { 200: 1, 486: 1, 487: 1 },
    });
    expect(stats.seconds).toEqual([
      { atMs: 10_000, channels: 1, invites: 1 },
      { atMs: 11_000, channels: 2, invites: 2 },
      { atMs: 14_000, channels: 2, invites: 0 },
    ]);
  });
});

describe('tools of tests', () => {
  it('tell a tone from another', () => {
    const words = tone(440, 'PCMU');
    expect(toneShare(words, 'PCMU', 440)).toBeGreaterThan(0.95);
    expect(toneShare(words, 'PCMU', 480)).toBeLessThan(0.05);
    expect(toneShare(Buffer.alloc(800, 0xff), 'PCMU', 440)).toBe(0);
  });

  it('read the SDP that they write', () => {
    const text = writePhoneSdp({ host: '127.0.0.1', port: 4000, codecs: ['PCMU', 'PCMA'], direction: 'sendonly' });
    expect(readPhoneSdp(text)).toEqual({ host: '127.0.0.1', port: 4000, codec: 'PCMU', direction: 'sendonly' });
    expect(readPhoneSdp(text, ['PCMA'])?.codec).toBe('PCMA');
    expect(readPhoneSdp('v=0')).toBeUndefined();
  });

  it('move a clock, timers in their order', async () => {
    const clock = createFakeClock(1000);
    const fired: number[] = [];
    clock.setTimeout(() => fired.push(clock.now()), 50);
    const cancelled = clock.setTimeout(() => fired.push(-1), 20);
    clock.setTimeout(() => clock.setTimeout(() => fired.push(clock.now()), 5), 10);
    clock.clearTimeout(cancelled);
    await clock.advance(40);
    expect(fired).toEqual([1015]);
    await clock.advance(10);
    expect(fired).toEqual([1015, 1050]);
    expect(clock.now()).toBe(1050);
    expect(clock.pendingTimers).toBe(0);
  });

  it('wait for a condition, and say what for when it does not come', async () => {
    let turns = 0;
    expect(await waitFor(() => (turns += 1) > 2 && 'yes')).toBe('yes');
    await expect(waitFor(() => false, { timeoutMs: 20, what: 'rain' })).rejects.toThrow('rain');
  });
});
