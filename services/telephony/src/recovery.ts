/** Calls of a process that died: they occupy their channels until they are ended on the wire, and get the end that they lack. */
import { fact, streams, type CallId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import type { DialogSnapshot, SipStack } from '@ritmo/sip';
import type { FoundCall, OpenCall } from './open-call.ts';
import type { OpenCalls } from './open-calls.ts';
import type { OwnedTrunk } from './trunk-book.ts';

/** What calls of before the restart are counted in: a trunk's ledger, or that of calls between extensions, which have none. */
export type CountsOrphans = Pick<OwnedTrunk, 'id'> & { readonly ledger: Pick<OwnedTrunk['ledger'], 'addOrphan' | 'freeCall'> };

/**
 * A call from outside that was not answered yet: its INVITE is the caller's, and we have no dialog to end. The caller gives up by itself:
 * when nobody answers, after its ring time; else 64*T1 after a 200 that is never acknowledged (RFC 3261 13.3.1.4).
 */
const unacknowledgedMs = 32_000;

export interface Recovery {
  /** Counts the trunk's orphans at once and ends them in the background. */
  recover(trunk: CountsOrphans, isLive: (callId: CallId) => boolean): Promise<void>;
  /** Resolves when every orphan has been dealt with. */
  settled(): Promise<void>;
  stop(): void;
}

export interface RecoveryParts {
  readonly context: ServiceContext;
  readonly openCalls: OpenCalls;
  readonly sip: SipStack;
  /** The dialog of the agent's phone that may ring for a call, when it was not written down. */
  readonly ringingPhone: (callId: CallId) => Promise<DialogSnapshot | undefined>;
  readonly freed: (trunk: CountsOrphans) => void;
}

export function createRecovery(parts: RecoveryParts): Recovery {
  const { context, openCalls, sip } = parts;
  const working = new Set<Promise<void>>();
  const timers = new Set<NodeJS.Timeout>();

  const finish = async (call: OpenCall): Promise<void> => {
    const { callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, extension, from, to } = call.identity;
    const stream = streams.call(callId);
    const known = await context.events.readStream(stream);
    if (known.some((event) => event.type === 'CallEnded')) return;
    const nowMs = context.clock.nowMs();
    const end = fact('CallEnded', nowMs, {
      callId, direction, campaignId, contactId, phoneId, queueId, trunkId, routeId, extension, from, to,
      wireOutcome: 'interrupted',
      by: 'system',
      sipCode: null,
      q850: null,
      reason: 'the process that carried the call died',
      ringMs: Math.max(0, (call.answeredAt ?? nowMs) - call.placedAt),
      billMs: call.answeredAt === null ? 0 : Math.max(0, nowMs - call.answeredAt),
    });
    context.journal.record(stream, end);
  };

  const endOne = async (trunk: CountsOrphans, call: OpenCall): Promise<void> => {
    const { callId } = call.identity;
    const ended = call.dialog ? sip.endOrphan(call.dialog) : undefined;
    const agentEnded = call.agentDialog ? sip.endOrphan(call.agentDialog) : parts.ringingPhone(callId).then((dialog) => dialog && sip.endOrphan(dialog));
    await finish(call);
    // The row goes only when the far end is done: until then the next process must count it too.
    if (ended) {
      const result = await ended;
      if (!result.ended) context.log.warn({ callId }, 'a call of before the restart did not answer its end');
    } else {
      const waitMs = Math.max(0, Math.min(call.placedAt + call.ringMs + unacknowledgedMs - context.clock.nowMs(), call.ringMs + unacknowledgedMs));
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, waitMs);
        timer.unref();
        timers.add(timer);
      });
    }
    trunk.ledger.freeCall(callId);
    parts.freed(trunk);
    await agentEnded;
    openCalls.end(callId);
  };
  /** Its far end is done with it: only its last fact may be missing. */
  const closeOne = async (call: FoundCall): Promise<void> => {
    await finish(call);
    openCalls.end(call.identity.callId);
  };

  return {
    async recover(trunk, isLive) {
      const found = (await openCalls.ofTrunk(trunk.id)).filter((call) => !isLive(call.identity.callId));
      const orphans = found.filter(({ over }) => !over);
      for (const call of orphans) trunk.ledger.addOrphan(call.identity.callId);
      if (orphans.length > 0) context.log.info({ trunkId: trunk.id, calls: orphans.length }, 'ending calls of before the restart');
      for (const call of found) {
        const work: Promise<void> = (call.over ? closeOne(call) : endOne(trunk, call))
          .catch((error: unknown) => context.log.error({ err: error, callId: call.identity.callId }, 'a call of before the restart could not be ended'))
          .finally(() => working.delete(work));
        working.add(work);
      }
    },
    async settled() {
      await Promise.all(working);
    },
    stop() {
      for (const timer of timers) clearTimeout(timer);
    },
  };
}
