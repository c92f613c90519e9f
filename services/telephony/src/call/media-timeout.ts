/**
 * A side that sends no RTP any more: its BYE was lost, or its network is gone. The signalling alone would keep the channel until the
 * session timer (RFC 4028) ends it, half an hour later.
 */

/** A side that was never heard may be one that sends nothing until somebody speaks: it gets this many times the limit. */
const neverHeardFactor = 5;

export interface Silence {
  readonly silentMs: number;
  readonly everHeard: boolean;
}

/** `limitMs` 0: never. */
export function isMediaTimeout({ silentMs, everHeard }: Silence, limitMs: number): boolean {
  return limitMs > 0 && silentMs >= limitMs * (everHeard ? 1 : neverHeardFactor);
}

/** Q.850: recovery on timer expiry. */
export const mediaTimeoutCause = 102;
/** Q.850: temporary failure. */
export const mediaLostCause = 41;
