import { BusClosedError, NoResponderError, RequestTimeoutError } from '@ritmo/bus';
import { answerText, localMoment, settingsOf, tableFunctions, valuesOf, type Outcome, type TableFunction } from '@ritmo/contract';
import type { CommandTable, Row } from './command-tables.ts';
import { parametersOf } from './command-tables.ts';
import { commandId, rowByActor, tookEffect } from './evidence.ts';
import type { ExecutorParts } from './parts.ts';
import { claim, conclude, release, type Claim } from './pending.ts';

const rowsPerClaim = 100;
const retryMs = [500, 1_000, 5_000, 15_000, 60_000] as const;
/** A service that fails this often at the same row will not carry it out; one that is away is waited for. */
const mostFailures = 5;

export const retryDelayMs = (attempts: number): number => retryMs[Math.min(attempts, retryMs.length) - 1] ?? 60_000;

/** `2026-11-22 19:03:00`, as a `timestamp` column of the installation's zone takes it. */
export function localTimestamp(atMs: number, timeZone: string): string {
  const { year, month, day, hour, minute, second } = localMoment(atMs, timeZone);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}`;
}

/** Carries out what is due in one table, row by row. Resolves with whether there was anything. */
export async function carryOutSingles(parts: ExecutorParts, table: CommandTable): Promise<boolean> {
  const { context } = parts;
  const executor = parts.executor();
  const head = (await context.events.head())?.toString() ?? null;
  const claims = await claim(context.database, { table: table.table, executor, head, limit: rowsPerClaim });
  if (claims.length === 0) return false;
  const young = claims.filter((each) => each.begunBefore && each.lastClaimMsAgo < parts.settleMs);
  if (young.length > 0) await release(context.database, table.table, young.map(({ rowId }) => rowId), executor, parts.settleMs);
  const ready = claims.filter((each) => !young.includes(each));
  const effects = await tookEffect(context.events, ready, table.evidence, rowByActor(table.table));
  const { rows } = await context.database.query<Row & { id: number }>(`SELECT * FROM public.${table.table} WHERE id = ANY($1::bigint[])`, [ready.map(({ rowId }) => rowId)]);
  const byId = new Map(rows.map((row) => [row.id, row]));
  for (const [index, each] of ready.entries()) {
    try {
      await carryOut(parts, table, each, byId.get(each.rowId), effects.has(each.rowId));
    } catch (error) {
      context.log.error({ err: error, table: table.table, row: each.rowId }, 'a command could not be carried out; trying again');
      // Nobody was there: nothing was begun. Those behind it were not begun either, and keep their order.
      const begun = error instanceof NoResponderError ? [] : [each.rowId];
      const delayMs = retryDelayMs(each.attempts);
      await release(context.database, table.table, begun, executor, delayMs);
      await release(context.database, table.table, ready.slice(index + begun.length).map(({ rowId }) => rowId), executor, delayMs, { notBegun: true });
      return true;
    }
  }
  return true;
}

const rowsByName = new Map<string, TableFunction>(tableFunctions.map((row) => [row.table.name, row]));

async function carryOut(parts: ExecutorParts, table: CommandTable, each: Claim, row: Row | undefined, already: boolean): Promise<void> {
  const fn = rowsByName.get(table.table);
  if (fn === undefined) throw new Error(`no function for the table ${table.table}`);
  // Deleted by hand, or written by a service that has carried it out (1.1.22).
  if (row === undefined || row['executado'] === true) return settle(parts, table, each, undefined);
  const values = parametersOf(table, row);
  if (values['data']) values['data'] = values['data'].replace(/\.\d+$/, '');
  const run = (given: Record<string, string>): Promise<Outcome> | Outcome =>
    fn.run(valuesOf(given), { facade: 'sql', by: { kind: 'sql', id: commandId(table.table, each.rowId) } }, parts.contract);
  if (already) {
    if (table.finish !== undefined) await run(table.finish(values));
    return settle(parts, table, each, { done: true, message: answerText(fn.table.section, table.succeeded(values), { extension: values['ramal'] ?? '' }) });
  }
  let outcome: Extract<Outcome, { kind: 'answer' }>;
  try {
    const came = await run(values);
    if (came.kind !== 'answer') throw new Error(`${fn.name} has no answer`);
    outcome = came;
  } catch (error) {
    if (isAway(error) || each.attempts < mostFailures) throw error;
    // Whatever it is, it is this row's: those behind it shall not wait for ever.
    parts.context.log.error({ err: error, table: table.table, row: each.rowId }, 'a command fails again and again; given up');
    return settle(parts, table, each, { done: false, message: table.failed === undefined ? 'ERRO INTERNO' : answerText(fn.table.section, table.failed) });
  }
  await settle(parts, table, each, { done: outcome.done, message: answerText(fn.table.section, outcome.id, outcome.values) });
}

const isAway = (error: unknown): boolean => error instanceof NoResponderError || error instanceof RequestTimeoutError || error instanceof BusClosedError;

async function settle(parts: ExecutorParts, table: CommandTable, { rowId }: Claim, result: { readonly done: boolean; readonly message: string } | undefined): Promise<void> {
  const { context, executor } = parts;
  const localNow = localTimestamp(context.clock.nowMs(), settingsOf(context.directory).timeZone);
  await context.database.tx(async (session) => {
    if (!(await conclude(session, table.table, [rowId], executor()))) return;
    if (result === undefined) return;
    const fate = table.settle(result.done, result.message, localNow);
    if (fate.kind === 'remove') await session.query(`DELETE FROM public.${table.table} WHERE id = $1`, [rowId]);
    if (fate.kind === 'mark') {
      const names = Object.keys(fate.columns);
      const sets = names.map((name, index) => `${name} = $${index + 2}`).join(', ');
      await session.query(`UPDATE public.${table.table} SET ${sets} WHERE id = $1`, [rowId, ...Object.values(fate.columns)]);
    }
  });
  if (result === undefined) return;
  parts.carriedOut.inc({ table: table.table, result: result.done ? 'done' : 'refused' });
  context.log.info({ facade: 'sql', table: table.table, row: rowId, done: result.done, answer: result.message }, 'command');
}

