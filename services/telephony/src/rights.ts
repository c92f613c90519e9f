/**
 * Ceilings against toll fraud, held where the calls are: how many calls at once agents may have begun, and how long a call may last,
 * by extension and by trunk. Which numbers an extension may call is the acd's to say.
 */
import type { CallId, Extension, Trunk } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import type { Call } from './call/call.ts';
import type { CallIdentity } from './open-call.ts';

const sweepEveryMs = 1_000;
/** Of an extension that the directory does not know any more. */
const fewest = 1;

/** Why an agent's call to an outside number may not begin now; null when it may. Calls that were passed on still count for who began them. */
export function ceilingReached(
  { calls, context }: { readonly calls: ReadonlyMap<CallId, Call>; readonly context: ServiceContext },
  asked: { readonly extension: Extension; readonly trunk: Trunk },
): 'extension-calls' | 'trunk-calls' | null {
  let [ofExtension, ofTrunk] = [0, 0];
  for (const { identity, ended } of calls.values()) {
    if (ended || identity.direction !== 'agent') continue;
    if (identity.extension === asked.extension) ofExtension += 1;
    if (identity.trunkId === asked.trunk.id) ofTrunk += 1;
  }
  const agent = context.directory.all('agent').find(({ extension }) => extension === asked.extension);
  const shared = agent ?? context.directory.all('shared-extension').find(({ extension }) => extension === asked.extension);
  const most = agent?.maxConcurrentCalls ?? (shared ? sharedMost : fewest);
  if (ofExtension >= most) return 'extension-calls';
  return ofTrunk >= asked.trunk.maxOwnCalls ? 'trunk-calls' : null;
}

/** A desk phone that several agents use one after the other has one person's calls at a time. */
const sharedMost = 2;

/**
 * Ends calls that last longer than their trunk allows, or than the extension may talk that began them. The acd ends an extension's own call too;
 * what was passed on to an outside number has no agent any more, and lasts no longer for that.
 */
export function watchDurations(parts: { readonly calls: ReadonlyMap<CallId, Call>; readonly context: ServiceContext; readonly tooLong: () => void }): { stop(): void } {
  const { calls, context } = parts;
  const timer = setInterval(() => {
    const nowMs = context.clock.nowMs();
    for (const call of calls.values()) {
      if (call.answeredAt === null || call.ended) continue;
      const maxCallS = longestS(context, call.identity);
      if (maxCallS === undefined || nowMs - call.answeredAt < maxCallS * 1000) continue;
      context.log.warn({ callId: call.id, extension: call.identity.extension, maxCallS }, 'a call was ended: it lasted longer than its trunk or its extension may');
      parts.tooLong();
      call.end({ by: 'system', outcome: 'answered', reason: `longer than ${maxCallS} s` });
    }
  }, sweepEveryMs);
  timer.unref();
  return { stop: () => clearInterval(timer) };
}

function longestS({ directory }: ServiceContext, { direction, extension, trunkId }: CallIdentity): number | undefined {
  const ofTrunk = directory.get('trunk', trunkId)?.maxCallS;
  const agent = direction === 'agent' ? directory.all('agent').find((each) => each.extension === extension) : undefined;
  return agent && ofTrunk !== undefined ? Math.min(agent.maxCallS, ofTrunk) : ofTrunk;
}
