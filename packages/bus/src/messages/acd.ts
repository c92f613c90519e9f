import type { Actor, AgentId, CallId, CampaignId, Extension, PhoneStatus, QueueId, UserStatusId } from '@ritmo/domain';
import type { Done, Refusal } from './answers.ts';

export interface AgentState {
  readonly agentId: AgentId;
  readonly name: string;
  readonly extension: Extension;
  readonly statusId: UserStatusId;
  readonly phoneStatus: PhoneStatus;
  readonly registered: boolean;
  /** free: logged in, not paused, phone free. */
  readonly state: 'free' | 'ringing' | 'talking' | 'wrap-up' | 'paused' | 'logged-out' | 'reserved';
  readonly sinceAt: number;
  readonly queueIds: readonly QueueId[];
  readonly callId: CallId | null;
  readonly campaignId: CampaignId | null;
  /** The desk phone that the agent is logged in at (login_hardphone with a shared extension). */
  readonly sharedExtension?: Extension | null;
}

export interface WaitingCall {
  readonly callId: CallId;
  readonly position: number;
  readonly number: string;
  readonly waitMs: number;
  readonly campaignId: CampaignId | null;
}

/** What the acd serves. */
export interface AcdRequests {
  'acd.agents': { request: Record<string, never>; reply: { agents: readonly AgentState[] } };
  'acd.queues': { request: Record<string, never>; reply: { queues: readonly { queueId: QueueId; name: string; waiting: readonly WaitingCall[] }[] } };
  'acd.agent.set-status': {
    request: { extension: Extension; statusId: number; by: Actor };
    reply: Done | Refusal<'unknown-agent' | 'unknown-status' | 'hardphone' | 'blocked' | 'licence'>;
  };
  'acd.agent.login': {
    request: { extension: Extension; sharedExtension: Extension | null; hardphone: boolean; by: Actor };
    reply: Done | Refusal<'unknown-agent' | 'hardphone' | 'not-registered' | 'licence' | 'unknown-shared-extension' | 'blocked'>;
  };
  'acd.agent.logout': { request: { extension: Extension; hardphone: boolean; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'hardphone'> };
  'acd.agent.pause': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'already' | 'licence'> };
  'acd.agent.unpause': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent' | 'already'> };
  /** Ends the wrap-up before its time. */
  'acd.agent.ready': { request: { extension: Extension; by: Actor }; reply: Done | Refusal<'unknown-agent'> };
  'acd.dial': {
    request: { extension: Extension; number: string; by: Actor };
    reply: { ok: true; callId: CallId } | Refusal<'unknown-agent' | 'not-registered' | 'busy' | 'no-route' | 'not-allowed' | 'invalid-number' | 'failed'>;
  };
}
