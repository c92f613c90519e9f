/** Which trunks a number may leave by, in order. */
import type { Route, Trunk } from './directory/entries.ts';
import type { RouteId, TrunkId } from './ids.ts';
import { kindOf, type BrazilianNumber, type NumberKind } from './numbers.ts';

export interface Way {
  readonly routeId: RouteId;
  readonly trunkId: TrunkId;
}

export interface NumberToRoute {
  readonly areaCode: string;
  /** Kind as seen from an area code: a route may call another one its home. */
  readonly kindFrom: (homeAreaCode: string) => NumberKind;
}

export const nationalToRoute = (number: BrazilianNumber): NumberToRoute => ({
  areaCode: number.areaCode,
  kindFrom: (home) => kindOf(number, home),
});

/**
 * All ways of a number: routes by their order, each with its trunks in failover order. A trunk that is on several routes
 * comes once, by the first of them. `routeIds` empty: every route.
 */
export function waysFor(
  number: NumberToRoute,
  routes: readonly Route[],
  trunks: ReadonlyMap<number, Trunk> | { get(id: number): Trunk | undefined },
  options: { readonly routeIds: readonly number[]; readonly homeAreaCode: string },
): readonly Way[] {
  const ways: Way[] = [];
  const used = new Set<number>();
  const fitting = routes
    .filter((route) => route.active && (options.routeIds.length === 0 || options.routeIds.includes(route.id)))
    .filter((route) => route.areaCodes.length === 0 || route.areaCodes.includes(number.areaCode))
    .filter((route) => route.kinds.length === 0 || route.kinds.includes(number.kindFrom(route.homeAreaCode ?? options.homeAreaCode)))
    .sort((a, b) => a.order - b.order || a.id - b.id);
  for (const route of fitting) {
    for (const trunkId of route.trunks) {
      if (used.has(trunkId) || trunks.get(trunkId)?.enabled !== true) continue;
      used.add(trunkId);
      ways.push({ routeId: route.id as RouteId, trunkId: trunkId as TrunkId });
    }
  }
  return ways;
}

/** The way to try after these trunks failed; undefined when none is left. */
export function nextWay(ways: readonly Way[], failedTrunkIds: readonly TrunkId[]): Way | undefined {
  return ways.find((way) => !failedTrunkIds.includes(way.trunkId));
}
