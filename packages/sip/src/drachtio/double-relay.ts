import type { SipAddress } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { Flow } from '../transport/flow.ts';
import type { SipMessage } from '../wire/message.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { Known } from './double-dialogs.ts';

export interface RelayOwner {
  cancel(draft: RequestDraft, destination: SipAddress, headers: string): void;
  answered(relay: Relay, response: SipMessage, wire: string, flow: Flow): void;
  timedOut(relay: Relay): void;
}

/** One request of the client's on its way: its responses go back up. */
export class Relay implements ClientOwner {
  readonly draft: RequestDraft;
  readonly known: Known | undefined;
  /** A final response came. */
  done = false;
  /** The client that sent it is gone. */
  orphaned = false;
  private readonly double: RelayOwner;
  private readonly destination: SipAddress;
  private wire = '';
  private provisional = false;
  private held: string | undefined;

  constructor(double: RelayOwner, draft: RequestDraft, destination: SipAddress, known: Known | undefined) {
    this.double = double;
    this.draft = draft;
    this.destination = destination;
    this.known = known;
  }

  remember(wire: string): void {
    this.wire = wire;
  }

  cancel(headers: string): void {
    if (this.provisional) this.double.cancel(this.draft, this.destination, headers);
    else this.held = headers;
  }

  received(_transaction: ClientTransaction, response: SipMessage, flow: Flow): void {
    this.provisional = true;
    if (this.held !== undefined && response.status < 200) {
      this.double.cancel(this.draft, this.destination, this.held);
      this.held = undefined;
    }
    // The server keeps it to itself.
    if (response.status !== 100) this.double.answered(this, response, this.wire, flow);
  }

  unanswered(): void {
    this.double.timedOut(this);
  }
}
