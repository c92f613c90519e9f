import { existsSync } from 'node:fs';
import { expect, it } from 'vitest';
import { watchStolenTime } from './stolen-time.ts';

it('tells a share, or nothing where the kernel does not', () => {
  const stolenPct = watchStolenTime()();
  if (!existsSync('/proc/stat')) expect(stolenPct).toBeUndefined();
  else expect(stolenPct).toSatisfy((pct: number) => pct >= 0 && pct <= 100);
});
