/** The agent's phone that a dead process had begun to ring: its dialog follows from the offer's name, though nobody wrote it down. */
import { streams, type CallId, type LegId } from '@ritmo/domain';
import type { ServiceContext } from '@ritmo/service-kit';
import type { DialogSnapshot, SipStack } from '@ritmo/sip';
import type { Bindings } from './bindings.ts';
import { agentInvite } from './call/agent-leg.ts';
import type { DialogIdsOf } from './dialog-ids.ts';

export interface RingingPhoneParts {
  readonly context: ServiceContext;
  readonly sip: SipStack;
  readonly bindings: Bindings;
  readonly sipDomain: string;
  readonly dialogIds: DialogIdsOf;
}

/** By the last offer of the call that nothing followed. */
export async function ringingPhone(parts: RingingPhoneParts, callId: CallId): Promise<DialogSnapshot | undefined> {
  const offers = new Map<LegId, string>();
  for (const event of await parts.context.events.readStream(streams.call(callId))) {
    const data = event.data as { readonly legId?: LegId; readonly extension?: string };
    if (data.legId === undefined) continue;
    if (event.type === 'OfferMade') offers.set(data.legId, data.extension ?? '');
    else if (event.type === 'OfferMissed' || event.type === 'AgentLegEnded') offers.delete(data.legId);
  }
  const [legId, extension] = [...offers].at(-1) ?? [];
  const binding = extension === undefined ? undefined : parts.bindings.of(extension);
  if (legId === undefined || extension === undefined || !binding) return undefined;
  return parts.sip.snapshotOf(agentInvite(parts, { callId, legId, extension, binding, callerNumber: '', callerName: '' }));
}
