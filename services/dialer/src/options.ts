import type { CampaignId } from '@ritmo/domain';

export interface DialerOptions {
  /** How often pacing is asked. Default 100. */
  readonly tickMs?: number;
  /** Contacts read ahead per campaign. Default 400. */
  readonly batchSize?: number;
  /**
   * After a delivered call without a disposition the contact's next phone waits this long for one. Default for ever: "os clientes com
   * essa tabulação não serão rediscados" (manual 1.3.1.1).
   */
  readonly dispositionWaitMs?: number;
  /** Preview: the call is made by itself when the agent says nothing for this long; null: the offer is withdrawn instead. Default null. */
  readonly previewDialAfterMs?: number | null;
  /** Preview: how long an offer stands. Default 60 000. */
  readonly previewTimeoutMs?: number;
  /** How often what is in flight is compared with telephony. Default 3 000. */
  readonly reconcileMs?: number;
  /** An attempt that telephony never heard of is closed as interrupted after this. Default 15 000. */
  readonly unknownAfterMs?: number;
  /** Campaigns that this process may run, when several processes divide them. Default every one. */
  readonly mayRun?: (campaignId: CampaignId) => boolean;
  /** At most one stored pacing decision per campaign in this time. Default 5 000. */
  readonly pacingSampleMs?: number;
  /** Agents' callbacks that fell due while nothing ran are announced this long after the start. Default 10 000. */
  readonly callbackSettleMs?: number;
}

/** A hundred years: a date that every column can hold. */
const forEverMs = 100 * 365 * 86_400_000;

export type DialerSettings = Required<DialerOptions>;

export const withDefaults = (options: DialerOptions): DialerSettings => ({
  tickMs: 100,
  batchSize: 400,
  dispositionWaitMs: forEverMs,
  previewDialAfterMs: null,
  previewTimeoutMs: 60_000,
  reconcileMs: 3_000,
  unknownAfterMs: 15_000,
  mayRun: () => true,
  pacingSampleMs: 5_000,
  callbackSettleMs: 10_000,
  ...options,
});
