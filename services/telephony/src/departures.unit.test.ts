import fc from 'fast-check';
import { asCallId } from '@ritmo/domain';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { ChannelLedger } from './channel-ledger.ts';
import { Departures } from './departures.ts';

beforeEach(() => void vi.useFakeTimers({ now: 0 }));
afterEach(() => void vi.useRealTimers());

const marginMs = 70;
const ledger = (callsPerSecond: number) =>
  new ChannelLedger({ limits: { channels: 100_000, callsPerSecond }, name: 't', leaseMs: 3_000, windowMs: 1_000 + marginMs, aheadMs: 250, nowMs: -5_000 });

/** Asks for all the slots there are at every tick, as a dialer with much to do; `rowMs` passes between a turn and its INVITE. */
async function dial(book: ChannelLedger, forMs: number, tickMs: number, rowMs: () => number): Promise<number[]> {
  const departures = new Departures(book, () => Date.now());
  const sent: number[] = [];
  let last = 0;
  for (let atMs = 0; atMs < forMs; atMs += tickMs) {
    for (const slot of book.reserve(1_000, Date.now())) {
      const callId = asCallId(`1.${(last += 1)}`);
      book.take(slot, callId, Date.now());
      void departures.turn(callId, () => true).then(async () => {
        await new Promise((resolve) => setTimeout(resolve, rowMs()));
        book.sent(callId, Date.now());
        sent.push(Date.now());
      });
    }
    await vi.advanceTimersByTimeAsync(tickMs);
  }
  departures.stop();
  return sent;
}

const mostInASecond = (times: readonly number[]): number => {
  const sorted = [...times].sort((a, b) => a - b);
  return Math.max(0, ...sorted.map((from, index) => sorted.findIndex((time, other) => other > index && time >= from + 1_000) - index).map((count, index) => (count < 0 ? sorted.length - index : count)));
};

describe('the INVITEs of a trunk', () => {
  test('reach the full rate within a few per cent, at ticks of 100 ms and rows of some milliseconds', async () => {
    for (const rate of [4, 12, 50, 300]) {
      vi.setSystemTime(0);
      const sent = await dial(ledger(rate), 12_000, 100, () => 5);
      const perSecond = sent.filter((time) => time >= 2_000).length / 10;
      expect(perSecond).toBeGreaterThan(0.92 * rate);
      expect(mostInASecond(sent)).toBeLessThanOrEqual(rate);
    }
  });

  test('never come faster than the limit at a far end that stands still for some tens of milliseconds at any moment', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.array(fc.record({ afterMs: fc.integer({ min: 1, max: 2_000 }), forMs: fc.integer({ min: 1, max: marginMs }) }), { maxLength: 20 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 30 }),
        async (rate, stalls, rows) => {
          vi.setSystemTime(0);
          let row = 0;
          const sent = await dial(ledger(rate), 5_000, 90, () => rows[(row += 1) % rows.length] ?? 0);
          let from = 0;
          const still = stalls.map(({ afterMs, forMs }) => ({ from: (from += afterMs), until: (from += forMs) }));
          const arrived = sent.map((time) => still.find((each) => each.from <= time && time < each.until)?.until ?? time);
          expect(mostInASecond(arrived)).toBeLessThanOrEqual(rate);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('leave in the order in which they came, and not at all when nobody wants them any more', async () => {
    const book = ledger(1);
    const departures = new Departures(book, () => Date.now());
    const told: [string, boolean][] = [];
    for (const [index, isWanted] of [true, true, false].entries()) {
      const callId = asCallId(`1.${index}`);
      book.takeChannel(callId, 0);
      void departures.turn(callId, () => isWanted).then((mayLeave) => {
        told.push([callId, mayLeave]);
        if (mayLeave) book.sent(callId, Date.now());
      });
    }
    await vi.advanceTimersByTimeAsync(10);
    expect(told).toEqual([['1.0', true]]);
    await vi.advanceTimersByTimeAsync(1_200);
    expect(told).toEqual([['1.0', true], ['1.1', true], ['1.2', false]]);
    const late = departures.turn(asCallId('1.9'), () => true);
    departures.stop();
    expect(await late).toBe(false);
  });
});
