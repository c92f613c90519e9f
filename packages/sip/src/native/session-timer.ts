import type { SipMessage } from '../wire/message.ts';
import { params } from '../wire/scan.ts';

/** Session timers (RFC 4028): pure negotiation. Intervals in seconds. */
export interface SessionInterval {
  readonly intervalS: number;
  readonly weRefresh: boolean;
}

export interface SessionHeader {
  readonly intervalS: number;
  readonly refresher: 'uac' | 'uas' | undefined;
}

export function sessionHeader(message: SipMessage): SessionHeader | undefined {
  const value = message.get('session-expires');
  if (value === undefined) return undefined;
  const intervalS = Number.parseInt(value, 10);
  if (!(intervalS > 0)) return undefined;
  const semicolon = value.indexOf(';');
  const refresher = semicolon === -1 ? undefined : params(value, semicolon).get('refresher')?.toLowerCase();
  return { intervalS, refresher: refresher === 'uac' || refresher === 'uas' ? refresher : undefined };
}

export function sessionOffer(intervalS: number, minS: number): string {
  return intervalS === 0 ? '' : `Session-Expires: ${intervalS}\r\nMin-SE: ${minS}\r\n`;
}

/** What a 2xx to our INVITE or UPDATE settled (7.2). Without the header the peer wants no timer. */
export function negotiateAsCaller(response: SipMessage, offeredS: number): SessionInterval | undefined {
  const header = sessionHeader(response);
  if (header === undefined || offeredS === 0) return undefined;
  return { intervalS: header.intervalS, weRefresh: header.refresher !== 'uas' };
}

export type CalleeAnswer =
  | { readonly kind: 'none' }
  | { readonly kind: 'too-small'; readonly headers: string }
  | { readonly kind: 'agreed'; readonly interval: SessionInterval; readonly headers: string };

/** What we answer to a Session-Expires (9). The peer refreshes when it can and named no one; else we do. */
export function negotiateAsCallee(request: SipMessage, minS: number): CalleeAnswer {
  const header = sessionHeader(request);
  if (header === undefined) return { kind: 'none' };
  const peerCan = request.lists('supported', 'timer');
  if (header.intervalS < minS) {
    // A peer without the extension cannot understand 422 (9): its value was set by a proxy, so we live without a timer.
    return peerCan ? { kind: 'too-small', headers: `Min-SE: ${minS}\r\n` } : { kind: 'none' };
  }
  const peerRefreshes = peerCan && header.refresher !== 'uas';
  const headers = `Session-Expires: ${header.intervalS};refresher=${peerRefreshes ? 'uac' : 'uas'}\r\n${peerCan ? 'Require: timer\r\n' : ''}`;
  return { kind: 'agreed', interval: { intervalS: header.intervalS, weRefresh: !peerRefreshes }, headers };
}

/** What a refresh of ours says (7.4): in it we are the UAC, and who refreshes stays who it was. */
export function refreshLines({ intervalS, weRefresh }: SessionInterval, minS: number): string {
  return `Session-Expires: ${intervalS};refresher=${weRefresh ? 'uac' : 'uas'}\r\nMin-SE: ${Math.min(intervalS, minS)}\r\n`;
}

/** Min-SE of a 422 (7.3); NaN without one. */
export function leastIn(response: SipMessage): number {
  return Number.parseInt(response.get('min-se') ?? '', 10);
}

/**
 * 10: who waits for refreshes gives up a little before the interval ends; the refresher, who begins at half of it, has all of it to get
 * one through.
 */
export function expiryDelayMs({ intervalS, weRefresh }: SessionInterval): number {
  return (weRefresh ? intervalS : intervalS - Math.min(32, intervalS / 3)) * 1_000;
}
