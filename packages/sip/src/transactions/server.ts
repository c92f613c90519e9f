import type { SipAddress } from '../port.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import { reasonPhrase, replyHead, writeResponse } from '../wire/write.ts';
import type { ReplyHead } from '../wire/write.ts';
import type { TransactionLayer } from './layer.ts';

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

/**
 * RFC 3261 18.2.2 with RFC 3581 4: by datagram back to where it came from, the port of Via only for peers that know no rport. On a stream this is for a
 * connection that has gone meanwhile: a new one to where its sender says that it listens. Departure: maddr of the Via is not followed, or a
 * stranger could have our answers sent to another.
 */
export function replyAddress(request: SipMessage, flow: Flow): SipAddress {
  const via = request.topVia;
  if (flow.transport !== 'udp') return { transport: flow.transport, host: flow.host, port: via?.port ?? (flow.transport === 'tls' ? 5061 : 5060) };
  if (via === undefined || via.wantsRport) return flow;
  return { transport: 'udp', host: flow.host, port: via.port ?? 5060 };
}

export abstract class ServerTransaction implements Answerable {
  readonly key: string;
  /** Empty for a request inside a dialog. */
  mergeKey = '';
  protected readonly layer: TransactionLayer;
  protected readonly flow: Flow;
  protected readonly to: SipAddress;
  protected head: ReplyHead | undefined;
  protected last = '';

  constructor(layer: TransactionLayer, key: string, request: SipMessage, flow: Flow) {
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
