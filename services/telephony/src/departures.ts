/** INVITEs of one trunk that wait for their turn: first come, first out, as the ledger's rate allows. */
import type { CallId } from '@ritmo/domain';
import type { ChannelLedger } from './channel-ledger.ts';

interface Waiting {
  readonly callId: CallId;
  readonly isWanted: () => boolean;
  readonly go: (mayLeave: boolean) => void;
}

export class Departures {
  readonly #ledger: ChannelLedger;
  readonly #nowMs: () => number;
  #queue: Waiting[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(ledger: ChannelLedger, nowMs: () => number = () => performance.now()) {
    this.#ledger = ledger;
    this.#nowMs = nowMs;
  }

  /** Resolves when the call's INVITE may leave (`ledger.sent` tells that it does), or with false when nobody wants it any more. */
  turn(callId: CallId, isWanted: () => boolean): Promise<boolean> {
    return new Promise((go) => {
      this.#queue.push({ callId, isWanted, go });
      if (!this.#timer) this.#pump();
    });
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    for (const { go } of this.#queue.splice(0)) go(false);
  }

  #pump(): void {
    this.#timer = undefined;
    let done = 0;
    for (const { callId, isWanted, go } of this.#queue) {
      if (isWanted()) {
        const waitMs = this.#ledger.turn(callId, this.#nowMs());
        if (waitMs > 0) {
          this.#timer = setTimeout(() => this.#pump(), Math.ceil(waitMs));
          break;
        }
        go(true);
      } else go(false);
      done += 1;
    }
    if (done > 0) this.#queue = this.#queue.slice(done);
  }
}
