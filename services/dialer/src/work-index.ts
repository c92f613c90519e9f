/** The tables of schema `dialer`: what a decision needs, and what comes next. */
import type { Database, SqlSession } from '@ritmo/database';
import { isScheduled, nextDial, numberTail, openAgentCallbacks, phoneOf, readBrazilianNumber, zoneGroupOf, type CampaignId, type ContactId, type ContactState, type PhoneId, type PlannedDial } from '@ritmo/domain';

export interface IndexedContact {
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  readonly version: number;
  readonly state: ContactState;
}

export interface ContactRow {
  readonly contact_id: ContactId;
  readonly campaign_id: CampaignId;
  readonly version: number;
  readonly state: ContactState;
}

export const fromRow = (row: ContactRow): IndexedContact => ({ contactId: row.contact_id, campaignId: row.campaign_id, version: row.version, state: row.state });
export const contactColumns = 'contact_id, campaign_id, version, state';

export type Rank = 0 | 1 | 2 | 3;

export function rankOf(dial: PlannedDial): Rank {
  switch (dial.reason) {
    case 'dial-now':
      return 0;
    case 'callback':
    case 'failover':
      return 1;
    case 'retry':
      return 2;
    case 'fresh':
      return 3;
  }
}

/** Area codes that are missing in a list belong to the campaign; the zone of most of the country stands in for them. */
function zoneOf(state: ContactState, dial: PlannedDial): number {
  if (state.status === 'none' || isScheduled(dial)) return 3;
  const phone = phoneOf(state.contact, dial.phoneId);
  const number = phone && readBrazilianNumber(phone.areaCode, phone.number, '11');
  return number?.ok ? zoneGroupOf(number.areaCode, number.number) : 3;
}

export interface DueQuery {
  readonly campaignId: CampaignId;
  readonly nowMs: number;
  readonly limit: number;
  /** Zone groups whose window is open. */
  readonly openZones: readonly number[];
}

/** Ordinary work in order: retries before fresh ones, the longest due first. One range of the index per rank and zone. */
export async function readDue(database: SqlSession, query: DueQuery): Promise<readonly IndexedContact[]> {
  const ranges = [2, 3].flatMap((rank) =>
    query.openZones.map(
      (zone) => `(SELECT ${contactColumns}, next_rank, next_at FROM dialer.contacts WHERE campaign_id = $1 AND next_rank = ${rank}
        AND next_zone = ${Math.trunc(zone)} AND next_at <= $2 ORDER BY next_at, contact_id LIMIT $3)`,
    ),
  );
  if (ranges.length === 0) return [];
  const { rows } = await database.query<ContactRow>(
    `SELECT ${contactColumns} FROM (${ranges.join(' UNION ALL ')}) AS due ORDER BY next_rank, next_at, contact_id LIMIT $3`,
    [query.campaignId, query.nowMs, query.limit],
  );
  return rows.map(fromRow);
}

/** Calls to be made at once and callbacks whose time has come: ahead of everything else. */
export async function readUrgent(database: SqlSession, campaignId: CampaignId, nowMs: number, limit: number): Promise<readonly IndexedContact[]> {
  const range = (rank: number): string => `(SELECT ${contactColumns}, next_rank, next_at FROM dialer.contacts WHERE campaign_id = $1 AND next_rank = ${rank}
    AND next_at <= $2 ORDER BY next_at LIMIT $3)`;
  const { rows } = await database.query<ContactRow>(
    `SELECT ${contactColumns} FROM (${range(0)} UNION ALL ${range(1)}) AS due ORDER BY next_rank, next_at LIMIT $3`,
    [campaignId, nowMs, limit],
  );
  return rows.map(fromRow);
}

export async function readContacts(database: SqlSession, contactIds: readonly number[]): Promise<readonly IndexedContact[]> {
  const { rows } = await database.query<ContactRow>(`SELECT ${contactColumns} FROM dialer.contacts WHERE contact_id = ANY($1::int[])`, [contactIds]);
  return rows.map(fromRow);
}

/** Attempts that have begun and, as far as the index knows, not ended. */
export async function readUnsettled(database: SqlSession, campaignId: CampaignId): Promise<readonly IndexedContact[]> {
  const { rows } = await database.query<ContactRow>(`SELECT ${contactColumns} FROM dialer.contacts WHERE campaign_id = $1 AND dialing_call IS NOT NULL`, [campaignId]);
  return rows.map(fromRow);
}

export async function readAgentCallbacksDue(database: SqlSession, from: number, nowMs: number, limit: number): Promise<readonly ContactId[]> {
  const { rows } = await database.query<{ contact_id: ContactId }>(
    'SELECT contact_id FROM dialer.contacts WHERE agent_callback_at >= $1 AND agent_callback_at <= $2 ORDER BY agent_callback_at LIMIT $3',
    [from, nowMs, limit],
  );
  return rows.map((row) => row.contact_id);
}

/** Callbacks of this agent whose minute is still to come. A contact may have several, of different agents. */
export async function countAgentCallbacks(database: SqlSession, agentId: number): Promise<number> {
  const { rows } = await database.query<{ open: number }>(
    `SELECT count(*)::int AS open FROM dialer.contacts, jsonb_array_elements(state::jsonb -> 'contact' -> 'agentCallbacks') AS callback
      WHERE agent_callback_at IS NOT NULL AND callback ->> 'agentId' = $1::text AND callback -> 'announced' IS NULL`,
    [String(agentId)],
  );
  return rows[0]?.open ?? 0;
}

export async function findByTail(database: SqlSession, tail: string, campaignId: number | null, limit: number): Promise<readonly IndexedContact[]> {
  const { rows } = await database.query<ContactRow>(
    `SELECT ${contactColumns} FROM dialer.contacts WHERE contact_id IN (
       SELECT contact_id FROM dialer.phones WHERE tail = $1 AND ($2::int IS NULL OR campaign_id = $2) ORDER BY contact_id DESC LIMIT $3)
     ORDER BY contact_id DESC`,
    [tail, campaignId, limit],
  );
  return rows.map(fromRow);
}

export async function findByPhone(database: SqlSession, phoneId: number): Promise<IndexedContact | undefined> {
  const { rows } = await database.query<ContactRow>(
    `SELECT ${contactColumns} FROM dialer.contacts WHERE contact_id = (SELECT contact_id FROM dialer.phones WHERE phone_id = $1)`,
    [phoneId],
  );
  return rows.map(fromRow)[0];
}

/** A page of a campaign's contacts, by id. */
export async function readCampaignPage(database: SqlSession, campaignId: number, after: number, limit: number): Promise<readonly IndexedContact[]> {
  const { rows } = await database.query<ContactRow>(
    `SELECT ${contactColumns} FROM dialer.contacts WHERE campaign_id = $1 AND contact_id > $2 ORDER BY contact_id LIMIT $3`,
    [campaignId, after, limit],
  );
  return rows.map(fromRow);
}

/** How many contacts of the campaign are ahead of this one in the order of dialing, counted up to a limit. */
export async function countAhead(database: SqlSession, campaignId: number, rank: number, at: number, contactId: number, limit: number): Promise<number> {
  const { rows } = await database.query<{ ahead: number }>(
    `SELECT count(*)::int AS ahead FROM (SELECT 1 FROM dialer.contacts WHERE campaign_id = $1 AND next_at IS NOT NULL
       AND (next_rank, next_at, contact_id) < ($2, $3, $4) LIMIT $5) AS before`,
    [campaignId, rank, at, contactId, limit],
  );
  return rows[0]?.ahead ?? 0;
}

/** Which of these canonical numbers are on any of these lists, right now. */
export async function readBlocked(database: SqlSession, numbers: readonly string[], blockListIds: readonly number[]): Promise<ReadonlyMap<string, number>> {
  if (numbers.length === 0 || blockListIds.length === 0) return new Map();
  const { rows } = await database.query<{ number: string; block_list_id: number }>(
    'SELECT number, block_list_id FROM dialer.blocked_numbers WHERE number = ANY($1::text[]) AND block_list_id = ANY($2::int[]) AND blocked',
    [numbers, blockListIds],
  );
  return new Map(rows.map((row) => [row.number, row.block_list_id]));
}

export interface BlockedChange {
  readonly blockListId: number;
  readonly number: string;
  readonly description: string;
  readonly blocked: boolean;
  readonly position: bigint;
}

/** The latest position wins, whoever writes first. */
export async function writeBlocked(session: SqlSession, changes: readonly BlockedChange[]): Promise<void> {
  const latest = new Map(changes.map((change) => [`${change.blockListId} ${change.number}`, change]));
  const rows = [...latest.values()];
  if (rows.length === 0) return;
  await session.query(
    `INSERT INTO dialer.blocked_numbers (number, block_list_id, description, blocked, position)
     SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::boolean[], $5::bigint[])
     ON CONFLICT (number, block_list_id) DO UPDATE
       SET description = EXCLUDED.description, blocked = EXCLUDED.blocked, position = EXCLUDED.position
       WHERE dialer.blocked_numbers.position < EXCLUDED.position`,
    [rows.map((r) => r.number), rows.map((r) => r.blockListId), rows.map((r) => r.description), rows.map((r) => r.blocked), rows.map((r) => String(r.position))],
  );
}

export function isDueByItself(state: ContactState): boolean {
  return nextDial(state) !== null;
}

const written = ['contact_id', 'campaign_id', 'version', 'state', 'parameter1', 'parameter2', 'next_at', 'next_rank', 'next_zone', 'dialing_call', 'agent_callback_at'] as const;
const types = ['int', 'int', 'int', 'json', 'text', 'text', 'bigint', 'smallint', 'smallint', 'text', 'bigint'] as const;

function toRow({ contactId, campaignId, version, state }: IndexedContact): readonly unknown[] {
  const dial = nextDial(state);
  const contact = state.status === 'none' ? null : state.contact;
  const warning = contact && openAgentCallbacks(contact).toSorted((a, b) => a.at - b.at)[0];
  return [
    contactId, campaignId, version, JSON.stringify(state), contact?.parameters[0] ?? '', contact?.parameters[1] ?? '',
    dial?.at ?? null, dial ? rankOf(dial) : null, dial ? zoneOf(state, dial) : null,
    state.status === 'dialing' ? state.attempt.callId : state.status === 'offered' ? 'preview' : null,
    warning?.at ?? null,
  ];
}

/** Contacts that the index does not have. */
export async function addContacts(session: SqlSession, contacts: readonly IndexedContact[]): Promise<void> {
  if (contacts.length > 0) await session.copyIn({ table: 'dialer.contacts', columns: written }, contacts.map(toRow));
}

/** Contacts that it has, in an older version. */
export async function updateContacts(session: SqlSession, contacts: readonly IndexedContact[]): Promise<void> {
  if (contacts.length === 0) return;
  const rows = contacts.map(toRow);
  const changed = written.slice(2).map((column) => `${column} = r.${column}`).join(', ');
  await session.query(
    `UPDATE dialer.contacts AS c SET ${changed}
     FROM unnest(${types.map((type, index) => `$${index + 1}::${type}[]`).join(', ')}) AS r (${written.join(', ')})
     WHERE c.contact_id = r.contact_id AND c.version < r.version`,
    written.map((_, column) => rows.map((row) => row[column])),
  );
}

export interface IndexedPhone {
  readonly phoneId: PhoneId;
  readonly contactId: ContactId;
  readonly campaignId: CampaignId;
  readonly number: string;
}

export async function addPhones(session: SqlSession, phones: readonly IndexedPhone[]): Promise<void> {
  if (phones.length === 0) return;
  const rows = phones.map((phone) => [phone.phoneId, phone.contactId, phone.campaignId, numberTail(phone.number)]);
  await session.copyIn({ table: 'dialer.phones', columns: ['phone_id', 'contact_id', 'campaign_id', 'tail'] }, rows);
}

/** Ids in blocks of a thousand: what a process leaves unused is lost, never handed out twice. */
export function createIdBlocks(database: Database, sequence: 'contact_ids' | 'phone_ids'): (count: number) => Promise<readonly number[]> {
  const blockSize = 1_000;
  const free: { next: number; readonly end: number }[] = [];
  let turn: Promise<unknown> = Promise.resolve();
  const take = async (count: number): Promise<readonly number[]> => {
    const left = free.reduce((sum, block) => sum + block.end - block.next, 0);
    if (left < count) {
      const blocks = Math.ceil((count - left) / blockSize);
      const { rows } = await database.query<{ first: number }>(`SELECT nextval('dialer.${sequence}') AS first FROM generate_series(1, $1::int)`, [blocks]);
      for (const { first } of rows) free.push({ next: first, end: first + blockSize });
    }
    const ids: number[] = [];
    while (ids.length < count) {
      const block = free[0];
      if (!block) throw new Error(`sequence ${sequence} gave too few numbers`);
      ids.push(block.next);
      block.next += 1;
      if (block.next >= block.end) free.shift();
    }
    return ids;
  };
  return (count) => {
    const result = turn.then(() => take(count));
    turn = result.catch(() => undefined);
    return result;
  };
}
