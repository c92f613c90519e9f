/** What the other services ask of telephony (packages/bus/src/messages.ts). A request about a call or a trunk of another process is declined. */
import type { BusSubscription, Requests, RequestSubject } from '@ritmo/bus';
import type { CallId } from '@ritmo/domain';
import { asExtension } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import { cancelOffer, dropAgent, offerCall } from './call/agent-leg.ts';
import { Call } from './call/call.ts';
import { dialCustomer, type LeavingBy } from './call/customer.ts';
import { beginOwnCall, transferOut } from './call/own-call.ts';
import { join, refuseTransfer } from './call/transfer.ts';
import type { CallWires } from './call/wires.ts';
import type { Bindings } from './bindings.ts';
import { isIncoming, type IncomingCalls } from './incoming.ts';
import { takeInternal } from './internal-calls.ts';
import { takeOver, turn } from './internal-transfer.ts';
import { ceilingReached } from './rights.ts';
import type { OwnedTrunk, TrunkBook } from './trunk-book.ts';

export interface RequestParts {
  readonly context: ServiceContext;
  readonly calls: Map<CallId, Call>;
  readonly trunks: TrunkBook;
  readonly bindings: Bindings;
  readonly incoming: IncomingCalls;
  readonly wires: CallWires;
  readonly accepting: () => boolean;
}

const done = { ok: true } as const;
const unknownCall = { ok: false, code: 'unknown-call' } as const;
/** How long a call that has its channel waits for a place in the rate. */
const rateWaitMs = 5_000;
const rateStepMs = 25;

export function serveRequests(parts: RequestParts): readonly BusSubscription[] {
  const { bus } = parts.context;
  const serve = <S extends RequestSubject>(subject: S, handler: (request: Requests[S]['request']) => Requests[S]['reply'] | undefined | Promise<Requests[S]['reply'] | undefined>) =>
    bus.serve(subject, handler, { scope: 'owner' });
  /** Only the process that has the call answers. */
  const ofCall = <T>(callId: CallId, work: (call: Call) => T): T | undefined => {
    const call = parts.calls.get(callId);
    return call ? work(call) : undefined;
  };
  return [
    serve('telephony.reserve', (request) => reserve(parts, request)),
    serve('telephony.release', ({ slots }) => release(parts, slots)),
    serve('telephony.originate', (request) => originate(parts, request)),
    serve('telephony.offer', (request) => ofCall(request.callId, (call) => withBinding(parts, request.extension, () => offerCall(call, request)))),
    serve('telephony.cancel-offer', ({ callId, legId }) => ofCall(callId, (call) => (cancelOffer(call, legId) ? done : unknownCall))),
    serve('telephony.drop-agent', ({ callId, legId }) => ofCall(callId, (call) => (dropAgent(call, legId) ? done : unknownCall))),
    serve('telephony.hangup', ({ callId, by, reason, q850 }) =>
      ofCall(callId, (call) => {
        call.end({ by, reason, q850: q850 ?? null, outcome: call.answeredAt === null ? 'cancelled' : 'answered' });
        return done;
      }),
    ),
    serve('telephony.play', ({ callId, file, loop, thenHangup }) =>
      ofCall(callId, async (call) => {
        if (call.ended) return unknownCall;
        return (await call.sound.play(file, loop, thenHangup)) ? done : { ok: false as const, code: 'no-file' as const, detail: file };
      }),
    ),
    serve('telephony.answer', ({ callId, queueId, record }) =>
      ofCall(callId, (call) => {
        if (call.ended || call.answeredAt !== null || !isIncoming(call.identity.direction)) return unknownCall;
        parts.incoming.decided(callId);
        call.record = record;
        call.identity = { ...call.identity, queueId };
        call.customer?.answer();
        return done;
      }),
    ),
    serve('telephony.reject', ({ callId, sipCode, asCallOf }) => (parts.incoming.reject(callId, sipCode, asCallOf) ? done : undefined)),
    serve('telephony.dial-for-agent', (request) =>
      request.agentLegUp || !parts.trunks.get(request.trunkId) ? dialForAgent(parts, request) : withBinding(parts, request.extension, () => dialForAgent(parts, request)),
    ),
    serve('telephony.transfer-out', (request) => ofCall(request.callId, (call) => transferOutside(parts, call, request))),
    serve('telephony.refuse-transfer', ({ callId, legId, sipCode }) => ofCall(callId, (call) => (refuseTransfer(call, legId, sipCode) ? done : unknownCall))),
    serve('telephony.join', ({ callId, otherCallId }) =>
      ofCall(callId, async (call) => {
        const other = parts.calls.get(otherCallId);
        return other && (await join(call, other)) ? done : unknownCall;
      }),
    ),
    serve('telephony.take-internal', (request) => {
      const incoming = parts.incoming.claim(request.callId);
      return incoming && takeInternal(parts, request, incoming);
    }),
    serve('telephony.turn', ({ callId }) => ofCall(callId, async (call) => ((await turn(call)) ? done : unknownCall))),
    serve('telephony.take-over', ({ callId, otherCallId, ...order }) =>
      ofCall(callId, async (call) => {
        const other = parts.calls.get(otherCallId);
        return other && (await takeOver(call, other, order)) ? done : unknownCall;
      }),
    ),
    bus.serve('telephony.calls', () => ({ node: parts.context.node, calls: [...parts.calls.values()].map((call) => call.live()) }), { scope: 'every' }),
    bus.serve('telephony.trunks', () => ({ trunks: parts.trunks.statuses() }), { scope: 'every' }),
    bus.serve(
      'telephony.bindings',
      () => ({
        bindings: parts.bindings.all().map(({ user, contactUri, expiresAt, userAgent }) => ({
          extension: asExtension(user), contact: contactUri, expiresAt, userAgent: userAgent ?? null,
        })),
      }),
      { scope: 'every' },
    ),
  ];
}

/** In the same turn when the phone is known here; else after a look at what other processes wrote. */
function withBinding<T>(parts: RequestParts, extension: string, work: () => T): T | Promise<T> {
  return parts.bindings.of(extension) ? work() : parts.bindings.find(extension).then(work);
}

function reserve(parts: RequestParts, request: Requests['telephony.reserve']['request']): Requests['telephony.reserve']['reply'] | undefined {
  const trunk = parts.trunks.get(request.trunkId);
  if (!trunk) return undefined;
  const usable = parts.trunks.usable(trunk) && parts.accepting();
  const nowMs = performance.now();
  const slots = usable ? trunk.ledger.reserve(request.count, nowMs) : [];
  const detail = !usable ? noUse(parts, trunk) : slots.length < request.count ? (trunk.ledger.noRoom(nowMs) ?? '') : '';
  return { slots, leaseMs: trunk.ledger.leaseMs, channelsFree: trunk.ledger.free, up: usable, detail };
}

function noUse(parts: RequestParts, trunk: OwnedTrunk): string {
  if (!parts.accepting()) return 'shutting down';
  return parts.wires.sip.isUp ? trunk.watch.detail : 'the SIP server is away';
}

/** Every process releases what is its own; a slot whose lease was over is as good as released. */
function release(parts: RequestParts, slots: readonly string[]): { ok: true } {
  for (const { trunkId } of parts.trunks.statuses()) {
    const trunk = parts.trunks.get(trunkId);
    for (const slot of slots) if (trunk?.ledger.release(slot)) parts.trunks.roomChanged(trunkId);
  }
  return done;
}

function originate(parts: RequestParts, request: Requests['telephony.originate']['request']): Requests['telephony.originate']['reply'] | undefined {
  const trunk = parts.trunks.get(request.trunkId);
  if (!trunk) return undefined;
  if (!parts.accepting()) return { ok: false, code: 'shutting-down' };
  if (parts.calls.has(request.callId)) return { ok: false, code: 'duplicate' };
  // Refused for certain, before anything is dialed: the dialer takes the attempt back.
  if (!parts.wires.sip.isUp) return { ok: false, code: 'slot-lapsed' };
  if (!trunk.ledger.take(request.slot, request.callId, performance.now())) return { ok: false, code: 'slot-lapsed' };
  const { callId, campaignId, contactId, phoneId, queueId, trunkId, routeId, callerId, dialString } = request;
  const identity = {
    callId, direction: 'campaign', campaignId, contactId, phoneId, queueId, trunkId, routeId, extension: null, from: callerId, to: request.number ?? dialString,
  } as const;
  const call = new Call(parts.wires, identity, { record: request.record, ringMs: request.ringTimeoutMs });
  parts.calls.set(callId, call);
  void dialCustomer(call, { dialString, callerId, ...leavingBy(trunk, callId), answered: () => call.answered() });
  return done;
}

const leavingBy = (trunk: OwnedTrunk, callId: CallId): LeavingBy => ({
  trunk: trunk.config,
  turn: (isWanted) => trunk.departures.turn(callId, isWanted),
  leaves: () => trunk.ledger.sent(callId, performance.now()),
  heard: () => trunk.watch.heard(),
  unheard: () => trunk.watch.unheard(),
});

/** A channel at once, the place in the rate when the INVITE is about to leave. */
function takeChannel(parts: RequestParts, trunk: OwnedTrunk, callId: CallId): 'trunk-down' | 'channel-limit' | null {
  if (!parts.trunks.usable(trunk) || !parts.accepting()) return 'trunk-down';
  return trunk.ledger.takeChannel(callId, performance.now()) ? null : 'channel-limit';
}

async function waitForRate(trunk: OwnedTrunk, call: Call): Promise<boolean> {
  for (const deadline = performance.now() + rateWaitMs; performance.now() < deadline && !call.ended; ) {
    if (trunk.ledger.promise(call.id, performance.now())) return true;
    await new Promise((resolve) => setTimeout(resolve, rateStepMs));
  }
  return false;
}

function dialForAgent(parts: RequestParts, request: Requests['telephony.dial-for-agent']['request']): Requests['telephony.dial-for-agent']['reply'] | undefined {
  const trunk = parts.trunks.get(request.trunkId);
  if (!trunk) return undefined;
  const { callId, agentId, extension, dialString, trunkId, routeId, callerId, ringTimeoutMs } = request;
  const incoming = request.agentLegUp ? parts.incoming.claim(callId) : undefined;
  // The INVITE is gone, or came to another process, which has no say over this trunk: the acd tries the next trunk.
  if (request.agentLegUp && !incoming) return undefined;
  if (!request.agentLegUp && !parts.bindings.of(extension)) return { ok: false, code: 'not-registered' };
  const ceiling = ceilingReached(parts, { extension, trunk: trunk.config });
  if (ceiling) {
    incoming?.reject(403);
    return { ok: false, code: ceiling };
  }
  const noRoom = takeChannel(parts, trunk, callId);
  if (noRoom) {
    incoming?.reject(503);
    return { ok: false, code: noRoom };
  }
  const identity = {
    callId, direction: 'agent', campaignId: null, contactId: null, phoneId: null, queueId: null, trunkId, routeId, extension, from: extension, to: request.number ?? dialString,
  } as const;
  const call = new Call(parts.wires, identity, { record: request.record, ringMs: ringTimeoutMs });
  parts.calls.set(callId, call);
  beginOwnCall(call, {
    agentId, extension, ringTimeoutMs, incoming,
    waitForRate: () => waitForRate(trunk, call),
    dial: { dialString, callerId, ...leavingBy(trunk, callId) },
  });
  return done;
}

async function transferOutside(parts: RequestParts, call: Call, request: Requests['telephony.transfer-out']['request']): Promise<Requests['telephony.transfer-out']['reply']> {
  if (call.ended || !call.customer?.isUp || call.partner || !call.ownsSession) return unknownCall;
  const trunk = parts.trunks.get(request.trunkId);
  if (!trunk) return { ok: false, code: 'trunk-down' };
  const { newCallId, extension, dialString, trunkId, routeId, callerId, ringTimeoutMs } = request;
  const ceiling = ceilingReached(parts, { extension, trunk: trunk.config });
  if (ceiling) return { ok: false, code: ceiling };
  const noRoom = takeChannel(parts, trunk, newCallId);
  if (noRoom) return { ok: false, code: noRoom };
  const identity = {
    callId: newCallId, direction: 'agent', campaignId: null, contactId: null, phoneId: null, queueId: null,
    trunkId, routeId, extension, from: callerId, to: request.number ?? dialString,
  } as const;
  const outside = new Call(parts.wires, identity, { record: false, ringMs: ringTimeoutMs, session: call.session });
  parts.calls.set(newCallId, outside);
  if (!(await waitForRate(trunk, outside))) {
    outside.end({ by: 'system', outcome: 'trunk-failure', reason: 'no place in the rate of the trunk' });
    return { ok: false, code: 'rate-limit' };
  }
  transferOut(call, outside, { dialString, callerId, ...leavingBy(trunk, newCallId) }).catch((error: unknown) => {
    parts.context.log.error({ err: error, callId: call.id }, 'a transfer could not be carried out');
    outside.end({ by: 'system', outcome: 'trunk-failure', reason: 'no media' });
  });
  return done;
}
