import type { WireEnd } from './port.ts';

/** What an attempt came to, as far as the wire can say. Who maps it to dispositions knows no SIP code. */
export type WireOutcome = 'answered' | 'busy' | 'no-answer' | 'invalid-number' | 'rejected' | 'trunk-failure' | 'cancelled';

export interface OutcomeRow {
  readonly outcome: WireOutcome;
  /** For people. */
  readonly reason: string;
  /** Where it is defined. */
  readonly source: string;
}

/** Final response codes of INVITE. */
export const BY_SIP_CODE: Readonly<Record<number, OutcomeRow>> = {
  200: { outcome: 'answered', reason: 'answered', source: 'RFC 3261 21.2.1' },
  401: { outcome: 'trunk-failure', reason: 'the trunk did not accept our credentials', source: 'RFC 3261 21.4.2' },
  403: { outcome: 'trunk-failure', reason: 'the trunk forbids this call', source: 'RFC 3261 21.4.4' },
  404: { outcome: 'invalid-number', reason: 'no such number', source: 'RFC 3261 21.4.5' },
  407: { outcome: 'trunk-failure', reason: 'the trunk did not accept our credentials', source: 'RFC 3261 21.4.8' },
  408: { outcome: 'no-answer', reason: 'no answer in time', source: 'RFC 3261 21.4.9' },
  410: { outcome: 'invalid-number', reason: 'the number is gone for good', source: 'RFC 3261 21.4.11' },
  480: { outcome: 'no-answer', reason: 'the phone cannot be reached now', source: 'RFC 3261 21.4.18' },
  484: { outcome: 'invalid-number', reason: 'the number is incomplete', source: 'RFC 3261 21.4.22' },
  486: { outcome: 'busy', reason: 'busy', source: 'RFC 3261 21.4.24' },
  487: { outcome: 'cancelled', reason: 'cancelled', source: 'RFC 3261 21.4.25' },
  488: { outcome: 'trunk-failure', reason: 'the trunk takes none of our codecs', source: 'RFC 3261 21.4.26' },
  600: { outcome: 'busy', reason: 'busy everywhere', source: 'RFC 3261 21.6.1' },
  603: { outcome: 'rejected', reason: 'the person declined the call', source: 'RFC 3261 21.6.2' },
  604: { outcome: 'invalid-number', reason: 'the number exists nowhere', source: 'RFC 3261 21.6.3' },
  606: { outcome: 'trunk-failure', reason: 'the session is not acceptable', source: 'RFC 3261 21.6.4' },
  607: { outcome: 'rejected', reason: 'the person does not want calls like this', source: 'RFC 8197' },
  608: { outcome: 'rejected', reason: 'an intermediary rejected the call', source: 'RFC 8688' },
};

/** Q.850 causes that say more than the code they came with. A carrier often wraps them in a general one, as 500 with cause 17. */
export const BY_Q850: Readonly<Record<number, OutcomeRow>> = {
  1: { outcome: 'invalid-number', reason: 'unallocated number', source: 'Q.850 cause 1' },
  17: { outcome: 'busy', reason: 'user busy', source: 'Q.850 cause 17' },
  18: { outcome: 'no-answer', reason: 'no user responding', source: 'Q.850 cause 18' },
  19: { outcome: 'no-answer', reason: 'no answer from user', source: 'Q.850 cause 19' },
  20: { outcome: 'no-answer', reason: 'subscriber absent', source: 'Q.850 cause 20' },
  21: { outcome: 'rejected', reason: 'call rejected', source: 'Q.850 cause 21' },
  22: { outcome: 'invalid-number', reason: 'number changed', source: 'Q.850 cause 22' },
  28: { outcome: 'invalid-number', reason: 'invalid number format', source: 'Q.850 cause 28' },
  34: { outcome: 'trunk-failure', reason: 'no channel available', source: 'Q.850 cause 34' },
  38: { outcome: 'trunk-failure', reason: 'network out of order', source: 'Q.850 cause 38' },
  41: { outcome: 'trunk-failure', reason: 'temporary failure', source: 'Q.850 cause 41' },
  42: { outcome: 'trunk-failure', reason: 'switching equipment congestion', source: 'Q.850 cause 42' },
};

const RING_TIMEOUT: OutcomeRow = { outcome: 'no-answer', reason: 'it rang until our ring time was over', source: 'RFC 3261 9.1 (487 after our CANCEL)' };
const CANCELLED: OutcomeRow = { outcome: 'cancelled', reason: 'we cancelled the call', source: 'RFC 3261 9.1' };
const UNREACHABLE: OutcomeRow = { outcome: 'trunk-failure', reason: 'the trunk cannot be reached', source: 'RFC 3261 8.1.3.1' };
const REDIRECTED: OutcomeRow = { outcome: 'trunk-failure', reason: 'redirected, and redirects are not followed', source: 'RFC 3261 21.3' };
const SERVER_FAILURE: OutcomeRow = { outcome: 'trunk-failure', reason: 'the trunk failed', source: 'RFC 3261 21.5' };
const OTHER_REFUSAL: OutcomeRow = { outcome: 'trunk-failure', reason: 'the trunk refused the call', source: 'RFC 3261 21.4' };
const GLOBAL_FAILURE: OutcomeRow = { outcome: 'rejected', reason: 'refused everywhere', source: 'RFC 3261 21.6' };

/** Codes that speak for themselves whatever cause rides along: the person declined, or we cancelled. */
const CODE_WINS: ReadonlySet<number> = new Set([200, 487, 603, 607, 608]);

export function outcomeRow(end: WireEnd): OutcomeRow {
  const { by, sipCode, q850 } = end;
  if (by === 'transport') return UNREACHABLE;
  if (sipCode === 200) return BY_SIP_CODE[200] ?? SERVER_FAILURE;
  if (by === 'timeout') return RING_TIMEOUT;
  if (by === 'local') return CANCELLED;
  const byCause = q850 === undefined ? undefined : BY_Q850[q850];
  if (byCause !== undefined && !CODE_WINS.has(sipCode ?? 0)) return byCause;
  if (sipCode === undefined) return SERVER_FAILURE;
  const row = BY_SIP_CODE[sipCode];
  if (row !== undefined) return row;
  if (sipCode < 400) return REDIRECTED;
  if (sipCode < 500) return OTHER_REFUSAL;
  return sipCode < 600 ? SERVER_FAILURE : GLOBAL_FAILURE;
}

/** The outcome of an attempt that ended, or of a call that was answered and ended by BYE (code 200). */
export function outcomeOf(end: WireEnd): WireOutcome {
  return outcomeRow(end).outcome;
}

/** One line for people: what it means, and what the wire said. */
export function outcomeReason(end: WireEnd): string {
  const said = [
    end.sipCode === undefined ? '' : `SIP ${end.sipCode}`,
    end.reasonPhrase ?? '',
    end.q850 === undefined ? '' : `Q.850 cause ${end.q850}`,
  ].filter((each) => each !== '');
  const { reason } = outcomeRow(end);
  return said.length === 0 ? reason : `${reason} (${said.join(', ')})`;
}
