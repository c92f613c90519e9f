import type { SipAddress } from '../port.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { reasonPhrase, replyHead, writeResponse } from '../wire/write.ts';
import type { ReplyHead } from '../wire/write.ts';
import type { TransactionContext } from './context.ts';
import { replyAddress } from './reply-address.ts';

/** What a transaction user adds to a response. Byte strings; `headers` are whole lines. */
export interface Reply {
  readonly toTag?: string;
  readonly reason?: string;
  readonly headers?: string;
  readonly body?: string;
}

/** Answers one request, whichever machine carries it. */
export interface Answerable {
  reply(status: number, reply?: Reply): void;
}

export abstract class ServerTransaction implements Answerable {
  readonly key: string;
  /** Empty for a request inside a dialog. */
  mergeKey = '';
  protected readonly layer: TransactionContext;
  protected readonly flow: Flow;
  protected readonly to: SipAddress;
  protected head: ReplyHead | undefined;
  protected last = '';

  constructor(layer: TransactionContext, key: string, request: SipMessage, flow: Flow) {
    this.layer = layer;
    this.key = key;
    this.flow = flow;
    this.to = replyAddress(request, flow);
    this.head = replyHead(request, flow.host, flow.port);
  }

  protected write(status: number, reply: Reply | undefined): string {
    if (this.head === undefined) return '';
    const reason = reply?.reason ?? reasonPhrase(status);
    return writeResponse(this.head, status, reason, reply?.toTag ?? '', reply?.headers ?? '', reply?.body ?? '');
  }

  protected send(): void {
    if (this.last === '') return;
    this.layer.stats.sent++;
    this.layer.transports.send(this.to, this.last, undefined, this.flow.connection);
  }

  abstract reply(status: number, reply?: Reply): void;
}
