import type { Answerable } from '../transactions/server.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import type { RequestDraft } from '../wire/write.ts';
import { ALLOWED_METHODS } from './core.ts';
import type { Core } from './core.ts';
import { dialogOfResponse } from './dialog.ts';
import type { Dialog } from './dialog.ts';
import type { ChallengeMeeter } from './retry-auth.ts';
import { sendUnowned } from './unowned.ts';

/** Forks that rang, per INVITE. More than a proxy would ever make. */
const MAX_EARLY_DIALOGS = 32;

interface Early {
  readonly dialog: Dialog;
  lastRSeq: number;
}

/** The early dialogs of one INVITE of ours, one per To tag (RFC 3261 12.1, 13.2.2.1), and PRACK inside them (RFC 3262). */
export class EarlyDialogs {
  private readonly core: Core;
  private readonly localTag: string;
  private readonly byTag = new Map<string, Early>();

  constructor(core: Core, localTag: string) {
    this.core = core;
    this.localTag = localTag;
  }

  has(remoteTag: string): boolean {
    return this.byTag.has(remoteTag);
  }

  /** CSeq numbers used inside an early dialog go on in the confirmed one. */
  lastCSeq(remoteTag: string): number {
    return this.byTag.get(remoteTag)?.dialog.localCSeq ?? 0;
  }

  /** False when the response is a repetition or out of order, and not to be told. */
  progressed(draft: RequestDraft, response: SipMessage, flow: Flow, meeter: ChallengeMeeter | undefined): boolean {
    let early = this.byTag.get(response.toTag);
    if (early === undefined) {
      if (this.byTag.size >= MAX_EARLY_DIALOGS) return true;
      const dialog = dialogOfResponse(draft, response, flow, this.localTag);
      early = { dialog, lastRSeq: 0 };
      this.byTag.set(dialog.remoteTag, early);
    }
    if (!response.lists('require', '100rel')) return true;
    const rseq = Number.parseInt(response.get('rseq') ?? '', 10);
    if (!Number.isInteger(rseq)) return true;
    // RFC 3262 4: in order only; the repetition of an acknowledged one is absorbed by the PRACK's own transaction at the peer.
    if (early.lastRSeq !== 0 && rseq !== early.lastRSeq + 1) return false;
    early.lastRSeq = rseq;
    const headers = `RAck: ${rseq} ${draft.cseq} INVITE\r\n${this.core.lines.userAgent}`;
    const { dialog } = early;
    const prack = dialog.draft('PRACK', headers, '', dialog.nextCSeq());
    sendUnowned(this.core, prack, dialog.destination, { flow: dialog.flow, ...(meeter === undefined ? {} : { meeter }) });
    return true;
  }
}

/** Requests inside an early dialog. `whose` is the offer of its INVITE, which has no answer yet. */
export function answerEarly(core: Core, message: SipMessage, transaction: Answerable, whose: 'ours' | 'theirs'): void {
  switch (message.method) {
    case 'UPDATE':
      if (message.body === '') transaction.reply(200, { headers: core.lines.server });
      // RFC 3311 5.2: 491 while an offer of ours waits for its answer, 500 while theirs does.
      else if (whose === 'ours') transaction.reply(491, { headers: core.lines.server });
      else transaction.reply(500, { headers: `Retry-After: ${Math.floor(Math.random() * 10)}\r\n` });
      return;
    case 'INFO':
    case 'OPTIONS':
      transaction.reply(200, { headers: core.lines.server });
      return;
    case 'BYE':
      // Only the caller may end an early dialog by BYE (RFC 3261 15).
      transaction.reply(481);
      return;
    default:
      transaction.reply(405, { headers: `Allow: ${ALLOWED_METHODS}\r\n` });
  }
}
