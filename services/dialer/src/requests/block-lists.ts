import type { Requests } from '@ritmo/bus';
import { canonicalNumber, fact, onlyDigits, streams, type Actor, type BlockListId } from '@ritmo/domain';
import type { DialerParts } from '../parts.ts';
import { writeBlocked } from '../work-index.ts';

type Add = Requests['dialer.blocklist.add'];
type Remove = Requests['dialer.blocklist.remove'];

const shortest = 3;
const longest = 15;

/** Area code and number where the area code is known; the bare number blocks it under every area code. */
function canonical(written: string): string | null {
  const digits = onlyDigits(written);
  if (digits.length < shortest || digits.length > longest) return null;
  return digits.length >= 10 ? canonicalNumber('', digits, '') : digits.replace(/^0+(?=\d{8})/, '');
}

export async function addBlocked(parts: DialerParts, request: Add['request']): Promise<Add['reply']> {
  if (!parts.context.directory.get('block-list', request.blockListId)) return { ok: false, code: 'unknown-list' };
  const number = canonical(request.number);
  if (number === null) return { ok: false, code: 'invalid-number' };
  await change(parts, request.blockListId, number, request.description, true, request.by);
  return { ok: true };
}

export async function removeBlocked(parts: DialerParts, request: Remove['request']): Promise<Remove['reply']> {
  const { directory, database } = parts.context;
  if (request.blockListId !== null && !directory.get('block-list', request.blockListId)) return { ok: false, code: 'unknown-list' };
  const number = canonical(request.number);
  if (number === null) return { ok: false, code: 'invalid-number' };
  const { rows } = await database.query<{ block_list_id: BlockListId }>(
    'SELECT block_list_id FROM dialer.blocked_numbers WHERE number = $1 AND blocked AND ($2::int IS NULL OR block_list_id = $2)',
    [number, request.blockListId],
  );
  for (const row of rows) await change(parts, row.block_list_id, number, '', false, request.by);
  return { ok: true, removed: rows.length };
}

/** The table is written before the answer, so that a number is safe from the moment the integrator hears that it is. */
async function change({ context }: DialerParts, blockListId: BlockListId, number: string, description: string, blocked: boolean, by: Actor): Promise<void> {
  const at = context.clock.nowMs();
  const changed = blocked ? fact('NumberBlocked', at, { blockListId, number, description, by }) : fact('NumberUnblocked', at, { blockListId, number, by });
  const { position } = await context.journal.commit(streams.blockList(blockListId), 'any', [changed]);
  await writeBlocked(context.database, [{ blockListId, number, description, blocked, position }]);
}
