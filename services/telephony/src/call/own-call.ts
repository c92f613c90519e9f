/**
 * An agent's own call: `discar` rings the extension and then the number; an INVITE from the extension brings its leg along.
 * And the outside half of a transfer, which is the same call without an agent.
 */
import { asLegId, type AgentId, type Extension } from '@ritmo/domain';
import type { IncomingCall, WireEnd } from '@ritmo/sip';
import { sounds } from '../sounds.ts';
import { agentEvents, ring } from './agent-leg.ts';
import type { AgentLeg, Call } from './call.ts';
import { dialCustomer, type DialOptions, type LeavingBy } from './customer.ts';
import { Party } from './party.ts';
import { transferDone } from './transfer.ts';

export interface OwnCallOptions {
  readonly agentId: AgentId;
  readonly extension: Extension;
  readonly ringTimeoutMs: number;
  /** The agent's own INVITE; undefined when its extension is to be rung first. */
  readonly incoming: IncomingCall | undefined;
  /** Resolves when there is a place in the trunk's rate; false when none came in time. */
  readonly waitForRate: () => Promise<boolean>;
  readonly dial: Pick<DialOptions, 'dialString' | 'callerId'> & LeavingBy;
}

/** The extension's leg carries number 1 in every own call: the acd counts on it. */
export function beginOwnCall(call: Call, options: OwnCallOptions): void {
  const leg: AgentLeg = {
    legId: asLegId(`${call.id}/1`),
    agentId: options.agentId,
    extension: options.extension,
    party: undefined,
    upAt: null,
    over: false,
  };
  call.offered = leg;
  const failed = (end: WireEnd): void => {
    call.agentLegOver(leg, 'agent');
    call.signalLeg(leg, 'failed', { reason: end.by === 'timeout' ? 'no-answer' : 'rejected' });
    call.end({ by: 'agent', outcome: 'cancelled', reason: "the agent's phone did not answer", sipCode: end.sipCode ?? null });
  };
  if (options.incoming) {
    void takeOwnInvite(call, leg, options, options.incoming, failed);
    return;
  }
  const binding = call.wires.bindings.of(options.extension);
  if (!binding) {
    failed({ by: 'transport', reasonPhrase: 'not registered' });
    return;
  }
  const ringing = {
    legId: leg.legId,
    ringTimeoutMs: options.ringTimeoutMs,
    autoAnswer: true,
    callerNumber: call.identity.to,
    callerName: call.identity.to,
    headers: { 'X-Ritmo-Call-Id': call.id },
  };
  ring(call, leg, binding, ringing, {
    failed,
    up: () => {
      legIsUp(call, leg);
      void dialNumber(call, leg, options);
    },
  });
}

function legIsUp(call: Call, leg: AgentLeg): void {
  leg.upAt = call.wires.clock.nowMs();
  call.offered = undefined;
  call.agent = leg;
  call.signalLeg(leg, 'answered');
}

async function takeOwnInvite(call: Call, leg: AgentLeg, options: OwnCallOptions, incoming: IncomingCall, failed: (end: WireEnd) => void): Promise<void> {
  let mediaLeg;
  try {
    mediaLeg = await call.session.openLeg('agent-1', 'agent');
  } catch (error) {
    call.wires.log.error({ err: error, callId: call.id }, "no media for an agent's call");
    incoming.reject(500);
    failed({ by: 'local', sipCode: 500 });
    return;
  }
  leg.party = new Party(mediaLeg, {
    ...agentEvents(call, leg),
    failed,
    up: () => {
      legIsUp(call, leg);
      call.sound.talk();
      call.remember();
    },
  });
  if (!leg.party.take(incoming)) {
    failed({ by: 'local', sipCode: 488 });
    return;
  }
  await dialNumber(call, leg, options);
}

async function dialNumber(call: Call, leg: AgentLeg, options: OwnCallOptions): Promise<void> {
  if (!(await options.waitForRate())) {
    if (!call.ended) call.end({ by: 'system', outcome: 'trunk-failure', reason: 'no place in the rate of the trunk', sipCode: 503 });
    return;
  }
  if (call.ended) return;
  let hearsEarlyMedia = false;
  await dialCustomer(call, {
    ...options.dial,
    early: (sdp) => {
      const { customer } = call;
      if (!customer?.hearEarly(sdp) || !leg.party || leg.over) return;
      hearsEarlyMedia = true;
      leg.party.leg.stopPlaying();
      call.session.bridge(customer.leg.id, leg.party.leg.id);
      leg.party.ring(true);
    },
    rings: () => {
      if (hearsEarlyMedia || !leg.party || leg.over) return;
      if (leg.party.isUp) leg.party.leg.play({ file: call.wires.sounds.shipped(sounds.ringback), loop: true });
      else leg.party.ring(false);
    },
    answered: () => {
      call.answered(null);
      // An extension that called gets its 200 now; one that was rung is up already.
      if (leg.party?.isUp) call.sound.talk();
      else leg.party?.answer();
    },
  });
}

/**
 * The customer of `call` goes to an outside number. `outside` is that number's own call, with a channel and facts of its own,
 * whose sound lives in the first one's session.
 */
export async function transferOut(call: Call, outside: Call, dial: OwnCallOptions['dial']): Promise<void> {
  const leg = await call.session.openLeg(`outside-${outside.id}`, 'agent');
  call.partner = outside;
  outside.partner = call;
  await call.recording.stop();
  await dialCustomer(outside, {
    ...dial,
    leg,
    early: (sdp) => {
      if (outside.customer?.hearEarly(sdp) && !call.agent) call.sound.bridgeTo(leg.id);
    },
    answered: () => {
      outside.answered(null);
      transferDone(call);
      if (call.agent) call.agentLegOver(call.agent, 'agent');
      call.sound.bridgeTo(leg.id);
    },
  });
}
