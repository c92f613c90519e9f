/** The customer's side of a call: dialed over a trunk, or come in from one. */
import { hostPortText, outcomeOf, outcomeReason, type IncomingCall, type OutgoingInvite, type SipAddress, type WireEnd } from '@ritmo/sip';
import type { Trunk } from '@ritmo/domain';
import type { MediaLeg } from '@ritmo/media';
import { callerOf } from './agent-leg.ts';
import { callerHungUp } from '../internal-caller.ts';
import { addressOfTrunk } from '../trunk-watch.ts';
import { customerLeg, type Call } from './call.ts';
import { Party, type PartyEvents } from './party.ts';
import { transferRequested } from './transfer.ts';

export interface DialOptions {
  readonly dialString: string;
  readonly callerId: string;
  readonly trunk: Trunk;
  /** The leg's ports; the call's own customer leg unless this is the outside half of a transfer. */
  readonly leg?: MediaLeg;
  readonly answered: () => void;
  /** Early media, for the agent who waits on the line. */
  readonly early?: (sdp: string) => void;
  readonly rings?: () => void;
  /** Resolves when the trunk's rate has room for the INVITE; false when the call is over by then. */
  readonly turn: (isWanted: () => boolean) => Promise<boolean>;
  /** The INVITE leaves now. */
  readonly leaves: () => void;
  /** What became of it says something of the trunk: somebody spoke there, or nothing at all came back. */
  readonly heard: () => void;
  readonly unheard: () => void;
}

/** What the trunk gives to a call that leaves by it. */
export type LeavingBy = Pick<DialOptions, 'trunk' | 'turn' | 'leaves' | 'heard' | 'unheard'>;

/** Trunks that were stored before it could be set. */
const defaultSilenceTimeoutS = 6;

/**
 * Ports first, then the trunk's rate, then the row by which a later process can end the dialog, then the INVITE. Resolves when it left,
 * or when it will not leave: then the call has ended.
 */
export async function dialCustomer(call: Call, options: DialOptions): Promise<void> {
  const { wires } = call;
  try {
    const leg = options.leg ?? (await call.session.openLeg(customerLeg, 'customer'));
    const request = inviteOf(call, options, await wires.sip.locate(addressOfTrunk(options.trunk)));
    if (!(await options.turn(() => !call.ended))) {
      if (!call.ended) throw new Error('the trunk is no longer here');
      return;
    }
    const isNew = await wires.openCalls.begin(call.open(wires.sip.snapshotOf(request)));
    if (!isNew) throw new Error('a call with this id was placed before');
    if (call.ended) return;
    invite(call, leg, options, request);
  } catch (error) {
    wires.log.error({ err: error, callId: call.id }, 'the call could not be placed');
    call.end({ by: 'system', outcome: 'trunk-failure', reason: error instanceof Error ? error.message : 'could not be placed' });
  }
}

type Invite = Omit<OutgoingInvite, 'body' | 'events'>;

/** What the carrier sees of us in every INVITE over its trunk: who is called, who calls, and how we prove who we are. */
export function askedOver({ host, port, transport, username, password = '' }: Trunk, call: { readonly dialString: string; readonly callerId: string; readonly sipDomain: string }): Asked {
  const parameters = transport === 'udp' ? '' : `;transport=${transport}`;
  return {
    uri: `sip:${call.dialString}@${hostPortText(host, port)}${parameters}`,
    from: { user: callerOf(call.callerId), host: call.sipDomain },
    ...(username === undefined ? {} : { credentials: { username, password } }),
  };
}

type Asked = Pick<OutgoingInvite, 'uri' | 'from' | 'credentials'>;

/** The server is chosen here and not by the stack, so that the row of the dialog names the one that gets the INVITE. */
function inviteOf(call: Call, { trunk, dialString, callerId }: DialOptions, [destination, ...alternatives]: readonly SipAddress[]): Invite {
  const { sipDomain, dialogIds } = call.wires;
  const sipCallId = `${call.id}@${sipDomain}`;
  const { silenceTimeoutS = defaultSilenceTimeoutS } = trunk;
  return {
    ...askedOver(trunk, { dialString, callerId, sipDomain }),
    ...(destination ? { destination } : {}),
    alternatives,
    sipCallId,
    dialogIds: dialogIds(sipCallId),
    ringTimeoutMs: call.ringMs,
    ...(silenceTimeoutS === 0 ? {} : { silenceTimeoutMs: silenceTimeoutS * 1_000 }),
    // A number of a campaign can wait for better times; a person who waits for a call, or a transfer, cannot.
    mayBeShed: call.identity.direction === 'campaign' && call.answeredAt === null,
  };
}

function invite(call: Call, leg: MediaLeg, options: DialOptions, request: Invite): void {
  const events = customerEvents(call);
  call.customer = new Party(leg, {
    ...events,
    failed: (end) => {
      if (end.by === 'transport' && end.sipCode === 408) options.unheard();
      else if (end.by === 'remote' || end.by === 'timeout') options.heard();
      events.failed(end);
    },
    progress: (code, sdp) => {
      options.heard();
      if (sdp !== undefined) options.early?.(sdp);
      if (code === 180 || code === 183) {
        call.rings(code, sdp !== undefined);
        options.rings?.();
      }
    },
    elsewhere: () => call.remember(),
    confirms: () => call.dialogNoted(),
    up: () => {
      options.heard();
      options.answered();
    },
  });
  options.leaves();
  call.customer.dial(call.wires.sip, request);
  call.placed();
}

export function customerEvents(call: Call): Omit<PartyEvents, 'progress' | 'up'> {
  return {
    failed: (end) => call.customerGone({ ...end, reasonPhrase: outcomeReason(end) }, outcomeOf(end)),
    ended: (end) => {
      if (!callerHungUp(call)) call.customerGone(end, 'answered');
    },
    down: () => {
      // A phone that called may leave a call that goes on.
      if (call.ended || !call.caller) call.wires.channelFree(call.identity);
    },
    referred: (request) => {
      // Only agents' phones may ask: RFC 3515 2.4.2 leaves it to us.
      if (call.caller) transferRequested(call, call.caller, request);
      else request.reject(603);
    },
    held: (held) => call.sound.held('customer', held),
    dtmf: (digit) => call.dtmf('customer', digit),
  };
}

/** A call that came in over a trunk: it rings until the acd takes it. False when it was refused at once. */
export async function takeInbound(call: Call, incoming: IncomingCall, up = (): void => call.answered()): Promise<boolean> {
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
      up,
    });
    const taken = call.customer.take(incoming);
    wires.openCalls.begin(call.open(null)).catch((error: unknown) => wires.log.error({ err: error, callId: call.id }, 'an inbound call could not be noted'));
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
