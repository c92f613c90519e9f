import type { CallEndedBy, EventDataByType } from '@ritmo/domain';

/** Why a call ends, as its last fact tells it. */
export interface EndOfCall {
  readonly by: CallEndedBy;
  readonly outcome: EventDataByType['CallEnded']['wireOutcome'];
  readonly reason: string;
  readonly sipCode?: number | null;
  readonly q850?: number | null;
}
