import fc from 'fast-check';
import { asCallId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { ChannelLedger } from './channel-ledger.ts';

const ledger = (channels: number, callsPerSecond: number, nowMs = 0) =>
  new ChannelLedger({ limits: { channels, callsPerSecond }, name: 't', leaseMs: 3_000, windowMs: 1_000, nowMs });

describe('a channel ledger', () => {
  test('gives nothing in its first second: what left before it is unknown', () => {
    const book = ledger(10, 5);
    expect(book.reserve(5, 999)).toEqual([]);
    expect(book.noRoom(999)).toBe('rate-limit');
    expect(book.reserve(9, 1_001)).toHaveLength(5);
  });

  test('gives no slot beyond the channels, whoever occupies them', () => {
    const book = ledger(3, 100, -5_000);
    book.addOrphan(asCallId('1.1'));
    expect(book.takeChannel(asCallId('1.2'), 0)).toBe(true);
    expect(book.reserve(5, 0)).toHaveLength(1);
    expect(book.noRoom(0)).toBe('channel-limit');
    expect(book.takeChannel(asCallId('1.3'), 0)).toBe(false);
    expect([book.freeCall(asCallId('1.1')), book.freeCall(asCallId('1.1'))]).toEqual([true, false]);
    expect(book.used).toBe(2);
  });

  test('takes back a slot whose lease is over', () => {
    const book = ledger(1, 10, -5_000);
    const [slot = ''] = book.reserve(1, 0);
    expect(book.take(slot, asCallId('1.1'), 3_001)).toBe(false);
    expect(book.used).toBe(0);
  });

  test('promises a place a little before it is free, and lets its INVITE leave when it is', () => {
    const book = new ChannelLedger({ limits: { channels: 50, callsPerSecond: 2 }, name: 't', leaseMs: 3_000, windowMs: 1_000, aheadMs: 250, nowMs: -5_000 });
    for (const [id, atMs] of [['1.1', 0], ['1.2', 500]] as const) {
      const [slot = ''] = book.reserve(1, atMs);
      expect([book.take(slot, asCallId(id), atMs), book.turn(asCallId(id), atMs)]).toEqual([true, 0]);
      book.sent(asCallId(id), atMs);
    }
    expect(book.reserve(9, 740)).toEqual([]);
    expect(book.noRoom(740)).toBe('rate-limit');
    const [slot = '', ...others] = book.reserve(9, 751);
    expect(others).toEqual([]);
    expect(book.take(slot, asCallId('1.3'), 760)).toBe(true);
    expect(book.turn(asCallId('1.3'), 960)).toBe(40);
    expect(book.turn(asCallId('1.3'), 1_000)).toBe(0);
  });

  test('spaces what leaves, and makes up for a late one', () => {
    const book = ledger(50, 10, -5_000);
    for (const [index, slot] of book.reserve(3, 0).entries()) book.take(slot, asCallId(`1.${index}`), 0);
    expect(book.turn(asCallId('1.0'), 0)).toBe(0);
    expect(book.turn(asCallId('1.1'), 20)).toBe(60);
    expect(book.turn(asCallId('1.1'), 80)).toBe(0);
    expect(book.turn(asCallId('1.2'), 500)).toBe(0);
  });

  test('gives the place of a call that was given up in its turn to the next', () => {
    const book = ledger(50, 1, -5_000);
    book.takeChannel(asCallId('1.1'), 0);
    expect([book.promise(asCallId('1.1'), 0), book.turn(asCallId('1.1'), 0)]).toEqual([true, 0]);
    book.freeCall(asCallId('1.1'));
    book.takeChannel(asCallId('1.2'), 900);
    expect([book.promise(asCallId('1.2'), 900), book.turn(asCallId('1.2'), 900)]).toEqual([true, 0]);
  });

  test('whatever is asked: no second sees more INVITEs than the limit, and no moment more channels', () => {
    const action = fc.record({ what: fc.constantFrom('reserve', 'take', 'send', 'end', 'own', 'promise', 'release'), pick: fc.nat(50), ms: fc.nat(400), count: fc.integer({ min: 1, max: 9 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 6 }), fc.array(action, { maxLength: 200 }), (channels, rate, actions) => {
        const book = ledger(channels, rate);
        let now = 0;
        let last = 0;
        const [slots, unsent, live, sent] = [[] as string[], [] as string[], new Set<string>(), [] as number[]];
        const at = (list: readonly string[], index: number) => list[index % Math.max(1, list.length)];
        for (const { what, pick, ms, count } of actions) {
          now += ms;
          const callId = asCallId(`1.${(last += 1)}`);
          if (what === 'reserve') slots.push(...book.reserve(count, now));
          if (what === 'own' && book.takeChannel(callId, now)) live.add(callId);
          const slot = at(slots, pick);
          if (slot !== undefined && (what === 'take' || what === 'release')) {
            slots.splice(slots.indexOf(slot), 1);
            if (what === 'release') book.release(slot);
            else if (book.take(slot, callId, now)) {
              live.add(callId);
              unsent.push(callId);
            }
          }
          const waiting = at(unsent, pick);
          if (what === 'send' && waiting !== undefined && book.turn(asCallId(waiting), now) === 0) {
            // The row is written between the turn and the INVITE.
            now += pick;
            unsent.splice(unsent.indexOf(waiting), 1);
            book.sent(asCallId(waiting), now);
            sent.push(now);
          }
          const some = at([...live], pick);
          if (some !== undefined && what === 'promise' && !unsent.includes(some) && book.promise(asCallId(some), now)) unsent.push(some);
          if (some !== undefined && what === 'end') {
            book.freeCall(asCallId(some));
            live.delete(some);
            if (unsent.includes(some)) unsent.splice(unsent.indexOf(some), 1);
          }
          expect(live.size).toBeLessThanOrEqual(channels);
          expect(book.used).toBeLessThanOrEqual(channels);
        }
        sent.forEach((from, index) => expect(sent.filter((time, other) => other >= index && time < from + 1_000).length).toBeLessThanOrEqual(rate));
        expect(sent.filter((time) => time < 1_000)).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});
