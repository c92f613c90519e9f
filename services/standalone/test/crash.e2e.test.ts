import { describe, expect, it } from 'vitest';
import { runCrashes } from './crash-run.ts';

describe('a running campaign whose process tree is killed', () => {
  it(
    'dials nothing twice, keeps every limit, leaks nothing and comes out with the same views',
    async () => {
      const said: string[] = [];
      const { checks } = await runCrashes({ kills: 3, seed: 20, say: (line) => said.push(line) });
      expect(checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`), said.join('\n')).toEqual([]);
    },
    400_000,
  );
});
