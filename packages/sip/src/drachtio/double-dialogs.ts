import type { Dialog } from '../native/dialog.ts';
import type { PendingAck } from '../native/pending-ack.ts';
import type { SipMessage } from '../wire/message.ts';

/** A dialog that the double holds for its client. */
export interface Known {
  readonly id: string;
  readonly dialog: Dialog;
  pendingAck: PendingAck | undefined;
  ack: string;
  /** Its client is gone: nobody hears of it any more, the next client neither. */
  deaf: boolean;
}

export class KnownDialogs {
  private readonly byId = new Map<string, Known>();

  of(id: string): Known | undefined {
    return this.byId.get(id);
  }

  /** That of a request of the peer's. */
  ofRequest(message: SipMessage): Known | undefined {
    return this.byId.get(`${message.toTag}-${message.fromTag}`);
  }

  ofResponse(callId: string, remoteTag: string): Known | undefined {
    return [...this.byId.values()].find(({ dialog }) => dialog.callId === callId && dialog.remoteTag === remoteTag);
  }

  begin(dialog: Dialog): Known {
    const known: Known = { id: `${dialog.localTag}-${dialog.remoteTag}`, dialog, pendingAck: undefined, ack: '', deaf: false };
    this.byId.set(known.id, known);
    return known;
  }

  end(known: Known): void {
    known.pendingAck?.stop();
    this.byId.delete(known.id);
  }

  deafen(): void {
    for (const known of this.byId.values()) known.deaf = true;
  }

  clear(): void {
    for (const known of this.byId.values()) known.pendingAck?.stop();
    this.byId.clear();
  }
}
