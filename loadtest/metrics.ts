/** What the far end knows of one call. Milliseconds since 1970, as the far end's clock had them. */
export interface CallFacts {
  readonly invitedAtMs: number;
  /** First response above 100. */
  progressAtMs?: number;
  answeredAtMs?: number;
  ackedAtMs?: number;
  refusedAtMs?: number;
  /** Final refusal. */
  code?: number;
  cancelledAtMs?: number;
  byeAtMs?: number;
  byeAnsweredAtMs?: number;
}

interface Totals {
  readonly peakCps: number;
  readonly maxChannels: number;
  readonly retransmissionsSent: number;
  readonly retransmissionsReceived: number;
  readonly cpsLimitExceeded: number;
  readonly channelLimitExceeded: number;
  /** Still held when the figures were taken. */
  readonly channelsLeft: number;
}

/** Measured at the far end over a whole run. Null: nothing to measure it by. Percentages 0 to 100. */
export interface Figures extends Totals {
  readonly attempts: number;
  readonly answered: number;
  readonly refused: number;
  readonly cancelled: number;
  /** No final response and no answer. */
  readonly undecided: number;
  readonly byCode: Readonly<Record<string, number>>;
  /** From the INVITE to the first sign of what becomes of it. */
  readonly pddP50Ms: number | null;
  readonly pddP95Ms: number | null;
  /** RFC 6076 4.3.1: INVITE to the first response above 100, of calls not refused. */
  readonly srdP50Ms: number | null;
  readonly srdP95Ms: number | null;
  /** RFC 6076 4.3.2, of refused calls: INVITE to the first response above 100, which may be the refusal (401, 402, 407 and 3xx are none). */
  readonly srdFailedP50Ms: number | null;
  readonly srdFailedP95Ms: number | null;
  /** INVITE to 200. */
  readonly setupP50Ms: number | null;
  readonly setupP95Ms: number | null;
  readonly setupP99Ms: number | null;
  /** 200 to its ACK. */
  readonly ackP50Ms: number | null;
  readonly ackP99Ms: number | null;
  /** RFC 6076 4.4: BYE to its 200. */
  readonly sddP50Ms: number | null;
  readonly sddP99Ms: number | null;
  /** RFC 6076 4.5: mean time from 200 to BYE. */
  readonly sdtMeanS: number | null;
  /** RFC 6076 4.6, 4.7, 4.8. */
  readonly serPct: number | null;
  readonly seerPct: number | null;
  readonly isaPct: number | null;
  readonly retransmissionPct: number | null;
}

/** Nearest rank: the smallest value that p per cent of the values do not exceed. */
export function percentile(values: readonly number[], p: number): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? null;
}

/** RFC 6076 4.6: refusals that a user agent recovers from by itself are no attempts. */
export const isRecoverable = (code: number): boolean => (code >= 300 && code < 400) || code === 401 || code === 402 || code === 407;
/** RFC 6076 4.7: the network did its part, the person did not want or was not there. */
const effective: ReadonlySet<number> = new Set([480, 486, 600, 603]);
export const isEffective = (code: number): boolean => effective.has(code);
/** RFC 6076 4.8: the network failed. */
const ineffective: ReadonlySet<number> = new Set([408, 500, 503, 504]);

/** In RFC 6076's words: session establishment ratio, session establishment effectiveness ratio, ineffective session attempts. */
export function ratios(calls: readonly CallFacts[]): { readonly serPct: number | null; readonly seerPct: number | null; readonly isaPct: number | null } {
  const codes = calls.flatMap(({ code, answeredAtMs }) => (code !== undefined && answeredAtMs === undefined ? [code] : []));
  const answered = calls.filter(({ answeredAtMs }) => answeredAtMs !== undefined).length;
  const counted = calls.length - codes.filter(isRecoverable).length;
  const pct = (part: number, whole: number): number | null => (whole === 0 ? null : (100 * part) / whole);
  return {
    serPct: pct(answered, counted),
    seerPct: pct(answered + codes.filter(isEffective).length, counted),
    isaPct: pct(codes.filter((code) => ineffective.has(code)).length, calls.length),
  };
}

export function summarise(calls: readonly CallFacts[], totals: Totals): Figures {
  const between = (from: keyof CallFacts, to: keyof CallFacts, which: (call: CallFacts) => boolean = () => true): readonly number[] =>
    calls.flatMap((call) => {
      const [begin, end] = [call[from], call[to]];
      return which(call) && begin !== undefined && end !== undefined ? [end - begin] : [];
    });
  const isRefused = (call: CallFacts): boolean => call.code !== undefined && call.answeredAtMs === undefined;
  const pdd = between('invitedAtMs', 'progressAtMs');
  const srd = between('invitedAtMs', 'progressAtMs', (call) => !isRefused(call));
  const srdFailed = between('invitedAtMs', 'progressAtMs', isRefused);
  const setup = between('invitedAtMs', 'answeredAtMs');
  const ack = between('answeredAtMs', 'ackedAtMs');
  const sdd = between('byeAtMs', 'byeAnsweredAtMs');
  const talk = between('answeredAtMs', 'byeAtMs');
  const byCode: Record<string, number> = {};
  for (const call of calls) {
    const code = call.answeredAtMs === undefined ? call.code : 200;
    if (code !== undefined) byCode[code] = (byCode[code] ?? 0) + 1;
  }
  const answered = byCode['200'] ?? 0;
  const refused = calls.filter(isRefused).length;
  return {
    ...totals,
    attempts: calls.length,
    answered,
    refused,
    cancelled: calls.filter(({ cancelledAtMs }) => cancelledAtMs !== undefined).length,
    undecided: calls.length - answered - refused,
    byCode,
    pddP50Ms: percentile(pdd, 50), pddP95Ms: percentile(pdd, 95),
    srdP50Ms: percentile(srd, 50), srdP95Ms: percentile(srd, 95),
    srdFailedP50Ms: percentile(srdFailed, 50), srdFailedP95Ms: percentile(srdFailed, 95),
    setupP50Ms: percentile(setup, 50), setupP95Ms: percentile(setup, 95), setupP99Ms: percentile(setup, 99),
    ackP50Ms: percentile(ack, 50), ackP99Ms: percentile(ack, 99),
    sddP50Ms: percentile(sdd, 50), sddP99Ms: percentile(sdd, 99),
    sdtMeanS: talk.length === 0 ? null : talk.reduce((sum, ms) => sum + ms, 0) / talk.length / 1000,
    ...ratios(calls),
    retransmissionPct: calls.length === 0 ? null : (100 * (totals.retransmissionsSent + totals.retransmissionsReceived)) / calls.length,
  };
}
