import type { ContactRefusal, ContactToImport } from '@ritmo/bus';
import { answerText, contactOf, settingsOf, valuesOf } from '@ritmo/contract';
import { asId, type CampaignId } from '@ritmo/domain';
import { rowBySource, tookEffect } from './evidence.ts';
import type { Row } from './command-tables.ts';
import type { ExecutorParts } from './parts.ts';
import { claim, conclude, release } from './pending.ts';
import { localTimestamp, retryDelayMs } from './single-commands.ts';

const table = 'importar_discador';
/** Ten thousand rows of one INSERT are ten of these. */
const rowsPerClaim = 1_000;
/** One request on the bus stays well below a broker's limit (infra/nats). A row has 64 KB at the most. */
const mostLettersInRequest = 500_000;
const importTimeoutMs = 60_000;

/** Refusals of the dialer in the table's words; a new code without a word does not compile. */
const refusals = {
  'parameters-exceeded': 'parameters-missing',
  'invalid-priority': 'parameters-missing',
  'no-number': 'number-invalid',
  'invalid-number': 'number-invalid',
  'phones-exceeded': 'phones-exceeded',
} as const satisfies Record<ContactRefusal, string>;

interface Verdict {
  readonly rowId: number;
  /** Null: imported. */
  readonly reason: string | null;
}

/** Carries out what is due in importar_discador, a batch at a time. Resolves with whether there was anything. */
export async function carryOutImports(parts: ExecutorParts): Promise<boolean> {
  const { context } = parts;
  const { database, events, log } = context;
  const executor = parts.executor();
  const head = (await events.head())?.toString() ?? null;
  const claims = await claim(database, { table, executor, head, limit: rowsPerClaim });
  if (claims.length === 0) return false;
  const rowIds = claims.map(({ rowId }) => rowId);
  if (claims.some((each) => each.begunBefore && each.lastClaimMsAgo < parts.settleMs)) {
    await release(database, table, rowIds, executor, parts.settleMs);
    return true;
  }
  try {
    const there = await tookEffect(events, claims, ['ContactImported'], rowBySource(table));
    const { rows } = await database.query<Row & { id: number }>('SELECT * FROM public.importar_discador WHERE id = ANY($1::bigint[]) ORDER BY id', [rowIds]);
    const verdicts: Verdict[] = [...there].map((rowId) => ({ rowId, reason: null }));
    verdicts.push(...(await importRows(parts, rows.filter(({ id }) => !there.has(id)), claims[0]?.batchId ?? 0)));
    await settle(parts, rowIds, verdicts, executor);
  } catch (error) {
    log.error({ err: error, table, rows: rowIds.length }, 'an import could not be carried out; trying again');
    await release(database, table, rowIds, executor, retryDelayMs(claims[0]?.attempts ?? 1));
  }
  return true;
}

async function importRows(parts: ExecutorParts, rows: readonly (Row & { readonly id: number })[], batchId: number): Promise<Verdict[]> {
  const { bus, directory } = parts.context;
  const { timeZone } = settingsOf(directory);
  const verdicts: Verdict[] = [];
  const byCampaign = new Map<number, ContactToImport[]>();
  for (const row of rows) {
    const campaignId = row['id_campanha'];
    const campaign = typeof campaignId === 'number' ? directory.get('campaign', campaignId) : undefined;
    if (campaign === undefined) {
      verdicts.push({ rowId: row.id, reason: answerText('1.3.1.6', campaignId === null ? 'campaign-missing' : 'campaign-unknown') });
      continue;
    }
    const texts = Object.fromEntries(Object.entries(row).map(([name, value]) => [name, value === null ? '' : String(value)]));
    const contact = contactOf(valuesOf(texts), timeZone);
    if (contact === undefined || contact.phones.length === 0) verdicts.push({ rowId: row.id, reason: answerText('1.3.1.6', 'parameters-missing') });
    else byCampaign.set(campaign.id, [...(byCampaign.get(campaign.id) ?? []), { ...contact, place: row.id }]);
  }
  for (const [campaignId, contacts] of [...byCampaign].flatMap(([id, all]) => inRequests(all).map((some) => [id, some] as const))) {
    const reply = await bus.request(
      'dialer.contacts.import',
      { campaignId: asId<CampaignId>(campaignId), contacts, source: table, by: { kind: 'sql', id: `${table}/${batchId}` } },
      { timeoutMs: importTimeoutMs },
    );
    const refused = new Map(reply.ok ? reply.rejected.map(({ index, code }) => [index, answerText('1.3.1.6', refusals[code])]) : []);
    for (const [index, contact] of contacts.entries()) {
      const reason = reply.ok ? (refused.get(index) ?? null) : answerText('1.3.1.6', 'campaign-unknown');
      verdicts.push({ rowId: contact.place ?? 0, reason });
    }
  }
  return verdicts;
}

/** In order, as many in one as fit. */
function inRequests(contacts: readonly ContactToImport[]): ContactToImport[][] {
  const requests: ContactToImport[][] = [];
  let letters = mostLettersInRequest;
  for (const contact of contacts) {
    const size = JSON.stringify(contact).length;
    if (letters + size > mostLettersInRequest) {
      requests.push([]);
      letters = 0;
    }
    requests.at(-1)?.push(contact);
    letters += size;
  }
  return requests;
}

/** Rows stay: with the time of their import, or with the reason why there was none. */
async function settle(parts: ExecutorParts, rowIds: readonly number[], verdicts: readonly Verdict[], executor: number): Promise<void> {
  const { context, carriedOut } = parts;
  const localNow = localTimestamp(context.clock.nowMs(), settingsOf(context.directory).timeZone);
  const imported = verdicts.filter(({ reason }) => reason === null).map(({ rowId }) => rowId);
  const refused = verdicts.filter((each): each is { rowId: number; reason: string } => each.reason !== null);
  await context.database.tx(async (session) => {
    if (!(await conclude(session, table, rowIds, executor))) return;
    await session.query('UPDATE public.importar_discador SET criado_em = $2::timestamp, mensagem = NULL WHERE id = ANY($1::bigint[])', [imported, localNow]);
    if (refused.length === 0) return;
    await session.query(
      `UPDATE public.importar_discador AS t SET mensagem = r.reason
         FROM unnest($1::bigint[], $2::text[]) AS r (id, reason) WHERE t.id = r.id`,
      [refused.map(({ rowId }) => rowId), refused.map(({ reason }) => reason)],
    );
    await session.query('INSERT INTO database.rejected (row_id) SELECT unnest($1::bigint[]) ON CONFLICT DO NOTHING', [refused.map(({ rowId }) => rowId)]);
  });
  if (imported.length > 0) carriedOut.inc({ table, result: 'done' }, imported.length);
  if (refused.length > 0) carriedOut.inc({ table, result: 'refused' }, refused.length);
  context.log.info({ facade: 'sql', table, imported: imported.length, refused: refused.length, firstReason: refused[0]?.reason }, 'command');
}
