import { describe, expect, it } from 'vitest';
import { timeChart } from './charts.ts';

describe('a chart over time', () => {
  it('draws a gap where nothing was measured, and a dot for a second that stands alone', () => {
    const svg = timeChart({ title: 'p99', times: [0, 1, 2, 3, 4, 5], series: [{ name: 'p99', colour: 'red', values: [1, 2, null, 3, null, null] }] });
    const lines = [...svg.matchAll(/<polyline points="([^"]+)"/g)].map(([, points]) => (points ?? '').split(' ').length);
    expect(lines).toEqual([2]);
    expect(svg.match(/<circle /g)).toHaveLength(1);
  });
});
