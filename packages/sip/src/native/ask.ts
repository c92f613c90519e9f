import type { ClientOwner, ClientTransaction } from '../transactions/client.ts';
import type { SipMessage } from '../wire/message.ts';
import type { Core } from './core.ts';
import type { Dialog } from './dialog.ts';
import type { ChallengeMeeter } from './retry-auth.ts';

/** Final response, or undefined when none came (time-out, transport). */
export type Asked = SipMessage | undefined;

/** One non-INVITE request inside a dialog, challenges met. For the rare ones: BYE has its own path. */
export function ask(core: Core, dialog: Dialog, meeter: ChallengeMeeter | undefined, method: string, headers: string, body: string): Promise<Asked> {
  return new Promise((resolve) => {
    meeter?.reset();
    new Asking(core, dialog, meeter, { method, headers, body }, resolve).send('');
  });
}

interface Question {
  readonly method: string;
  readonly headers: string;
  readonly body: string;
}

class Asking implements ClientOwner {
  private readonly core: Core;
  private readonly dialog: Dialog;
  private readonly meeter: ChallengeMeeter | undefined;
  private readonly question: Question;
  private readonly resolve: (asked: Asked) => void;
  private uri = '';

  constructor(core: Core, dialog: Dialog, meeter: ChallengeMeeter | undefined, question: Question, resolve: (asked: Asked) => void) {
    this.core = core;
    this.dialog = dialog;
    this.meeter = meeter;
    this.question = question;
    this.resolve = resolve;
  }

  send(authLine: string): void {
    const { method, headers, body } = this.question;
    const draft = this.dialog.draft(method, headers + authLine, body, this.dialog.nextCSeq());
    this.uri = draft.uri;
    this.core.transactions.request(draft, this.dialog.destination, this, this.dialog.flow);
  }

  received(_transaction: ClientTransaction, response: SipMessage): void {
    if (response.status < 200) return;
    if (response.status === 401 || response.status === 407) {
      const line = this.meeter?.meet(response, this.question.method, this.uri);
      if (line !== undefined) {
        this.send(line);
        return;
      }
    }
    this.resolve(response);
  }

  unanswered(): void {
    this.resolve(undefined);
  }
}
