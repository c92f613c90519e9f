import { describe, expect, it } from 'vitest';
import type { Route, Trunk } from './directory/entries.ts';
import type { TrunkId } from './ids.ts';
import { nationalToRoute, nextWay, waysFor } from './routes.ts';

const route = (id: number, changed: Partial<Route>): Route => ({ id, name: `route ${id}`, active: true, order: 100, areaCodes: [], kinds: [], trunks: [1], rates: [], branch: 'Matriz', ...changed });
const trunk = (id: number, enabled = true): [number, Trunk] => [id, { id, enabled } as Trunk];
const trunks = new Map([trunk(1), trunk(2), trunk(3), trunk(4, false)]);
const fixed = nationalToRoute({ areaCode: '11', number: '33553434', mobile: false });
const mobile = nationalToRoute({ areaCode: '21', number: '998884466', mobile: true });
const all = { routeIds: [], homeAreaCode: '11' };
const trunkIds = (ways: readonly { trunkId: number }[]): number[] => ways.map((way) => way.trunkId);

describe('waysFor', () => {
  it('takes routes by order and trunks in failover order, each trunk once', () => {
    const routes = [route(1, { order: 20, trunks: [1, 3] }), route(2, { order: 10, trunks: [2, 1] })];
    expect(waysFor(fixed, routes, trunks, all)).toEqual([{ routeId: 2, trunkId: 2 }, { routeId: 2, trunkId: 1 }, { routeId: 1, trunkId: 3 }]);
  });

  it('leaves out routes for other area codes or kinds, inactive ones, and those the campaign does not use', () => {
    const routes = [
      route(1, { areaCodes: ['21'], trunks: [1] }),
      route(2, { kinds: ['local'], trunks: [2] }),
      route(3, { active: false, trunks: [3] }),
    ];
    expect(trunkIds(waysFor(fixed, routes, trunks, all))).toEqual([2]);
    expect(trunkIds(waysFor(mobile, routes, trunks, all))).toEqual([1]);
    expect(waysFor(mobile, routes, trunks, { ...all, routeIds: [2] })).toEqual([]);
  });

  it("sees a number's kind from the route's own area code", () => {
    expect(trunkIds(waysFor(mobile, [route(1, { kinds: ['mobile'], homeAreaCode: '21' })], trunks, all))).toEqual([1]);
    expect(waysFor(mobile, [route(1, { kinds: ['mobile'] })], trunks, all)).toEqual([]);
  });

  it('leaves out trunks that are disabled or gone', () => {
    expect(trunkIds(waysFor(fixed, [route(1, { trunks: [4, 9, 3] })], trunks, all))).toEqual([3]);
  });
});

describe('nextWay', () => {
  it('is the first whose trunk has not failed, then none', () => {
    const ways = waysFor(fixed, [route(1, { trunks: [1, 2] })], trunks, all);
    expect(nextWay(ways, [])?.trunkId).toBe(1);
    expect(nextWay(ways, [1 as TrunkId])?.trunkId).toBe(2);
    expect(nextWay(ways, [1, 2] as TrunkId[])).toBeUndefined();
  });
});
