/** INVITEs that come to us: calls over a trunk, and calls that agents make. The acd answers or rejects them. */
import { asExtension, asId, fact, noTrunk, streams, type AgentId, type CallDirection, type CallId, type EventDataByType, type TrunkId } from '@ritmo/domain';
import type { CallIdAllocator, ServiceContext } from '@ritmo/service-kit';
import type { IncomingCall } from '@ritmo/sip';
import { Call } from './call/call.ts';
import { takeInbound } from './call/customer.ts';
import type { CallWires } from './call/wires.ts';
import type { CallIdentity } from './open-call.ts';
import { replace } from './replacing.ts';
import type { TrunkBook } from './trunk-book.ts';

/** Without a word from the acd by then a call is refused. */
const decisionMs = 10_000;
/** Longest an inbound call rings before it is taken. */
const inboundRingMs = 60_000;
/** Calls refused for want of a channel that are told as facts, a second. More is a flood, which must not become one of facts. */
const mostBusyTold = 10;
const noChannel = { reason: { q850: 34, text: 'no channel available' } } as const;

export const isIncoming = (direction: CallDirection): boolean => direction === 'inbound' || direction === 'internal';

export interface IncomingCalls {
  came(incoming: IncomingCall): void;
  /** An agent's own INVITE that waits for the acd; taken out by this. */
  claim(callId: CallId): IncomingCall | undefined;
  /** Refuses what waits: false when there is no such call. An extension's, told as a call of this agent if one is named. */
  reject(callId: CallId, sipCode: number, asCallOf?: AgentId): boolean;
  /** The acd has taken the call: it is no longer refused when time passes. */
  decided(callId: CallId): void;
  readonly waiting: number;
  stop(): void;
}

export function createIncomingCalls(parts: {
  readonly context: ServiceContext;
  readonly trunks: TrunkBook;
  readonly calls: Map<CallId, Call>;
  readonly callIds: CallIdAllocator;
  readonly wires: () => CallWires;
  readonly accepting: () => boolean;
}): IncomingCalls {
  const { context, trunks, calls, callIds } = parts;
  /** Agents' INVITEs, and the time limit of everything undecided. */
  const own = new Map<CallId, IncomingCall>();
  const limits = new Map<CallId, NodeJS.Timeout>();

  const announce = (callId: CallId, incoming: IncomingCall, trunkId: TrunkId | null): void => {
    limits.set(callId, setTimeout(() => void reject(callId, 480), decisionMs));
    context.bus.publish('signal.incoming', {
      callId,
      source: incoming.verdict,
      trunkId,
      extension: incoming.verdict === 'extension' ? asExtension(incoming.fromUser) : null,
      from: incoming.fromUser,
      to: incoming.toUser,
      at: context.clock.nowMs(),
    });
  };
  const decided = (callId: CallId): void => {
    clearTimeout(limits.get(callId));
    limits.delete(callId);
  };
  const reject = (callId: CallId, sipCode: number, asCallOf?: AgentId): boolean => {
    decided(callId);
    const incoming = own.get(callId);
    if (incoming) {
      own.delete(callId);
      incoming.reject(sipCode);
      if (asCallOf !== undefined) tellColleagueAway(callId, incoming, sipCode, asCallOf);
      return true;
    }
    const call = calls.get(callId);
    if (!call || !isIncoming(call.identity.direction) || call.answeredAt !== null) return false;
    call.end({ by: 'system', outcome: 'rejected', reason: 'refused', sipCode });
    return true;
  };

  /** A call that came to nothing at once. */
  const tell = (identity: CallIdentity, end: Pick<EventDataByType['CallEnded'], 'wireOutcome' | 'by' | 'sipCode' | 'q850' | 'reason'>, begunBy: { readonly agentId?: AgentId } = {}): void => {
    const nowMs = context.clock.nowMs();
    context.journal.record(
      streams.call(identity.callId),
      fact('CallPlaced', nowMs, { ...identity, ...begunBy, dialog: {} }),
      fact('CallEnded', nowMs, { ...identity, ...end, ringMs: 0, billMs: 0 }),
    );
  };

  /** A colleague who talks, or whose phone is not there: a call of who called all the same (manual 1.3.1.4). */
  const tellColleagueAway = (callId: CallId, incoming: IncomingCall, sipCode: number, agentId: AgentId): void => {
    const extension = asExtension(incoming.fromUser);
    const identity = {
      callId, direction: 'internal', campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId: noTrunk, routeId: null,
      extension, from: extension, to: incoming.toUser,
    } as const;
    const how = sipCode === 486
      ? ({ wireOutcome: 'busy', by: 'agent', reason: 'the extension is busy' } as const)
      : ({ wireOutcome: 'no-answer', by: 'system', reason: 'the extension is not there' } as const);
    tell(identity, { ...how, sipCode, q850: null }, { agentId });
  };

  let told = { second: 0, calls: 0 };
  /** Who found no free channel called in vain: it is one of the calls received (manual 1.3.1.5, BUSY). */
  const tellBusy = (identity: CallIdentity): void => {
    const second = Math.floor(context.clock.nowMs() / 1_000);
    told = { second, calls: told.second === second ? told.calls + 1 : 1 };
    if (told.calls > mostBusyTold) return;
    const { q850, text } = noChannel.reason;
    tell(identity, { wireOutcome: 'busy', by: 'system', sipCode: 486, q850, reason: text });
  };

  const overTrunk = async (incoming: IncomingCall): Promise<void> => {
    const config = trunks.byAddress(incoming.source.host, incoming.source.port) ?? trunks.byAddress(incoming.source.host);
    const trunk = config ? trunks.get(asId<TrunkId>(config.id)) : undefined;
    if (!trunk) {
      incoming.reject(503, { retryAfterS: 5 });
      return;
    }
    const callId = await callIds.next();
    const identity = {
      callId, direction: 'inbound', campaignId: null, contactId: null, phoneId: null, queueId: null,
      trunkId: trunk.id, routeId: null, extension: null, from: incoming.fromUser, to: incoming.toUser,
    } as const;
    if (!trunk.ledger.takeChannel(callId, performance.now())) {
      incoming.reject(486, noChannel);
      tellBusy(identity);
      return;
    }
    const call = new Call(parts.wires(), identity, { record: true, ringMs: inboundRingMs });
    calls.set(callId, call);
    trunks.roomChanged(trunk.id);
    if (await takeInbound(call, incoming)) announce(callId, incoming, trunk.id);
  };

  const fromExtension = async (incoming: IncomingCall): Promise<void> => {
    let cancelled = false;
    incoming.onCancel(() => (cancelled = true));
    const callId = await callIds.next();
    if (cancelled) return;
    own.set(callId, incoming);
    incoming.onCancel(() => {
      own.delete(callId);
      decided(callId);
    });
    announce(callId, incoming, null);
  };

  const takeIn = (incoming: IncomingCall): Promise<void> => {
    if (incoming.replaces) return replace(calls.values(), incoming, incoming.replaces);
    return incoming.verdict === 'trunk' ? overTrunk(incoming) : fromExtension(incoming);
  };

  return {
    came(incoming) {
      if (!parts.accepting()) {
        incoming.reject(503, { retryAfterS: 10 });
        return;
      }
      takeIn(incoming).catch((error: unknown) => {
        context.log.error({ err: error }, 'an incoming call could not be taken');
        incoming.reject(500);
      });
    },
    claim(callId) {
      const incoming = own.get(callId);
      own.delete(callId);
      decided(callId);
      return incoming;
    },
    reject,
    decided,
    get waiting() {
      return own.size;
    },
    stop() {
      for (const callId of [...own.keys()]) reject(callId, 503);
      for (const timer of limits.values()) clearTimeout(timer);
      limits.clear();
    },
  };
}
