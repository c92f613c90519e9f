import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Lingering } from './lingering.ts';
import { TimerWheel } from './wheel.ts';

const LIFE_MS = 32_000;

function setUp(startMs = 1_000_000) {
  const clock = { now: startMs };
  const ended: number[] = [];
  const wheel = new TimerWheel((error) => expect.fail(error.message), () => clock.now);
  const lingering = new Lingering(wheel, LIFE_MS, (kind) => void ended.push(kind));
  const pass = (ms: number): void => {
    clock.now += ms;
    wheel.advance();
  };
  return { clock, ended, wheel, lingering, pass };
}

describe('what lingers', () => {
  it('is found by kind and key, whole, until its time is over and not before', () => {
    const { lingering, pass, ended, wheel } = setUp();
    const companion = {};
    expect(lingering.add(5, 'z9hG4bK1', 'tag', 'ACK sip:x SIP/2.0\r\n\r\n\xe9', 65_535, companion)).toBe(true);
    pass(LIFE_MS - 10);
    expect(lingering.find(5, 'z9hG4bK1')).toEqual({ head: 'tag', text: 'ACK sip:x SIP/2.0\r\n\r\n\xe9', number: 65_535, companion });
    expect([lingering.find(4, 'z9hG4bK1'), lingering.find(5, 'z9hG4bK2'), lingering.has(5, '')]).toEqual([undefined, undefined, false]);
    pass(40);
    expect([lingering.find(5, 'z9hG4bK1'), ended, lingering.size, wheel.size]).toEqual([undefined, [5], 0, 0]);
  });

  it('answers for the newest of a key, and for the older one no longer', () => {
    const { lingering, pass } = setUp();
    lingering.add(1, 'same', '', 'first');
    pass(1_000);
    lingering.add(1, 'same', '', 'second');
    expect(lingering.find(1, 'same')?.text).toBe('second');
    pass(LIFE_MS - 500);
    expect([lingering.size, lingering.find(1, 'same')?.text]).toEqual([1, 'second']);
  });

  it('refuses what no chunk holds, and goes on', () => {
    const { lingering } = setUp();
    expect(lingering.add(1, 'large', '', 'x'.repeat(300_000))).toBe(false);
    expect([lingering.add(1, 'small'), lingering.has(1, 'small'), lingering.has(1, 'large')]).toEqual([true, true, false]);
  });

  it('holds a flood, gives its memory back, and uses the rest again', () => {
    const { lingering, pass } = setUp();
    const text = 'x'.repeat(400);
    const held = (): number => (lingering as unknown as { chunks: unknown[] }).chunks.filter((chunk) => chunk !== undefined).length;
    for (let round = 0; round < 3; round++) {
      for (let at = 0; at < 20_000; at++) lingering.add(2, `z9hG4bK${round}-${at}`, 'tag', text);
      expect([lingering.size, lingering.find(2, `z9hG4bK${round}-0`)?.text, lingering.has(2, `z9hG4bK${round}-19999`)]).toEqual([20_000, text, true]);
      expect(held()).toBeGreaterThan(20);
      pass(LIFE_MS + 20);
      expect(lingering.size).toBe(0);
      expect(held()).toBeLessThanOrEqual(1);
    }
  });

  it('chains no keys that a stranger has chosen to share a chain elsewhere', () => {
    type Hashing = { seed: number; hashOf(kind: number, key: string): number };
    const [one, other] = [setUp().lingering as unknown as Hashing, setUp().lingering as unknown as Hashing];
    // FNV-1a mixes keys with the low eight bits of its seed alone: whoever guesses these needs not know the others.
    other.seed = one.seed ^ 0x12345600;
    const [here, there] = [one, other].map((each) => (key: string) => each.hashOf(1, key));
    if (here === undefined || there === undefined) throw new Error('two tables');
    const bySum = new Map<number, string>();
    let shared = 0;
    let sharedThere = 0;
    for (let at = 0; at < 600_000; at++) {
      const key = Math.imul(at, 0x9e3779b1).toString(16).padStart(9, '0');
      const hash = here(key);
      const before = bySum.get(hash);
      if (before === undefined) bySum.set(hash, key);
      else {
        shared++;
        if (there(key) === there(before)) sharedThere++;
      }
    }
    expect(shared).toBeGreaterThan(5);
    expect(sharedThere).toBeLessThan(3);
  });

  it('keeps its time when the clock passes what 32 bits of ticks hold', () => {
    const { lingering, pass } = setUp(0x7fff_ffff * 10 - 5_000);
    lingering.add(1, 'before');
    pass(10_000);
    lingering.add(1, 'after');
    pass(LIFE_MS - 9_000);
    expect([lingering.has(1, 'before'), lingering.has(1, 'after')]).toEqual([false, true]);
    pass(10_000);
    expect(lingering.size).toBe(0);
  });

  it('is at any time what a table with an expiry per entry says', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ add: fc.integer({ min: 0, max: 40 }), kind: fc.integer({ min: 1, max: 8 }), length: fc.oneof(fc.nat(600), fc.nat(70_000)) }) },
      { weight: 2, arbitrary: fc.record({ pass: fc.nat(12_000) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
        const { lingering, pass, clock } = setUp();
        const model: { name: string; kind: number; key: string; text: string; until: number }[] = [];
        for (const each of steps) {
          if ('pass' in each) pass(each.pass);
          else {
            const key = `key ${each.add}`;
            const text = String(model.length).padEnd(each.length, '.');
            lingering.add(each.kind, key, 'h', text, each.add);
            model.push({ name: `${each.kind} ${key}`, kind: each.kind, key, text, until: clock.now + LIFE_MS });
          }
          // A timer may ring two ticks late.
          for (const { name, kind, key } of model.slice(-30)) {
            const newest = model.filter((entry) => entry.name === name).at(-1);
            const found = lingering.find(kind, key);
            if (newest !== undefined && newest.until > clock.now) expect(found).toMatchObject({ text: newest.text, head: 'h' });
            else if (newest !== undefined && newest.until < clock.now - 30) expect(found).toBeUndefined();
          }
        }
        pass(LIFE_MS + 30);
        expect(lingering.size).toBe(0);
      }),
      { numRuns: 60 },
    );
  });
});
