import { describe, expect, it } from 'vitest';
import { Admission } from './admission.ts';
import type { LoadSample } from './admission.ts';
import { Gate } from './gate.ts';

describe('the gate', () => {
  const trunk = '192.0.2.100';
  const setUp = () => {
    const asked: string[] = [];
    return { asked, gate: new Gate((host) => (asked.push(host), host === trunk)) };
  };
  const read = (gate: Gate, host: string, nowMs: number): boolean => {
    const opens = gate.opens(host, 5060, nowMs);
    if (opens) gate.stranger(host);
    return opens;
  };

  it('closes for a stranger that floods, for no other, and opens with the next second', () => {
    const { gate } = setUp();
    for (let count = 0; count < 50; count++) expect(read(gate, '192.0.2.1', 5_000)).toBe(true);
    expect([read(gate, '192.0.2.1', 5_900), read(gate, '192.0.2.2', 5_900)]).toEqual([false, true]);
    expect(read(gate, '192.0.2.1', 6_000)).toBe(true);
  });

  it('reads a few packets of each stranger while very many flood, so that a new phone still comes in', () => {
    const { gate } = setUp();
    let opened = 0;
    for (let packet = 0; packet < 20_000; packet++) if (read(gate, `198.51.100.${packet % 250}`, 5_000 + packet / 20)) opened++;
    expect(opened).toBeLessThan(1_500);
    expect([1, 2, 3, 4, 5].map(() => read(gate, '192.0.2.7', 5_999))).toEqual([true, true, true, true, false]);
  });

  it('reads no more than its measure when every packet comes from another address', () => {
    const { gate } = setUp();
    let opened = 0;
    for (let packet = 0; packet < 20_000; packet++) if (read(gate, `10.${packet >> 16}.${(packet >> 8) & 255}.${packet & 255}`, 5_000)) opened++;
    expect(opened).toBe(3_000);
  });

  it('never closes for whom a rule lets in, nor for whom we know, and asks the rule once a second', () => {
    const { gate, asked } = setUp();
    gate.know('192.0.2.50');
    for (let packet = 0; packet < 5_000; packet++) read(gate, `10.0.${packet >> 8}.${packet & 255}`, 5_000);
    for (let packet = 0; packet < 100; packet++) {
      expect([gate.opens(trunk, 5060, 5_001), gate.opens('192.0.2.50', 5060, 5_001), gate.opens('10.9.9.9', 5060, 5_001)]).toEqual([true, true, false]);
    }
    expect(asked.filter((host) => host === trunk)).toHaveLength(1);
    expect(asked.filter((host) => host === '10.9.9.9')).toHaveLength(1);
  });

  it('forgets an acquaintance of whom nothing was heard for long', () => {
    const { gate } = setUp();
    gate.opens('192.0.2.50', 5060, 1_000);
    gate.know('192.0.2.50');
    gate.opens('192.0.2.50', 5060, 700_000);
    expect(gate.isKnown('192.0.2.50')).toBe(true);
    gate.opens('192.0.2.50', 5060, 1_400_000);
    expect(gate.isKnown('192.0.2.50')).toBe(false);
  });
});

const CALM: LoadSample = { delayMs: 1, probeLost: false, utilization: 0.5 };
const SATURATED: LoadSample = { delayMs: 60, probeLost: false, utilization: 1 };

/** A tenth of a second in which `asked` calls want in; returns how many were let in. */
function tenth(admission: Admission, asked: number, sample: LoadSample): number {
  let admitted = 0;
  for (let call = 0; call < asked; call++) if (admission.admits()) admitted++;
  admission.observe(sample);
  return admitted;
}

describe('the admission of new calls', () => {
  it('lets everything in while the process keeps up, and through a short pause', () => {
    const admission = new Admission();
    const samples = [CALM, SATURATED, SATURATED, SATURATED, { ...CALM, delayMs: 900 }, CALM, SATURATED, CALM, { ...CALM, probeLost: true }, CALM];
    expect(samples.map((sample) => tenth(admission, 400, sample))).toEqual(samples.map(() => 400));
    expect([admission.limit, admission.shed]).toEqual([Infinity, 0]);
  });

  it('cuts the rate while a saturated process stays saturated, and never below its floor', () => {
    const admission = new Admission();
    for (let sample = 0; sample < 30; sample++) tenth(admission, 400, SATURATED);
    const after3s = admission.limit;
    expect(after3s).toBeLessThan(3_000);
    expect(after3s).toBeGreaterThan(500);
    expect(tenth(admission, 400, SATURATED)).toBeLessThan(after3s / 10 + 1);
    for (let sample = 0; sample < 200; sample++) tenth(admission, 400, { ...SATURATED, delayMs: 500 });
    expect(admission.limit).toBe(50);
    expect(tenth(admission, 400, SATURATED)).toBe(5);
  });

  it.each([
    ['late packets', { delayMs: 300, probeLost: false, utilization: 0.3 }],
    ['lost packets of our own', { delayMs: 0, probeLost: true, utilization: 0.3 }],
  ])('acts on %s, whatever the use of the processor', (_name, sample) => {
    const admission = new Admission();
    for (let tick = 0; tick < 10; tick++) tenth(admission, 400, sample);
    expect(admission.limit).toBeLessThan(4_000);
  });

  it('is back at the rate it can do within 5 s of calm, and lifts the limit', () => {
    const admission = new Admission();
    for (let sample = 0; sample < 40; sample++) tenth(admission, 800, SATURATED);
    expect(admission.limit).toBeLessThan(4_000);
    let lastRefusal = 0;
    for (let sample = 1; sample <= 50; sample++) if (tenth(admission, 250, CALM) < 250) lastRefusal = sample;
    expect(lastRefusal).toBeLessThan(50);
    expect(admission.limit).toBe(Infinity);
  });

  it('holds its limit between pressed and calm', () => {
    const admission = new Admission();
    for (let sample = 0; sample < 10; sample++) tenth(admission, 400, SATURATED);
    const { limit } = admission;
    for (let sample = 0; sample < 10; sample++) tenth(admission, 400, { delayMs: 60, probeLost: false, utilization: 0.9 });
    expect(admission.limit).toBe(limit);
  });

  it('feels its way up while the process is busy and nothing waits', () => {
    const admission = new Admission();
    for (let sample = 0; sample < 10; sample++) tenth(admission, 400, SATURATED);
    const { limit } = admission;
    for (let sample = 0; sample < 10; sample++) tenth(admission, 400, { delayMs: 5, probeLost: false, utilization: 0.99 });
    expect(admission.limit).toBeGreaterThan(limit * 1.1);
    expect(admission.limit).toBeLessThan(limit * 1.2);
  });

  it('counts calls that may not be refused against those that may', () => {
    const admission = new Admission();
    for (let sample = 0; sample < 100; sample++) tenth(admission, 400, { ...SATURATED, delayMs: 500 });
    for (let call = 0; call < 8; call++) admission.began();
    expect(admission.admits()).toBe(false);
    // A debt of three, paid from the next tenth.
    expect(tenth(admission, 10, SATURATED)).toBe(0);
    expect(tenth(admission, 10, SATURATED)).toBe(2);
  });
});
