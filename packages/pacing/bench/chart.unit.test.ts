import { describe, expect, it } from 'vitest';
import { bandChart, lineChart } from './chart.ts';

const options = { title: 'a < b', xLabel: 'agents', yLabel: 'occupancy, %', yMax: 100 };
const ysOf = (svg: string, line: number): number[] => [...svg.matchAll(/<polyline points="([^"]*)"/g)][line]?.[1]?.split(' ').map((point) => Number(point.split(',')[1])) ?? [];

describe('a line chart', () => {
  it('draws every point where it is, however low', () => {
    const svg = lineChart([{ name: 'high', points: [[5, 90], [10, 95]] }, { name: 'low', points: [[5, 21], [10, 57.5]] }], options);
    const [bottom = 0, middle = 0] = ysOf(svg, 1);
    const [high = 0] = ysOf(svg, 0);
    // The axis runs from 20 to 100.
    expect((bottom - middle) / (bottom - high)).toBeCloseTo((57.5 - 21) / (90 - 21), 1);
    expect(svg).toContain('>20</text>');
    expect(svg).toContain('a &lt; b');
  });
});

describe('a chart of bands', () => {
  it('says so where a band goes on beyond its edge', () => {
    const svg = bandChart('abandoned, %', [{ name: 'within', low: 1, mid: 2, high: 3 }, { name: 'beyond', low: 9, mid: 14, high: 30 }], 3, 10);
    expect(svg).toContain('>2.00 %</text>');
    expect(svg).toContain('>14.00 % →</text>');
  });
});
