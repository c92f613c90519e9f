import { describe, expect, it } from 'vitest';
import { seconds, table } from './table.ts';

describe('a table', () => {
  it('is as wide as what is in it, numbers to the right', () => {
    const text = table(
      [
        { name: 'Ana', calls: 7 },
        { name: 'Bartolomeu', calls: 12 },
      ],
      [
        { title: 'name', of: (row) => row.name },
        { title: 'calls', of: (row) => row.calls, right: true },
      ],
    );
    expect(text.split('\n')).toEqual(['name        calls', '──────────  ─────', 'Ana             7', 'Bartolomeu     12']);
  });

  it('says so when there is nothing', () => {
    expect(table([], [{ title: 'name', of: () => '' }])).toBe('(none)');
  });

  it('shows a dash for what is not known', () => {
    expect(table([{}], [{ title: 'trunk', of: () => null }])).toContain('–');
  });
});

describe('a time span', () => {
  it('is in seconds up to a minute, then in minutes and seconds', () => {
    expect([seconds(0), seconds(59_400), seconds(61_000)]).toEqual(['0 s', '59 s', '1 min 01 s']);
  });
});
