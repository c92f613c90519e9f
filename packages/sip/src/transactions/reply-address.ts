import type { SipAddress } from '../port.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';

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
