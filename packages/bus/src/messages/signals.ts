import type { AgentId, CallId, Extension, LegId, TrunkId } from '@ritmo/domain';
import type { AgentState } from './acd.ts';
import type { CampaignClaim } from './dialer.ts';
import type { TrunkStatus } from './telephony.ts';

/** Published (not requested) messages that are not facts: short-lived signals between services. */
export interface Signals {
  /** Telephony tells how an offered agent leg goes; the acd makes facts of it. */
  'signal.leg': {
    callId: CallId;
    legId: LegId;
    agentId: AgentId;
    extension: Extension;
    state: 'ringing' | 'answered' | 'failed' | 'ended';
    /** failed: why. */
    reason?: 'no-answer' | 'rejected' | 'busy' | 'unreachable' | 'cancelled';
    /** ended: who hung up. */
    by?: 'agent' | 'customer' | 'system';
    at: number;
  };
  /** A call from outside, or an agent's own INVITE. The acd answers or rejects it. */
  'signal.incoming': {
    callId: CallId;
    source: 'trunk' | 'extension';
    trunkId: TrunkId | null;
    extension: Extension | null;
    from: string;
    to: string;
    at: number;
  };
  'signal.registration': { extension: Extension; registered: boolean; contact: string; userAgent: string | null; reason: 'registered' | 'expired' | 'requested'; at: number;
    /** Where the phone is reached, and the process of telephony that says so. */
    place?: { node: string; reachedAt: { host: string; port: number; transport: 'udp' | 'tcp' | 'tls' }; expiresAt: number };
  };
  /** The acd's agents, whenever one changes. The dialer counts free agents from it. */
  'signal.agent-state': AgentState;
  /** A dialer's campaign tells the dialers of other processes what it takes of the agents that they may share with it. */
  'signal.campaign-claim': CampaignClaim;
  /** A trunk's room changed: a call ended, the trunk came up or went down. */
  'signal.trunk': TrunkStatus;
}
