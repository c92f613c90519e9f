/** The customer's side of a call: dialed over a trunk, or come in from one. */
import { outcomeOf, outcomeReason, type IncomingCall, type SipStack, type WireEnd } from '@ritmo/sip';
import type { Trunk } from '@ritmo/domain';
import type { MediaLeg } from '@ritmo/media';
import { callerOf } from './agent-leg.ts';
import { customerLeg, type Call } from './call.ts';
import { Party, type PartyEvents } from './party.ts';

export interface TrunkTarget {
  readonly config: Trunk;
  /** The address that requests go to: the host resolved. */
  readonly host: string;
}

export interface DialOptions {
  readonly dialString: string;
  readonly callerId: string;
  readonly target: TrunkTarget;
  /** The leg's ports; the call's own customer leg unless this is the outside half of a transfer. */
  readonly leg?: MediaLeg;
  readonly answered: () => void;
  /** Early media, for the agent who waits on the line. */
  readonly early?: (sdp: string) => void;
  readonly rings?: () => void;
  /** The INVITE leaves now. */
  readonly leaves: () => void;
}

/**
 * Ports first, then the row that a later process finds, then the INVITE. Resolves when it left, or when it will not leave:
 * then the call has ended.
 */
export async function dialCustomer(call: Call, options: DialOptions): Promise<void> {
  const { wires } = call;
  try {
    const leg = options.leg ?? (await call.session.openLeg(customerLeg, 'customer'));
    const isNew = await wires.openCalls.begin({
      identity: call.identity, placedAt: call.placedAt, ringMs: call.ringMs, answeredAt: null, dialog: null, agentDialog: null,
    });
    if (!isNew) throw new Error('a call with this id was placed before');
    if (call.ended) return;
    invite(call, leg, options, wires.sip);
  } catch (error) {
    wires.log.error({ err: error, callId: call.id }, 'the call could not be placed');
    call.end({ by: 'system', outcome: 'trunk-failure', reason: error instanceof Error ? error.message : 'could not be placed' });
  }
}

function invite(call: Call, leg: MediaLeg, options: DialOptions, sip: SipStack): void {
  const { target, dialString } = options;
  const { host, config } = target;
  call.customer = new Party(leg, {
    ...customerEvents(call),
    progress: (code, sdp) => {
      if (sdp !== undefined) options.early?.(sdp);
      if (code === 180 || code === 183) {
        call.rings(code, sdp !== undefined);
        options.rings?.();
      }
    },
    up: options.answered,
  });
  options.leaves();
  const parameters = config.transport === 'udp' ? '' : `;transport=${config.transport}`;
  const address = host.includes(':') ? `[${host}]` : host;
  call.customer.dial(sip, {
    uri: `sip:${dialString}@${address}:${config.port}${parameters}`,
    destination: { host, port: config.port, transport: config.transport },
    transport: config.transport,
    from: { user: callerOf(options.callerId), host: call.wires.sipDomain },
    sipCallId: `${call.id}@${call.wires.sipDomain}`,
    ringTimeoutMs: call.ringMs,
    ...(config.username === undefined ? {} : { credentials: { username: config.username, password: config.password ?? '' } }),
  });
  call.placed();
}

function customerEvents(call: Call): Omit<PartyEvents, 'progress' | 'up'> {
  return {
    failed: (end) => call.customerGone({ ...end, reasonPhrase: outcomeReason(end) }, outcomeOf(end)),
    ended: (end) => call.customerGone(end, 'answered'),
    down: () => call.wires.channelFree(call),
    held: (held) => call.held('customer', held),
    dtmf: (digit) => call.dtmf('customer', digit),
  };
}

/** A call that came in over a trunk: it rings until the acd takes it. False when it was refused at once. */
export async function takeInbound(call: Call, incoming: IncomingCall): Promise<boolean> {
  const { wires } = call;
  let givenUp: WireEnd | undefined;
  incoming.onCancel((end) => (givenUp = end));
  try {
    const leg = await call.session.openLeg(customerLeg, 'customer');
    if (givenUp) {
      call.customerGone(givenUp, 'cancelled');
      return false;
    }
    call.customer = new Party(leg, {
      ...customerEvents(call),
      failed: (end) => call.customerGone(end, 'cancelled'),
      up: () => call.answered(),
    });
    const taken = call.customer.take(incoming);
    const row = { identity: call.identity, placedAt: call.placedAt, ringMs: call.ringMs, answeredAt: null, dialog: null, agentDialog: null };
    wires.openCalls.begin(row).catch((error: unknown) => wires.log.error({ err: error, callId: call.id }, 'an inbound call could not be noted'));
    call.placed();
    if (taken) call.customer.ring(false);
    else call.end({ by: 'system', outcome: 'rejected', reason: 'no common codec', sipCode: 488 });
    return taken;
  } catch (error) {
    wires.log.error({ err: error, callId: call.id }, 'an inbound call could not be taken');
    incoming.reject(500);
    call.end({ by: 'system', outcome: 'rejected', reason: 'no media', sipCode: 500 });
    return false;
  }
}
