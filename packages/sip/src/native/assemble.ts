import { Authenticator } from '../auth/authenticator.ts';
import type { OutgoingCall, OutgoingInvite, SipStackOptions } from '../port.ts';
import { TransactionLayer } from '../transactions/layer.ts';
import type { MutableStats } from '../transactions/stats.ts';
import { timerValues } from '../transactions/timers.ts';
import type { TimerWheel } from '../transactions/wheel.ts';
import type { Sender } from '../transport/flow.ts';
import { Admission } from './admission.ts';
import { answeredAgain } from './answered-invite.ts';
import { prepareLines } from './core.ts';
import type { Core } from './core.ts';
import { OutgoingAttempt } from './outgoing.ts';
import { Registrar } from './registrar.ts';
import { Router } from './router.ts';

const DEFAULT_T1_MS = 500;

/** Everything of a stack but its sockets. */
export interface Assembled {
  readonly core: Core;
  readonly router: Router;
  readonly registrar: Registrar;
  /** One for REGISTER and INVITE: a guesser's attempts count together. */
  readonly authenticator: Authenticator;
  invite(request: OutgoingInvite): OutgoingCall;
}

export function emptyStats(): MutableStats {
  return { transactions: 0, dialogs: 0, retransmissions: 0, received: 0, sent: 0, dropped: 0, parseErrors: 0 };
}

export function assemble(options: SipStackOptions, wheel: TimerWheel, transports: Sender, stats = emptyStats()): Assembled {
  const transactions = new TransactionLayer(wheel, timerValues(options.t1Ms ?? DEFAULT_T1_MS), transports, stats);
  const core: Core = {
    options, handlers: options.handlers, wheel, transactions, transports, dialogs: new Map(), stats, lines: prepareLines(options.userAgent), admission: new Admission(),
  };
  transactions.ended.answeredAgain = (remains, response, flow) => answeredAgain(core, remains, response, flow);
  const authenticator = new Authenticator(options.realm, (user) => options.handlers.credentialsOf(user), options.nonceTtlMs);
  const registrar = new Registrar(core, authenticator);
  const router = new Router(core, authenticator, registrar);
  return { core, router, registrar, authenticator, invite: (request) => new OutgoingAttempt(core, request) };
}
