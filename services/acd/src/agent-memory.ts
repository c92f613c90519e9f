/** What agents' streams say of the time before this process. */
import { asId, streams, type AgentId, type EventDataByType, type UserStatusId } from '@ritmo/domain';
import type { Database } from '@ritmo/database';
import type { EventStore, StoredEvent } from '@ritmo/event-store';
import { loggedOut } from './core/model.ts';
import type { RememberedAgent } from './core/configure.ts';

interface Snapshot {
  readonly version: number;
  readonly state: Pick<RememberedAgent, 'statusId' | 'statusSinceAt' | 'phoneStatus'>;
}

/** Streams read at once. */
const parallel = 16;

/** Reads each stream from where the last start stopped, and notes how far it came. */
export async function rememberAgents(parts: { readonly events: EventStore; readonly database: Database }, agentIds: readonly AgentId[]): Promise<readonly RememberedAgent[]> {
  const { rows } = await parts.database.query<{ agent_id: number; stream_version: number; state: Snapshot['state'] }>(
    'SELECT agent_id, stream_version, state FROM acd.agent_snapshots',
  );
  const snapshots = new Map(rows.map((row) => [row.agent_id, { version: row.stream_version, state: row.state }]));
  const remembered: RememberedAgent[] = [];
  const fresh: (Snapshot & { agentId: AgentId })[] = [];
  const waiting = [...agentIds];
  const work = async (): Promise<void> => {
    for (let agentId = waiting.shift(); agentId !== undefined; agentId = waiting.shift()) {
      const before: Snapshot = snapshots.get(agentId) ?? { version: -1, state: { statusId: loggedOut, statusSinceAt: 0 } };
      const events = await parts.events.readStream(streams.agent(agentId), { fromVersion: before.version + 1 });
      const state = events.reduce(evolve, before.state);
      remembered.push({ agentId, ...state });
      if (events.length > 0) fresh.push({ agentId, state, version: before.version + events.length });
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  if (fresh.length > 0) {
    await parts.database.query(
      `INSERT INTO acd.agent_snapshots
       SELECT * FROM jsonb_to_recordset($1::jsonb) AS r(agent_id integer, stream_version integer, state jsonb)
       ON CONFLICT (agent_id) DO UPDATE SET stream_version = EXCLUDED.stream_version, state = EXCLUDED.state`,
      [JSON.stringify(fresh.map(({ agentId, version, state }) => ({ agent_id: agentId, stream_version: version, state })))],
    );
  }
  return remembered.filter(({ statusSinceAt, phoneStatus }) => statusSinceAt > 0 || phoneStatus !== undefined);
}

function evolve(state: Snapshot['state'], event: StoredEvent): Snapshot['state'] {
  if (event.type === 'PhoneStatusChanged') return { ...state, phoneStatus: (event.data as unknown as EventDataByType['PhoneStatusChanged']).phoneStatus };
  if (event.type !== 'AgentStatusChanged') return state;
  const { statusId } = event.data as unknown as EventDataByType['AgentStatusChanged'];
  return { ...state, statusId: asId<UserStatusId>(statusId), statusSinceAt: event.at };
}
