import type { Actor, CampaignId } from '@ritmo/domain';
import type { Refusal } from './answers.ts';

/** An import of a list file. */
export interface ListImport {
  readonly importId: number;
  readonly campaignId: CampaignId;
  readonly name: string;
  /** running: also while it waits for the next start to go on. */
  readonly state: 'running' | 'done' | 'failed';
  readonly reason: string | null;
  /** Of the file, 0 to 100. */
  readonly percent: number;
  readonly linesPerSecond: number;
  readonly lines: number;
  readonly imported: number;
  readonly rejected: number;
  /** How often it was taken up again after a stop or a crash. */
  readonly resumed: number;
  readonly begunAt: number;
  readonly endedAt: number | null;
}

export interface RejectedLine {
  /** From 1; 0 for what is said of lines that are not listed. */
  readonly line: number;
  /** The field's name in the layout; null when it is the line as a whole. */
  readonly column: string | null;
  readonly reason: string;
}

/** What mailing serves. */
export interface MailingRequests {
  'mailing.import': {
    /**
     * `path` is read on the server; else `content` (UTF-8 or Latin-1 bytes, base64). The same file under the same name to the same
     * campaign is the same import, whether it still runs or has ended, unless `again`. `wait: false` answers as soon as the file is
     * taken over; `mailing.imports` tells how far it is.
     */
    request: { campaignId: CampaignId; name: string; path?: string; contentBase64?: string; again?: boolean; wait?: boolean; by: Actor };
    reply:
      | { ok: true; importId: number; state: ListImport['state']; repeated: boolean; lines: number; imported: number; rejected: readonly RejectedLine[] }
      | Refusal<'unknown-campaign' | 'no-file' | 'unknown-format' | 'interrupted'>;
  };
  /** Newest first. */
  'mailing.imports': { request: { importId: number | null; limit?: number }; reply: { imports: readonly ListImport[] } };
  'mailing.rejected': { request: { importId: number }; reply: { rejected: readonly RejectedLine[] } };
  /** The results of a campaign as a file of the manual's layout 1.5, written on the server. */
  'mailing.export': {
    request: { campaignId: CampaignId };
    reply: { ok: true; path: string; lines: number } | Refusal<'unknown-campaign'>;
  };
}
