/**
 * The short-call governor: a carrier or a regulator blocks a company whose calls are mostly short (not completed, to voicemail, or
 * ended within six seconds), so the share of short calls per trunk and day is watched like the abandoned rate. Below
 * `minCalls` nothing is judged; from `slowShare` on starts are scaled down in a straight line to nothing at `stopShare`.
 */
export interface ShortCallRule {
  readonly minCalls: number;
  readonly slowShare: number;
  readonly stopShare: number;
}

export interface ShortCallVerdict {
  /** 0 to 1: multiply the starts that the trunk may make. */
  readonly factor: number;
  readonly share: number;
  readonly reason: string;
}

/** Calls ended within this are short even if answered. */
export const SHORT_CALL_MS = 6000;

export function governShortCalls(calls: number, shortCalls: number, rule: ShortCallRule): ShortCallVerdict {
  const share = calls > 0 ? shortCalls / calls : 0;
  if (calls < rule.minCalls) return { factor: 1, share, reason: 'too few calls today to judge' };
  if (share >= rule.stopShare) return { factor: 0, share, reason: 'the share of short calls reached the limit of the day' };
  if (share <= rule.slowShare) return { factor: 1, share, reason: 'the share of short calls is in order' };
  const factor = (rule.stopShare - share) / (rule.stopShare - rule.slowShare);
  return { factor, share, reason: 'slowed down: the share of short calls nears the limit' };
}
