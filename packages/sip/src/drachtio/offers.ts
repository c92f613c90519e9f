import type { Asker, SrfResponse } from './srf.ts';

const SDP = { 'Content-Type': 'application/sdp' };
const MAX_TRIES = 5;

/** Whose the Call-ID is waits longer when both offered at once (RFC 3261 14.1). */
function glarePauseMs(ownsCallId: boolean): number {
  return ownsCallId ? 2_100 + Math.random() * 1_900 : Math.random() * 2_000;
}

/** The offers of one dialog of ours, one after the other, by re-INVITE or UPDATE; again after a 491. */
export class Offers {
  private readonly asker: Asker;
  private readonly dialogId: string;
  private readonly ownsCallId: boolean;
  private last: Promise<unknown> = Promise.resolve();
  private waiting = false;

  constructor(asker: Asker, dialogId: string, ownsCallId: boolean) {
    this.asker = asker;
    this.dialogId = dialogId;
    this.ownsCallId = ownsCallId;
  }

  /** One of ours is unanswered: theirs gets 491. */
  get pending(): boolean {
    return this.waiting;
  }

  make(method: 'INVITE' | 'UPDATE', sdp: string): Promise<string> {
    const made = this.last.then(() => this.tryHard(method, sdp));
    this.last = made.catch(() => undefined);
    return made;
  }

  private async tryHard(method: 'INVITE' | 'UPDATE', sdp: string): Promise<string> {
    for (let left = MAX_TRIES; ; left--) {
      const response = await this.tryOnce(method, sdp);
      if (response.status < 300) return response.body;
      if (method === 'UPDATE' && (response.status === 405 || response.status === 501)) return this.tryHard('INVITE', sdp);
      if (response.status !== 491 || left === 0) throw new Error(`${method} refused: ${response.status} ${response.reason}`);
      await new Promise((resolve) => setTimeout(resolve, glarePauseMs(this.ownsCallId)));
    }
  }

  private async tryOnce(method: 'INVITE' | 'UPDATE', sdp: string): Promise<SrfResponse> {
    this.waiting = true;
    try {
      return await this.asker.inDialog(this.dialogId, method, SDP, sdp);
    } finally {
      this.waiting = false;
    }
  }
}
