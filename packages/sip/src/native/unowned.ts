import type { SipAddress } from '../port.ts';
import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { Flow } from '../transport/flow.ts';
import { newBranch } from '../wire/ids.ts';
import type { SipMessage } from '../wire/message.ts';
import type { RequestDraft } from '../wire/write.ts';
import type { Core } from './core.ts';
import type { ChallengeMeeter } from './retry-auth.ts';

export interface UnownedOptions {
  readonly flow?: Flow;
  readonly meeter?: ChallengeMeeter;
  /** The final status, or undefined when none came. */
  readonly done?: (status: number | undefined, toTag: string) => void;
}

const NOBODY: ClientOwner = {
  received: () => undefined,
  unanswered: () => undefined,
};

/** A request whose answer changes nothing any more: CANCEL, the BYE of a dialog nobody wants. Challenges are still met. */
export function sendUnowned(core: Core, draft: RequestDraft, destination: SipAddress, options?: UnownedOptions): void {
  const owner = options === undefined ? NOBODY : new Unowned(core, draft, destination, options);
  core.transactions.request(draft, destination, owner, options?.flow);
}

class Unowned implements ClientOwner {
  private readonly core: Core;
  private readonly draft: RequestDraft;
  private readonly destination: SipAddress;
  private readonly options: UnownedOptions;

  constructor(core: Core, draft: RequestDraft, destination: SipAddress, options: UnownedOptions) {
    this.core = core;
    this.draft = draft;
    this.destination = destination;
    this.options = options;
  }

  received(_transaction: ClientTransaction, response: SipMessage): void {
    const { status } = response;
    if (status < 200) return;
    const { meeter } = this.options;
    if ((status === 401 || status === 407) && meeter !== undefined) {
      const line = meeter.meet(response, this.draft.method, this.draft.uri);
      if (line !== undefined) {
        const { draft } = this;
        const again = { ...draft, branch: newBranch(), cseq: draft.cseq + 1, headers: draft.headers + line };
        this.core.transactions.request(again, this.destination, this, this.options.flow);
        return;
      }
    }
    this.options.done?.(status, response.toTag);
  }

  unanswered(): void {
    this.options.done?.(undefined, '');
  }
}
