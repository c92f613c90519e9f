import type { ServerTransaction } from '../transactions/server.ts';
import type { Flow } from '../transport/flow.ts';
import { newTag, randomHex } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';

export interface OpenRequest {
  readonly transaction: ServerTransaction;
  readonly request: SipMessage;
  readonly flow: Flow;
  readonly tag: string;
  heard: boolean;
}

/** Requests of the network that the double's client has not answered for good, by the double's name of their transactions. */
export class OpenRequests {
  /** An INVITE to which its client has answered nothing by then is forgotten. */
  clientTimeoutMs = 64_000;
  /** How often that time was over. */
  timesOver = 0;
  private readonly byId = new Map<string, OpenRequest>();

  open(transaction: ServerTransaction, request: SipMessage, flow: Flow, beginsCall: boolean): string {
    const id = randomHex(8);
    this.byId.set(id, { transaction, request, flow, tag: newTag(), heard: false });
    if (beginsCall) setTimeout(() => this.timeOver(id), this.clientTimeoutMs).unref();
    return id;
  }

  private timeOver(id: string): void {
    this.timesOver++;
    if (this.byId.get(id)?.heard === false) this.byId.delete(id);
  }

  of(id: string): OpenRequest | undefined {
    return this.byId.get(id);
  }

  idOf(transaction: object): string | undefined {
    return [...this.byId].find(([, each]) => each.transaction === transaction)?.[0];
  }

  close(id: string): void {
    this.byId.delete(id);
  }

  clear(): void {
    this.byId.clear();
  }
}
