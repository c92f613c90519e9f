import type { SipAddress, TracedMessage } from '../port.ts';
import type { Connection, Sender, SendListener } from './flow.ts';

/** The same sender, told of all that leaves. Everything else is its own. */
export function tracedSender<T extends Sender>(sender: T, trace: (message: TracedMessage) => void): T {
  const send = (to: SipAddress, wire: string, listener?: SendListener, connection?: Connection): void => {
    trace({ direction: 'sent', peer: to, wire });
    sender.send(to, wire, listener, connection);
  };
  return Object.assign(Object.create(sender) as T, { send });
}
