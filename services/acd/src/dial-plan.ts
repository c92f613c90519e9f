/** What a dialed number means: a queue of ours, an agent of ours, or the world outside; and who may call it. */
import {
  destinationAllowed,
  dialString,
  onlyDigits,
  readDialedNumber,
  waysFor,
  nationalToRoute,
  type Agent,
  type DialedNumber,
  type NumberKind,
  type Queue,
  type Way,
} from '@ritmo/domain';
import type { DirectoryReader } from '@ritmo/service-kit';

export type DialDecision =
  | { readonly ok: true; readonly ways: readonly Way[]; readonly number: Extract<DialedNumber, { ok: true }> }
  | { readonly ok: false; readonly code: 'invalid-number' | 'no-route' }
  | { readonly ok: false; readonly code: 'not-allowed'; readonly rule: 'kind' | 'destination' };

const defaultHome = '11';

/** SIP codes that a caller is refused with. */
export const refusals = { 'not-registered': 403, busy: 486, ceiling: 403, 'invalid-number': 484, 'not-allowed': 403, 'no-route': 404 } as const;

/** As long as an extension of ours: who is called is unknown (RFC 3261 21.4.5), not a number that lacks digits (21.4.22). */
export const looksLikeExtension = (directory: DirectoryReader, dialed: string): boolean =>
  /^\d+$/.test(dialed) && directory.all('agent').some(({ extension }) => extension.length === dialed.length);

/** Checks an agent's right to call a number, and how it would leave. */
export function planDial(directory: DirectoryReader, agent: Agent, text: string): DialDecision {
  const routes = directory.all('route');
  const home = routes.find((route) => route.active && route.homeAreaCode !== undefined)?.homeAreaCode ?? defaultHome;
  const number = readDialedNumber(text, home);
  if (!number.ok) return { ok: false, code: 'invalid-number' };
  if (!agent.allowedKinds.includes(number.kind)) return { ok: false, code: 'not-allowed', rule: 'kind' };
  if (!destinationAllowed(directory.get('settings', 1)?.destinationAllow ?? [], number)) return { ok: false, code: 'not-allowed', rule: 'destination' };
  const isNational = number.areaCode !== '';
  const toRoute = isNational
    ? nationalToRoute({ areaCode: number.areaCode, number: number.number, mobile: number.number.length === 9 })
    : { areaCode: '', kindFrom: (): NumberKind => number.kind };
  const trunks = { get: (id: number) => directory.get('trunk', id) };
  const ways = waysFor(toRoute, routes, trunks, { routeIds: [], homeAreaCode: home });
  return ways.length === 0 ? { ok: false, code: 'no-route' } : { ok: true, ways, number };
}

/** How one way's trunk wants the number, and who calls. */
export function dialedBy(directory: DirectoryReader, way: Way, number: Extract<DialedNumber, { ok: true }>, turn: number): { readonly dialString: string; readonly number: string; readonly callerId: string } {
  const trunk = directory.get('trunk', way.trunkId);
  const callerIds = trunk?.callerIds ?? [];
  const format = number.areaCode === '' ? '{number}' : (trunk?.dialFormat ?? '{areaCode}{number}');
  return { dialString: dialString(format, number), number: number.areaCode + number.number, callerId: callerIds[turn % Math.max(1, callerIds.length)] ?? 'anonymous' };
}

/** The queue that calls to this number come to. Written with or without country code. */
export function queueOfNumber(directory: DirectoryReader, dialed: string): Queue | undefined {
  const digits = bare(dialed);
  if (digits === '') return undefined;
  return directory.all('queue').find((queue) => queue.numbers.some((number) => bare(number) === digits));
}

const bare = (number: string): string => {
  const digits = onlyDigits(number);
  return digits.length > 11 && digits.startsWith('55') ? digits.slice(2) : digits;
};
