import { expect, it } from 'vitest';
import { chartPoints, windowSeconds } from './chart-windows.ts';
import { Meter, type SecondPoint } from './meter.ts';

const point = (some: Partial<SecondPoint>): SecondPoint => ({ ...new Meter(0).point(0, 0), ...some });

it('a short run is drawn second by second, an hour in some hundred points', () => {
  expect([1, 60, 150, 151, 480, 3600].map(windowSeconds)).toEqual([1, 1, 1, 2, 4, 24]);
  const short = [point({ second: 0 }), point({ second: 1 })];
  expect(chartPoints(short, 1)).toBe(short);
});

it('a window keeps the rate, the worst second, every limit exceeded and the ratio of its calls', () => {
  const [merged, rest] = chartPoints(
    [
      point({ second: 0, invites: 4, channels: 7, answered: 1, refused: 0, serPct: 100, seerPct: 100, setupP50Ms: 10, setupP99Ms: 20, limitsExceeded: 1, retransmissions: 2, productRssMb: 100 }),
      point({ second: 1, invites: 6, channels: 9, answered: 0, refused: 3, serPct: 0, seerPct: 100, setupP50Ms: null, setupP99Ms: 90, limitsExceeded: 1, retransmissions: 0, productRssMb: 120 }),
      point({ second: 2, invites: 2 }),
    ],
    2,
  );
  expect(merged).toMatchObject({ second: 0, invites: 5, channels: 9, answered: 0.5, serPct: 25, seerPct: 100, setupP50Ms: 10, setupP99Ms: 90, limitsExceeded: 2, retransmissions: 2, productRssMb: 120, ackP99Ms: null });
  expect(rest).toMatchObject({ second: 2, invites: 2, serPct: null });
});
