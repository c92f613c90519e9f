import { asId, type TrunkId } from '@ritmo/domain';
import { describe, expect, test } from 'vitest';
import { TrunkShares, type TrunksSeen } from './trunk-shares.ts';

const ids = (...numbers: number[]): TrunkId[] => numbers.map((number) => asId<TrunkId>(number));
const seen = (over: Partial<Omit<TrunksSeen, 'owned'>> & { readonly others?: readonly TrunkId[] }): TrunksSeen => {
  const { others = [], mine = [], configured = ids(1, 2), processes = 1 } = over;
  return { configured, mine, processes, owned: new Set([...others, ...mine.map(({ id }) => id)]) };
};
const idle = (...numbers: number[]) => ids(...numbers).map((id) => ({ id, isIdle: true }));

describe('the trunks of several processes', () => {
  test('all belong to a process that is alone', () => {
    expect(new TrunkShares().plan(seen({}))).toEqual({ take: ids(1, 2), give: [] });
  });

  test('are shared out: what is beyond a part is left to the other, and given to it while nothing goes on there', () => {
    const shares = new TrunkShares();
    expect(shares.plan(seen({ processes: 2 }))).toEqual({ take: ids(1), give: [] });
    expect(shares.plan(seen({ processes: 2, mine: idle(1, 2) }))).toEqual({ take: [], give: ids(1) });
    expect(shares.plan(seen({ processes: 2, mine: ids(1, 2).map((id) => ({ id, isIdle: false })) }))).toEqual({ take: [], give: [] });
    expect(shares.plan(seen({ processes: 2, mine: idle(1), others: ids(2) }))).toEqual({ take: [], give: [] });
  });

  test('go to those that are left when a process died', () => {
    expect(new TrunkShares().plan(seen({ processes: 1, mine: idle(1) }))).toEqual({ take: ids(2), give: [] });
  });

  test('are taken after a while when the other does not take them, and then kept', () => {
    const shares = new TrunkShares();
    const passes = Array.from({ length: 6 }, () => shares.plan(seen({ processes: 2, mine: idle(1) })).take);
    expect(passes).toEqual([[], [], [], [], [], ids(2)]);
    expect(shares.plan(seen({ processes: 2, mine: idle(1, 2) })).give).toEqual(ids(1));
    expect(shares.plan(seen({ processes: 3, configured: ids(1, 2), mine: idle(2) })).give).toEqual([]);
  });
});
