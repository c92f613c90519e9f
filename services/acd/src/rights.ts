/** Calls to outside numbers that are refused: a fact, a line in the log and a metric for each, whichever way they were asked for. */
import { fact, streams, type CallId, type EventDataByType } from '@ritmo/domain';
import type { AgentEntry } from './core/model.ts';
import { extensionOf } from './core/matching.ts';
import type { CommandParts } from './parts.ts';

type Refused = EventDataByType['OwnCallRefused'];

export function ownCallRefused(
  { context, metrics }: CommandParts,
  agent: AgentEntry,
  refused: { readonly number: string; readonly via: Refused['via']; readonly rule: Refused['rule']; readonly callId: CallId | null },
): void {
  const data = { agentId: agent.id, extension: extensionOf(agent), ...refused };
  context.log.warn(data, 'a call to an outside number was refused');
  metrics.refused(refused.via, refused.rule);
  context.journal.record(streams.agent(agent.id), fact('OwnCallRefused', context.clock.nowMs(), data));
}

/** A refusal of telephony that is one of its ceilings. */
export const isCeiling = (code: string): code is 'extension-calls' | 'trunk-calls' => code === 'extension-calls' || code === 'trunk-calls';
