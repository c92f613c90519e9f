/**
 * A list to contacts, in batches, through the dialer. Batches are cut at the same lines whenever the same place of the file is read, and
 * carry the import's id and their number: one that is sent twice makes no contact twice. What is done is written down in their order.
 */
import type { ContactToImport, RejectedLine, Requests } from '@ritmo/bus';
import type { ServiceContext } from '@ritmo/service-kit';
import type { ImportLedger, OpenImport } from './import-ledger.ts';
import { columnOfPhone, readLayout15 } from './layout-1-5.ts';
import type { ListCopies } from './list-copies.ts';
import { momentIn } from './local-moment.ts';
import { readLines } from './text-lines.ts';

/** Contacts in one request: small enough for a message of a bus between machines. */
const batchSize = 500;
/** Most of the file in one request: long lines make shorter batches. */
const mostBytesInBatch = 1_000_000;
/** Lines in one request, so that a file of bad lines moves on too. */
const mostLinesInBatch = 5_000;
/** The dialer and the event store work on one while the next are read and checked. */
const batchesInFlight = 3;
const batchTimeoutMs = 60_000;
const retryFirstMs = 250;
const retryMaxMs = 10_000;

export type ImportOutcome = { readonly kind: 'done' } | { readonly kind: 'stopped' } | { readonly kind: 'failed'; readonly reason: string };

interface Batch {
  readonly number: number;
  readonly contacts: ContactToImport[];
  readonly rejected: RejectedLine[];
  lines: number;
  endByte: number;
  lastLine: number;
}

interface RunParts {
  readonly context: ServiceContext;
  readonly ledger: ImportLedger;
  readonly copies: ListCopies;
  readonly isStopping: () => boolean;
  /** Resolves when answers that are still out are not waited for any more. */
  readonly gaveUp: Promise<'stopped'>;
}

type Reply = Requests['dialer.contacts.import']['reply'];

export async function runImport(parts: RunParts, open: OpenImport): Promise<ImportOutcome> {
  const { ledger, isStopping } = parts;
  const waiting: { readonly batch: Batch; readonly reply: Promise<Reply | 'stopped'> }[] = [];
  let workedFrom = performance.now();
  const settleOldest = async (): Promise<ImportOutcome | undefined> => {
    const oldest = waiting.shift();
    if (!oldest) return undefined;
    const reply = await oldest.reply;
    if (reply === 'stopped') return { kind: 'stopped' };
    if (!reply.ok) return { kind: 'failed', reason: reply.code };
    const { batch } = oldest;
    const busyMs = performance.now() - workedFrom;
    workedFrom = performance.now();
    await ledger.step({
      importId: open.importId, positionBytes: batch.endByte, lastLine: batch.lastLine, batches: batch.number + 1, lines: batch.lines,
      imported: reply.imported, rejected: [...batch.rejected, ...reply.rejected.map((each) => asRejectedLine(each, batch))], busyMs,
    });
    return undefined;
  };
  try {
    for await (const batch of batchesOf(parts, open)) {
      waiting.push({ batch, reply: send(parts, open, batch) });
      const ended = waiting.length >= batchesInFlight ? await settleOldest() : undefined;
      if (ended) return ended;
      if (isStopping()) break;
    }
    while (waiting.length > 0) {
      const ended = await settleOldest();
      if (ended) return ended;
    }
    return isStopping() ? { kind: 'stopped' } : { kind: 'done' };
  } finally {
    await Promise.allSettled(waiting.map(({ reply }) => reply));
  }
}

async function* batchesOf({ context, copies }: RunParts, open: OpenImport): AsyncGenerator<Batch> {
  const readMoment = momentIn(context.directory.get('settings', 1)?.timeZone ?? 'America/Sao_Paulo');
  let beginByte = open.positionBytes;
  const begin = (number: number): Batch => ({ number, contacts: [], rejected: [], lines: 0, endByte: open.positionBytes, lastLine: open.lastLine });
  let batch = begin(open.batches);
  for await (const line of readLines(copies.read(open.copy, open.positionBytes), { byte: open.positionBytes, line: open.lastLine })) {
    batch.endByte = line.endByte;
    batch.lastLine = line.number;
    const reading = readLayout15(line, readMoment);
    if (reading.kind === 'empty') continue;
    batch.lines += 1;
    if (reading.kind === 'bad') batch.rejected.push({ line: line.number, column: reading.column, reason: reading.reason });
    else batch.contacts.push(reading.contact);
    if (batch.contacts.length >= batchSize || batch.lines >= mostLinesInBatch || batch.endByte - beginByte >= mostBytesInBatch) {
      yield batch;
      beginByte = batch.endByte;
      batch = begin(batch.number + 1);
    }
  }
  if (batch.lines > 0) yield batch;
}

/** Until there is an answer: a dialer that is being restarted costs an import nothing but time. */
async function send({ context, isStopping, gaveUp }: RunParts, open: OpenImport, batch: Batch): Promise<Reply | 'stopped'> {
  if (batch.contacts.length === 0) return { ok: true, imported: 0, contactIds: [], rejected: [] };
  for (let retryMs = retryFirstMs; ; retryMs = Math.min(retryMs * 2, retryMaxMs)) {
    try {
      const request = { campaignId: open.campaignId, contacts: batch.contacts, source: open.name, batch: { importId: String(open.importId), number: batch.number }, by: open.by };
      return await Promise.race([context.bus.request('dialer.contacts.import', request, { timeoutMs: batchTimeoutMs }), gaveUp]);
    } catch (error) {
      if (isStopping()) return 'stopped';
      context.log.warn({ err: error, importId: open.importId, batch: batch.number, retryMs }, 'a part of a list could not be imported; trying again');
      for (let waitedMs = 0; waitedMs < retryMs && !isStopping(); waitedMs += 50) await new Promise((resolve) => setTimeout(resolve, 50));
      if (isStopping()) return 'stopped';
    }
  }
}

function asRejectedLine({ index, place, priority, reason }: Extract<Reply, { ok: true }>['rejected'][number], batch: Batch): RejectedLine {
  return { line: place ?? batch.contacts[index]?.place ?? 0, column: priority === null || priority === undefined ? null : columnOfPhone(priority), reason };
}
